#include "graphsieve/report/curves.h"

#include <algorithm>
#include <fstream>
#include <map>

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr const char* kAsRecorded[] = {"epoch", "loss", "val", "test", "lr", "temperature", "grad_norm"};

/// Mean of a list's numbers, or of those of an object whose keys begin so.
Json mean_of(const Json& values, const std::string& prefix = "") {
  double sum = 0, count = 0;
  for (const auto& [key, value] : values.items())
    if (value.is_number() && (values.is_array() || key.starts_with(prefix))) sum += value.get<double>(), ++count;
  return count > 0 ? Json(sum / count) : Json(nullptr);
}

/// The numbers of an epoch alone: norms are many.
Json numbers_of(const Json& line) {
  Json epoch = Json::object();
  for (const char* key : kAsRecorded)
    epoch[key] = line.contains(key) && line[key].is_number() ? line[key] : Json(nullptr);
  if (line.contains("operator_norms")) epoch["operator_norm"] = mean_of(line["operator_norms"], "layer_");
  if (line.contains("vector_norms")) epoch["vector_norm"] = mean_of(line["vector_norms"]);
  return epoch;
}

double best_val(const std::vector<Json>& epochs) {
  double best = -1;
  for (const Json& e : epochs)
    if (e["val"].is_number()) best = std::max(best, e["val"].get<double>());
  return best;
}

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

Json training_curves(const std::filesystem::path& path, int64_t most) {
  std::vector<std::string> order;
  std::map<std::string, std::map<int64_t, std::vector<Json>>> stages;  // by stage and start
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("stage") || !line["stage"].is_string() || !line.contains("epoch")) continue;
    const std::string stage = line["stage"];
    if (!stages.contains(stage)) order.push_back(stage);
    stages[stage][line.value("start", int64_t{0})].push_back(numbers_of(line));
  }
  Json to = Json::array();
  for (const std::string& stage : order) {
    const auto& starts = stages[stage];
    const auto best = std::max_element(starts.begin(), starts.end(), [](const auto& a, const auto& b) {
      return best_val(a.second) < best_val(b.second);
    });
    Json curves = columns(best->second, most);
    curves["stage"] = stage;
    if (starts.size() > 1) curves["start"] = best->first, curves["starts"] = starts.size();
    to.push_back(std::move(curves));
  }
  return to;
}

}  // namespace graphsieve
