#include "graphsieve/train/loaded_run.h"

#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/train/attention_scores.h"
#include "graphsieve/train/device.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

nn::Transformer load(const fs::path& path, const nn::TransformerShape& shape, at::Device device) {
  const nn::ParametersOn there(device);
  nn::Transformer network(shape);
  read_network(path, network);
  network->eval();
  return network;
}

/// The data set as the run knows it; throws Error if it does not fit.
Dataset& fitted(Dataset& data, const RunFolder& run) {
  const auto& trained_on = run.result.at("graph");
  const int64_t features = trained_on.at("features").get<int64_t>(), classes = trained_on.at("classes").get<int64_t>();
  if (data.features.cols != features)
    throw Error(data.source, ": has ", data.features.cols, " features a node, the run was trained on ", features);
  if (data.labels.classes > classes)
    throw Error(data.source, ": has ", data.labels.classes, " classes, the run was trained on ", classes);
  data.labels.classes = classes;
  return data;
}

/// Throws Error where edges have other types than the run's tables of types have rows for.
void check_edge_types(const LoadedRun& run) {
  const int64_t ours = run.graph.graph.types, theirs = run.folder.result.at("graph").value("edge_types", ours);
  if (ours != theirs)
    throw Error(run.prepared.data.source, ": has edges of ", ours, " types (expander edges and self-loops included), the run was trained on ",
                theirs);
}

std::vector<at::Tensor> scores_for(const LoadedRun& run, Observer& observer) {
  if (!run.folder.has_estimator()) return {};
  if (run.same_graph && fs::exists(run.folder.path / "scores" / "layer_0.npy"))
    return tensors_on(read_scores(run.folder.path / "scores"), run.prepared.device);
  observer.note(run.same_graph ? "the run's scores are gone: the estimator runs again"
                               : "the graph is not the one that was trained on: the estimator runs again");
  nn::Transformer estimator = load(run.folder.path / "estimator.safetensors",
                                   nn::estimator_shape(run.folder.recipe, run.prepared.features.cols,
                                                       run.prepared.data.labels, run.graph.graph.types),
                                   run.prepared.device);
  return attention_scores(estimator, run.folder.run().at("estimator").value("temperature", 1.0),
                          whole_graph_input(run.prepared, run.graph, estimator->layers()));
}

}  // namespace

LoadedRun::LoadedRun(const fs::path& path, Dataset& data, Observer& observer, at::Device device)
    : folder(path),
      same_graph(folder.result.at("graph").value("fingerprint", "") == fingerprint_text(data)),
      prepared(fitted(data, folder), folder.recipe, observer, device),
      graph(prepared, folder.recipe, folder.result.at("graph").at("attention_seed").get<uint64_t>()) {
  check_edge_types(*this);
  const torch::NoGradGuard no_grad;
  scores = scores_for(*this, observer);
  if (!folder.run().at("network").is_object()) return;
  network = load(folder.path / "network.safetensors",
                 nn::network_shape(folder.recipe, prepared.features.cols, data.labels, graph.graph.types), device);
}

void LoadedRun::require_same_graph() const {
  if (!same_graph)
    throw Error(folder.path.string(), ": was trained on another graph (fingerprint ",
                folder.result.at("graph").value("fingerprint", ""), ", this one's is ", fingerprint_text(prepared.data), ")");
}

NetworkInput LoadedRun::input() const {
  return network_input(folder.recipe, prepared, graph, scores, folder.seed(), best_epoch());
}

Probabilities LoadedRun::probabilities(const std::vector<int32_t>& nodes) {
  return network_probabilities(network, folder.recipe, prepared, graph, scores, folder.seed(), best_epoch(), nodes);
}

}  // namespace graphsieve
