// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/loaded_run.h"

#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/class_names.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/inputs/on_device.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/runtime/device.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// Returns a network of the given shape with the weights of a file, in evaluation mode.
nn::Transformer load(const fs::path& path, const nn::TransformerShape& shape, at::Device device) {
  const nn::ParametersOn parameters_on(device);
  nn::Transformer network(shape);
  read_network(path, network);
  network->eval();
  return network;
}

/// Gives the data set the classes of the run and returns the data set. Throws Error if features or classes do not fit.
Dataset& fitted(Dataset& data, const RunFolder& run) {
  const JsonObject trained_on = run.graph();
  const int64_t features = trained_on.count("features"), classes = trained_on.count("classes");
  if (data.features.cols != features)
    throw Error(data.source, ": has ", data.features.cols, " features per node, the run was trained on ", features);
  const auto names = trained_on.get_or("class_names", std::vector<std::string>());
  if (!names.empty() && !data.class_names.empty()) {
    match_classes(data, names);
  } else if (data.labels.classes > classes) {
    throw Error(data.source, ": has ", data.labels.classes, " classes, the run was trained on ", classes);
  } else if (!data.class_names.empty() && static_cast<int64_t>(data.class_names.size()) != classes) {
    throw Error(data.source, ": names ", data.class_names.size(), " classes, the run was trained on ", classes,
                ", whose names it does not have (it is of an earlier version)");
  }
  if (!names.empty()) data.class_names = names;
  data.labels.classes = classes;
  return data;
}

/// Throws Error if the graph has another number of edge types than the run's tables of edge types have rows.
void check_edge_types(const LoadedRun& run) {
  const int64_t ours = run.graph.graph.types, theirs = run.folder.graph().get_or("edge_types", ours);
  if (ours != theirs)
    throw Error(run.prepared.data.source, ": has edges of ", ours,
                " types (expander edges and self-loops included), the run was trained on ", theirs);
}

/// Returns the scores of the run's folder, or computes them if the graph has changed or the folder has none.
std::vector<at::Tensor> scores_for(const LoadedRun& run, Observer& observer) {
  if (!run.folder.has_estimator()) return {};
  if (run.same_graph && path_exists(run.folder.path / "scores"))
    return tensors_on(read_scores(run.folder.files), run.prepared.device);
  observer.note(run.same_graph ? "the run's scores are gone: the estimator runs again"
                               : "the graph is not the one that was trained on: the estimator runs again");
  nn::Transformer estimator =
      load(run.folder.files.verified("estimator.safetensors"),
           nn::estimator_shape(run.folder.recipe, network_interface(run.prepared, *run.task)), run.prepared.device);
  return attention_scores(estimator, run.folder.one().object("estimator").get_or("temperature", 1.0),
                          whole_graph_input(run.prepared, run.graph, estimator->layers()));
}

}  // namespace

LoadedRun::LoadedRun(const fs::path& path, Dataset& data, Observer& observer, at::Device device,
                     const MemoryBudget& limit)
    : folder(path),
      budget(limit),
      same_graph(folder.result.at("graph").value("fingerprint", "") == fingerprint_text(data)),
      prepared(fitted(data, folder), folder.recipe, observer, device),
      task(make_task(data, folder.recipe.data, device)),
      graph(prepared, folder.recipe, folder.graph().get<uint64_t>("attention_seed")) {
  check_edge_types(*this);
  if (!folder.files.has_checksums()) observer.note(folder.files.note());
  const torch::NoGradGuard no_grad;
  scores = scores_for(*this, observer);
  if (!folder.run().at("network").is_object()) return;
  network = load(folder.files.verified("network.safetensors"),
                 nn::network_shape(folder.recipe, network_interface(prepared, *task)), device);
}

void LoadedRun::require_same_graph() const {
  if (!same_graph)
    throw Error(folder.path.string(), ": was trained on another graph (fingerprint ",
                folder.result.at("graph").value("fingerprint", ""), ", this one's is ", fingerprint_text(prepared.data),
                ")");
}

NetworkEdges LoadedRun::edges() const {
  const NetworkRecipe& recipe = folder.recipe.network;
  std::optional<EdgeDraws> draws;
  if (draws_edges(folder.recipe))
    draws = EdgeDraws{ScoredGraph(graph.edges, scores, recipe.layers), folder.k(), sampler_of(recipe.sampler),
                      folder.seed()};
  return {prepared, graph, recipe, std::move(draws), budget};
}

}  // namespace graphsieve
