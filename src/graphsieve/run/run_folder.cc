// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/run_folder.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/run/result_file.h"

namespace graphsieve {

using at::Tensor;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// Returns the figures of the estimator; null if the run has none.
Json estimator_json(const RunOutcome& o) {
  if (!o.has_estimator) return nullptr;
  Json json = stage_json(o.estimator);
  json["temperature"] = o.temperature;
  return json;
}

/// Returns the figures of the network; null if the run has none.
Json network_json(const RunOutcome& o) {
  if (!o.has_network) return nullptr;
  Json json = stage_json(o.network);
  json["edges_per_layer"] = o.network.edges_per_layer;
  json["edge_share"] = o.network.edge_share;
  return json;
}

}  // namespace

Json class_json(const std::vector<ClassFigures>& figures) {
  Json rows = Json::array();
  for (size_t c = 0; c < figures.size(); ++c)
    rows.push_back({{"class", c},
                    {"support", figures[c].support},
                    {"precision", figures[c].precision},
                    {"recall", figures[c].recall},
                    {"f1", figures[c].f1}});
  return rows;
}

std::string fingerprint_text(const Dataset& data) { return fmt::format("{:016x}", fingerprint(data)); }

Json graph_json(const PreparedData& prepared, const PreparedGraph& graph) {
  const Dataset& d = prepared.data;
  // Only a file has a path that can be made absolute.
  const bool generated = d.source == "generated", file = !generated && d.source != "memory";
  Json json = {{"name", d.name},
               {"source", file ? path_text(fs::absolute(d.source).lexically_normal()) : d.source},
               {"fingerprint", fingerprint_text(d)},
               {"generated", d.name.starts_with("generated-")},
               {"nodes", d.nodes},
               {"edges", prepared.edges.edges()},
               {"attention_edges", graph.graph.edges()},
               {"edge_types", graph.graph.types},
               {"expander_spectral_gap", json_number(graph.spectral_gap)},
               {"features", prepared.features.cols},
               {"classes", d.labels.classes},
               {"several_labels", d.labels.kind() == LabelKind::kSeveral},
               {"labels", label_kind_name(d.labels.kind())},
               {"ids", !d.ids.integers.empty()     ? "integer"
                       : !d.ids.text_start.empty() ? "text"
                                                   : "none"}};
  if (generated) json["generator_seed"] = d.generator_seed;
  if (!d.class_names.empty()) json["class_names"] = d.class_names;
  if (d.graph && !d.graph->type_names.empty()) json["edge_type_names"] = d.graph->type_names;
  return json;
}

/// Returns a list of numbers, with null for a number that is not finite.
Json numbers_json(const std::vector<double>& numbers) {
  Json list = Json::array();
  for (const double x : numbers) list.push_back(json_number(x));
  return list;
}

Json run_json(const RunOutcome& o) {
  return {{"split", o.split},
          {"seed", o.seed},
          {"val", json_number(o.val)},
          {"test", json_number(o.test)},
          {"best_epoch", o.best_epoch},
          {"k", o.k},
          {"estimator", estimator_json(o)},
          {"network", network_json(o)},
          {"per_class", class_json(o.per_class)},
          {"learned", o.learned},
          {"other_draws", numbers_json(o.other_draws)},
          {"signs", o.signs}};
}

RunOutcome run_outcome(const JsonObject& run) {
  RunOutcome o;
  o.split = run.count("split");
  o.seed = run.get<uint64_t>("seed");
  o.val = run.number_or_nan("val");
  o.test = run.number_or_nan("test");
  o.best_epoch = run.count("best_epoch");
  o.k = run.get<std::vector<int64_t>>("k");
  if (run.has("learned")) o.learned = run.object("learned").json();
  if (run.has("other_draws"))
    for (const Json& value : run.at("other_draws")) o.other_draws.push_back(number_of(value));
  if (run.has("signs")) o.signs = run.get<std::vector<std::string>>("signs");
  if (!run.null("estimator")) {
    const JsonObject e = run.object("estimator");
    o.has_estimator = true;
    o.estimator = stage_figures(e);
    o.temperature = e.get_or("temperature", 1.0);
  }
  if (!run.null("network")) {
    const JsonObject n = run.object("network");
    o.has_network = true;
    static_cast<StageFigures&>(o.network) = stage_figures(n);
    o.network.edges_per_layer = n.get<std::vector<int64_t>>("edges_per_layer");
    o.network.edge_share = n.number_or_nan("edge_share");
  }
  for (const JsonObject& c : run.objects("per_class"))
    o.per_class.push_back(
        {c.count("support"), c.number_or_nan("precision"), c.number_or_nan("recall"), c.number_or_nan("f1")});
  return o;
}

Json result_json(const Json& graph, const std::string& metric, const Recipe& recipe,
                 const std::vector<RunOutcome>& outcomes, double seconds) {
  Json runs = Json::array();
  // The metric of the whole result is that of the test nodes.
  double sum = 0, square = 0;
  for (const RunOutcome& o : outcomes) {
    runs.push_back(run_json(o));
    sum += o.test;
    square += o.test * o.test;
  }
  // The sample's standard deviation, with n - 1; 0 for a single run.
  const double n = static_cast<double>(outcomes.size()), mean = sum / n;
  const double variance = std::isnan(mean) ? mean : n > 1 ? std::max(0.0, (square - n * mean * mean) / (n - 1)) : 0;
  return {{"format", kRunVersion},
          {"version", GRAPHSIEVE_VERSION},
          {"torch", TORCH_VERSION},
          {"model", recipe.model},
          {"recipe", recipe.name},
          {"protocol", recipe.protocol},
          {"graph", graph},
          {"metric", metric},
          {"label_inputs", recipe.data.label_inputs},
          {"runs", runs},
          {"test_mean", json_number(mean)},
          {"test_std", json_number(std::sqrt(variance))},
          {"seconds", seconds},
          {"peak_rss_bytes", peak_resident_bytes()}};
}

void write_json(const fs::path& path, const Json& json) {
  write_text_file(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

namespace {

/// Writes `count` values with the function of files/npy_file.h, which has the same name.
template <class T>
void write_values(const fs::path& path, const std::vector<int64_t>& shape, const T* values, int64_t count,
                  Existing existing) {
  graphsieve::write_npy<T>(path, shape, std::span<const T>(values, static_cast<size_t>(count)), existing);
}

}  // namespace

void write_npy(const fs::path& path, const Tensor& any, Existing existing) {
  const Tensor t = any.detach().cpu().contiguous();
  switch (t.scalar_type()) {
    case at::kFloat:
      return write_values(path, t.sizes().vec(), t.const_data_ptr<float>(), t.numel(), existing);
    case at::kInt:
      return write_values(path, t.sizes().vec(), t.const_data_ptr<int32_t>(), t.numel(), existing);
    case at::kByte:
      return write_values(path, t.sizes().vec(), t.const_data_ptr<uint8_t>(), t.numel(), existing);
    default:
      throw Error(path.string(), ": cannot write a tensor of type ", c10::toString(t.scalar_type()));
  }
}

RunFolder::RunFolder(const fs::path& folder) : path(folder), files(folder), result(read_result(files)) {
  // A folder of several runs has only a summary of the runs; the files of each run lie in a subfolder.
  if (result["runs"].size() > 1)
    throw Error(folder.string(), ": sums up ", result["runs"].size(), " runs; name one of its subfolders");
  recipe = parse_recipe(files.text("recipe.yaml"), (folder / "recipe.yaml").string());
}

std::vector<int64_t> RunFolder::k() const {
  // The result has the k that the run used, which the recipe's epsilon may have chosen.
  const auto found = one().get_or("k", std::vector<int64_t>());
  return found.empty() ? recipe.network.k : found;
}

}  // namespace graphsieve
