// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/analysis/inspect.h"

#include <torch/torch.h>

#include <cmath>
#include <filesystem>

#include "graphsieve/analysis/attention_patterns.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/norms.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/run/boundedness.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/sampling/choose_k.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr size_t kUnderestimated = 1;  ///< number of the quantile of which 99 % of the edges are above
const std::vector<double> kQuantiles = {0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1};

/// Returns statistics as an object with one member per statistic.
Json statistics_json(const std::vector<Statistic>& statistics) {
  Json to = Json::object();
  for (const Statistic& s : statistics)
    to[s.name] = {
        {"mean", json_number(s.mean)}, {"half_width", json_number(s.half_width)}, {"destinations", s.destinations}};
  return to;
}

/// Returns norms of vectors as an array with one object per layer.
Json by_layer(const std::vector<VectorNorms>& norms) {
  Json to = Json::array();
  for (const VectorNorms& norm : norms)
    to.push_back({{"layer", to.size()}, {"mean", json_number(norm.mean)}, {"max", json_number(norm.most)}});
  return to;
}

/// Returns the scores of every layer on the whole attention graph: those of the estimator if there is one, otherwise
/// the network's, mean over the heads.
LayerScores whole_graph_scores(LoadedRun& run) {
  if (run.folder.has_estimator()) return run.scores.shown;
  return attention_scores(run.network, 1, whole_graph_input(run.prepared, run.graph, run.network->layers())).shown;
}

/// Loads a run. Throws Error if the graph is not the run's.
LoadedRun load(const std::filesystem::path& path, Dataset& data, Observer& observer) {
  if (observer.stop_requested()) throw Interrupted();
  LoadedRun run(path, data, observer);
  run.require_same_graph();
  return run;
}

/// The mean norm of the layers' maps; null if there are none.
class LayersMean {
 public:
  void add(const std::string& map, double norm) {
    if (map.rfind("layer_", 0) == 0) sum_ += norm, ++count_;
  }
  Json json() const { return count_ > 0 ? json_number(sum_ / count_) : Json(nullptr); }

 private:
  double sum_ = 0, count_ = 0;
};

class Inspection {
 public:
  Inspection(const InspectRequest& request, Dataset& data, Observer& observer)
      : request_(request),
        observer_(observer),
        run_(load(request.run, data, observer)),
        scores_(whole_graph_scores(run_)),
        row_start_(run_.graph.edges.row_start.const_data_ptr<int64_t>()),
        nodes_(run_.graph.graph.nodes()),
        destinations_(pick_destinations(nodes_, row_start_, request.destinations, request.seed)),
        sampled_(request.destinations > 0 && request.destinations < nodes_) {}

  /// Returns the measurements of the run alone.
  Json alone() {
    Json to = {{"run", path_text(request_.run)},
               {"model", run_.folder.recipe.model},
               {"scores_of", scores_of(run_)},
               {"scores_width", scores_width(run_)},
               {"attention_edges", run_.graph.graph.edges()},
               {"destinations", destinations_.size()},
               {"attention", Json::array()}};
    for (size_t l = 0; l < scores_.size(); ++l)
      to["attention"].push_back(
          {{"layer", l},
           {"k", k_of(l)},
           {"statistics", statistics_json(attention_spread(of(scores_[l]), k_of(l), destinations_, sampled_))}});
    if (!run_.network.is_empty()) norms(to);
    return to;
  }

  /// Compares the narrower run with the wider one or, if their widths are equal, this run with the other. Uniform and
  /// random scores are compared with the wider run too, as a reference.
  Json against(LoadedRun& other) {
    const bool same = at::equal(run_.graph.edges.row_start, other.graph.edges.row_start) &&
                      at::equal(run_.graph.edges.index, other.graph.edges.index) &&
                      at::equal(run_.graph.edges.type, other.graph.edges.type);
    if (!same)
      throw Error(request_.other.string(), ": attends along other edges than ", request_.run.string(),
                  "; two runs are compared on the same seed, split of edges and expander");
    LayerScores narrow = scores_, wide = whole_graph_scores(other);
    const bool turned = scores_width(run_) > scores_width(other);
    if (turned) std::swap(narrow, wide);
    const size_t layers = std::min(narrow.size(), wide.size());
    Json to = {{"narrow", path_text(turned ? request_.other : request_.run)},
               {"wide", path_text(turned ? request_.run : request_.other)},
               {"layers", Json::array()}};
    const auto uniform = uniform_scores(nodes_, row_start_);
    const auto random = random_scores(nodes_, row_start_, request_.seed);
    for (size_t l = 0; l < layers; ++l) {
      if (observer_.stop_requested()) throw Interrupted();
      to["layers"].push_back({{"layer", l},
                              {"k", k_of(l)},
                              {"agreement", agreement(of(narrow[l]), of(wide[l]), l)},
                              {"uniform", agreement({nodes_, row_start_, uniform.data()}, of(wide[l]), l)},
                              {"random", agreement({nodes_, row_start_, random.data()}, of(wide[l]), l)}});
    }
    return to;
  }

 private:
  static std::string scores_of(const LoadedRun& run) { return run.folder.has_estimator() ? "estimator" : "network"; }
  static int64_t scores_width(const LoadedRun& run) {
    return run.folder.has_estimator() ? run.folder.recipe.estimator.width : run.folder.recipe.network.width;
  }

  AttentionScores of(const Tensor& scores) const { return {nodes_, row_start_, scores.const_data_ptr<float>()}; }

  /// Returns the k of the statistics of the heaviest edges in a layer.
  int64_t k_of(size_t layer) const {
    if (request_.k > 0) return request_.k;
    const std::vector<int64_t> k = run_.folder.k();
    return draws_edges(run_.folder.recipe) && layer < k.size() ? k[layer] : 10;
  }

  Json agreement(const AttentionScores& narrow, const AttentionScores& wide, size_t layer) const {
    Json to = statistics_json(attention_agreement(narrow, wide, k_of(layer), destinations_, sampled_));
    const auto factors = underestimation(narrow, wide, destinations_, kQuantiles);
    // The theorem asks for a lower bound of all factors. The factor that 99 % of the edges exceed stands for it.
    const double least = factors[kUnderestimated];
    to["edges_per_node_of_theorem"] = Json::array();
    for (const double epsilon : {0.5, 0.3, 0.1})
      to["edges_per_node_of_theorem"].push_back(
          {{"epsilon", epsilon}, {"edges", json_number(edges_per_node_of_theorem(nodes_, epsilon, least))}});
    to["underestimation"] = Json::array();
    for (size_t q = 0; q < kQuantiles.size(); ++q)
      to["underestimation"].push_back({{"quantile", kQuantiles[q]}, {"factor", json_number(factors[q])}});
    return to;
  }

  /// Measures the norms of the network's maps and of the vectors that enter each layer.
  void norms(Json& to) {
    OperatorNorms operators(run_.network->named_maps());
    NormsOfEpoch network;
    LayersMean mean;
    to["operator_norms"] = Json::array();
    for (const auto& [name, norm] : operators.measure()) {
      to["operator_norms"].push_back({{"map", name}, {"norm", norm}});
      mean.add(name, norm);
      network.largest["operators"] = std::max(network.largest["operators"], norm);
    }
    to["operator_norm_mean"] = mean.json();
    const int64_t layers = run_.network->layers();
    ForwardOptions options;
    LayerNorms norms;
    norms.watch(options, layers);
    run_.network(run_.input(), options);
    to["vector_norms"] = by_layer(norms.inputs());
    to["middle_norms"] = by_layer(norms.middles());
    double sum = 0;
    for (const VectorNorms& norm : norms.inputs()) sum += norm.mean;
    to["vector_norm_mean"] = json_number(sum / static_cast<double>(layers));
    std::vector<NormsOfEpoch> epochs;
    to["norms_by_epoch"] = norms_by_epoch(epochs);
    for (const VectorNorms& norm : norms.inputs())
      network.largest["inputs"] = std::max(network.largest["inputs"], norm.most);
    for (const VectorNorms& norm : norms.middles())
      network.largest["middles"] = std::max(network.largest["middles"], norm.most);
    to["boundedness"] = boundedness(epochs, network);
  }

  /// Returns what training recorded by epoch: the mean norm of the layers' maps, and of the vectors that enter each
  /// layer. Adds the largest norms of each epoch to `epochs`.
  Json norms_by_epoch(std::vector<NormsOfEpoch>& epochs) const {
    Json to = Json::array();
    if (!run_.folder.files.has("metrics.jsonl")) {
      observer_.note(str((run_.folder.path / "metrics.jsonl").string(), " is gone: norms by epoch are left out"));
      return to;
    }
    read_json_lines(run_.folder.files.verified("metrics.jsonl"), [&](const JsonObject& epoch) {
      if (epoch.get<std::string>("stage") != "network" || !epoch.has("operator_norms")) return;
      epochs.push_back(norms_of(epoch));
      LayersMean mean;
      const JsonObject norms = epoch.object("operator_norms");
      for (const auto& [map, norm] : norms.json().items())
        if (!norm.is_null()) mean.add(map, norms.get<double>(map));
      to.push_back({{"epoch", epoch.count("epoch")},
                    {"operator_norm_mean", mean.json()},
                    {"vector_norms", epoch.has("vector_norms") ? epoch.at("vector_norms") : Json::array()}});
    });
    return to;
  }

  const InspectRequest& request_;
  Observer& observer_;
  LoadedRun run_;
  const LayerScores scores_;
  const int64_t* row_start_;
  const int64_t nodes_;
  const std::vector<int32_t> destinations_;
  const bool sampled_;
};

}  // namespace

Json inspect(Dataset data, const InspectRequest& request, Observer& observer) {
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  Inspection inspection(request, data, observer);
  Json to = inspection.alone();
  if (!request.other.empty()) {
    LoadedRun other = load(request.other, data, observer);
    to["comparison"] = inspection.against(other);
  }
  require_mapped_files();
  return to;
}

}  // namespace graphsieve
