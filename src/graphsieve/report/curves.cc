// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/curves.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>

#include "graphsieve/files/json_file.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/run/boundedness.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr const char* kAsRecorded[] = {"epoch", "loss", "val", "test", "lr", "temperature", "grad_norm"};

/// Returns the mean of the numbers of a list, or of an object's members whose keys begin with `prefix`; null if there
/// are none.
Json mean_of(const Json& values, const std::string& prefix = "") {
  double sum = 0, count = 0;
  for (const auto& [key, value] : values.items())
    if (value.is_number() && (values.is_array() || key.starts_with(prefix))) sum += value.get<double>(), ++count;
  return count > 0 ? Json(sum / count) : Json(nullptr);
}

/// Returns the numbers of an epoch that are shown. Norms are many, so only their means are kept.
Json numbers_of(const JsonObject& line) {
  Json epoch = Json::object();
  line.count("epoch");
  for (const char* key : kAsRecorded)
    epoch[key] = line.null(key) ? Json(nullptr) : (line.get<double>(key), line.at(key));
  if (line.has("operator_norms")) epoch["operator_norm"] = mean_of(line.at("operator_norms"), "layer_");
  if (line.has("vector_norms")) epoch["vector_norm"] = mean_of(line.at("vector_norms"));
  return epoch;
}

/// Returns the best validation value of the epochs, or NaN if no epoch has one.
double best_val(const std::vector<Json>& epochs, const Metric& metric) {
  double best = std::numeric_limits<double>::quiet_NaN();
  for (const Json& e : epochs)
    if (e["val"].is_number() && metric.better(e["val"].get<double>(), best)) best = e["val"].get<double>();
  return best;
}

/// Returns the epochs by columns, one list per name. If there are more than `most` epochs, evenly spaced ones are
/// taken, with the first and the last among them.
Json columns(const std::vector<Json>& epochs, int64_t most) {
  const auto count = static_cast<int64_t>(epochs.size()), shown = std::min(count, most);
  Json to = {{"epochs", count}};
  std::vector<std::string> names(std::begin(kAsRecorded), std::end(kAsRecorded));
  for (const char* norm : {"operator_norm", "vector_norm"})
    if (std::any_of(epochs.begin(), epochs.end(), [&](const Json& e) { return e.contains(norm); }))
      names.emplace_back(norm);
  for (const std::string& name : names) {
    Json column = Json::array();
    for (int64_t i = 0; i < shown; ++i) {
      const Json& epoch = epochs[shown > 1 ? i * (count - 1) / (shown - 1) : 0];
      column.push_back(epoch.value(name, Json()));
    }
    to[name] = std::move(column);
  }
  return to;
}

}  // namespace

Json training_curves(const std::filesystem::path& path, const Metric& metric, int64_t most,
                     const std::function<void(const Error&)>& damaged) {
  std::vector<std::string> order;
  std::map<std::string, std::map<int64_t, std::vector<Json>>> stages;  // epochs by stage and start
  std::vector<NormsOfEpoch> norms;                                     // of the network
  if (path_exists(path))
    read_json_lines(
        path,
        [&](const JsonObject& line) {
          const std::string stage = line.get<std::string>("stage");
          const int64_t start = line.get_or("start", int64_t{0});
          // A damaged line makes the calls above or this call throw, before anything of the line is stored.
          Json numbers = numbers_of(line);
          if (!stages.contains(stage)) order.push_back(stage);
          if (stage == "network" && line.has("operator_norms")) norms.push_back(norms_of(line));
          stages[stage][start].push_back(std::move(numbers));
        },
        damaged);
  Json to = Json::array();
  for (const std::string& stage : order) {
    const auto& starts = stages[stage];
    const auto best = std::max_element(starts.begin(), starts.end(), [&](const auto& a, const auto& b) {
      return metric.better(best_val(b.second, metric), best_val(a.second, metric));
    });
    Json curves = columns(best->second, most);
    curves["stage"] = stage;
    if (stage == "network" && !norms.empty()) curves["boundedness"] = boundedness(norms);
    if (starts.size() > 1) curves["start"] = best->first, curves["starts"] = starts.size();
    to.push_back(std::move(curves));
  }
  return to;
}

}  // namespace graphsieve
