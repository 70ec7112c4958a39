#include "graphsieve/engine/loaded_run.h"

#include <torch/torch.h>

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/inputs/on_device.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/runtime/device.h"
#include "graphsieve/train/network_stage.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kListed = 10;  ///< names of classes in a message

nn::Transformer load(const fs::path& path, const nn::TransformerShape& shape, at::Device device) {
  const nn::ParametersOn there(device);
  nn::Transformer network(shape);
  read_network(path, network);
  network->eval();
  return network;
}

/// Gives the data's labels the numbers of the run's classes, by name: another graph may hold fewer of them, in another order.
/// Throws Error where a class is none of the run's.
void match_classes(Dataset& data, const std::vector<std::string>& names) {
  const auto listed = [](const std::vector<std::string>& all) {
    std::string text;
    for (size_t i = 0; i < std::min(all.size(), kListed); ++i) text += str(i ? ", " : "", all[i]);
    return all.size() > kListed ? text + ", …" : text;
  };
  if (data.labels.multi_label() && data.class_names != names)
    throw Error(data.source, ": its labels are ", listed(data.class_names), ", the run was trained on ", listed(names));
  std::vector<int32_t> number;
  for (const std::string& name : data.class_names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Error(data.source, ": class '", name, "' is none of those that the run was trained on: ", listed(names));
    number.push_back(static_cast<int32_t>(found - names.begin()));
  }
  for (int32_t& label : data.labels.single)
    if (label >= 0) label = number[static_cast<size_t>(label)];
}

/// The data set as the run knows it; throws Error if it does not fit.
Dataset& fitted(Dataset& data, const RunFolder& run) {
  const JsonObject trained_on = run.graph();
  const int64_t features = trained_on.count("features"), classes = trained_on.count("classes");
  if (data.features.cols != features)
    throw Error(data.source, ": has ", data.features.cols, " features a node, the run was trained on ", features);
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

/// Throws Error where edges have other types than the run's tables of types have rows for.
void check_edge_types(const LoadedRun& run) {
  const int64_t ours = run.graph.graph.types, theirs = run.folder.graph().get_or("edge_types", ours);
  if (ours != theirs)
    throw Error(run.prepared.data.source, ": has edges of ", ours, " types (expander edges and self-loops included), the run was trained on ",
                theirs);
}

std::vector<at::Tensor> scores_for(const LoadedRun& run, Observer& observer) {
  if (!run.folder.has_estimator()) return {};
  if (run.same_graph && path_exists(run.folder.path / "scores"))
    return tensors_on(read_scores(run.folder.files), run.prepared.device);
  observer.note(run.same_graph ? "the run's scores are gone: the estimator runs again"
                               : "the graph is not the one that was trained on: the estimator runs again");
  nn::Transformer estimator = load(run.folder.files.verified("estimator.safetensors"),
                                   nn::estimator_shape(run.folder.recipe, run.prepared.features.cols,
                                                       run.prepared.data.labels, run.graph.graph.types),
                                   run.prepared.device);
  return attention_scores(estimator, run.folder.one().object("estimator").get_or("temperature", 1.0),
                          whole_graph_input(run.prepared, run.graph, estimator->layers()));
}

}  // namespace

LoadedRun::LoadedRun(const fs::path& path, Dataset& data, Observer& observer, at::Device device)
    : folder(path),
      same_graph(folder.result.at("graph").value("fingerprint", "") == fingerprint_text(data)),
      prepared(fitted(data, folder), folder.recipe, observer, device),
      graph(prepared, folder.recipe, folder.graph().get<uint64_t>("attention_seed")) {
  check_edge_types(*this);
  if (!folder.files.has_checksums()) observer.note(folder.files.note());
  const torch::NoGradGuard no_grad;
  scores = scores_for(*this, observer);
  if (!folder.run().at("network").is_object()) return;
  network = load(folder.files.verified("network.safetensors"),
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
