// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/loaded_run.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/class_names.h"
#include "graphsieve/data/splits.h"
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

/// Arranges features and edge types as the training data has them.
void fit_features(Dataset& data, const RunFolder& run, const TrainingData& training, UnknownTexts unknown,
                  Observer& observer) {
  const JsonObject trained_on = run.graph();
  if (training.schema && data.schema) {
    for (const std::string& note : apply_schema(data, *training.schema, unknown)) observer.note(note);
  } else if (training.schema || data.schema) {
    observer.note(str(training.schema ? "the data has" : "the run's training data had",
                      " no names of columns: features are matched by their positions"));
  }
  const int64_t features = trained_on.count("features");
  if (data.features.cols != features)
    throw Error(data.source, ": has ", data.features.cols, " features per node, the run was trained on ", features);
  if (trained_on.has("edge_type_names"))
    match_edge_types(data, trained_on.get<std::vector<std::string>>("edge_type_names"));
}

/// Gives data without labels the kind of labels that the run was trained on, all of them missing.
void add_missing_labels(Labels& labels, int64_t nodes, int64_t classes, LabelKind kind) {
  if (labels.classes > 0) return;
  const bool one_class = kind == LabelKind::kClasses;
  labels.single.assign(one_class ? nodes : 0, -1);
  labels.values.assign(one_class ? 0 : nodes * classes, std::numeric_limits<float>::quiet_NaN());
  labels.numbers = kind == LabelKind::kNumbers;
}

/// Returns the kind of labels that the run was trained on. Runs of earlier versions say only whether nodes have several
/// labels.
LabelKind trained_kind(const JsonObject& trained_on, LabelKind otherwise) {
  if (const auto kind = label_kind_named(trained_on.get_or<std::string>("labels", ""))) return *kind;
  if (!trained_on.has("several_labels")) return otherwise;
  return trained_on.get<bool>("several_labels") ? LabelKind::kSeveral : LabelKind::kClasses;
}

/// Numbers the classes as the run does.
void fit_classes(Dataset& data, const RunFolder& run) {
  const JsonObject trained_on = run.graph();
  const int64_t classes = trained_on.count("classes");
  const LabelKind kind = trained_kind(trained_on, data.labels.kind());
  add_missing_labels(data.labels, data.nodes, classes, kind);
  if (data.labels.kind() != kind)
    throw Error(data.source, ": has ", label_kind_words(data.labels.kind()), ", the run was trained on ",
                label_kind_words(kind));
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
}

/// Arranges the data as the run's training data is, and returns it. Sets `run.known` for another graph.
Dataset& fitted(Dataset& data, LoadedRun& run, UnknownTexts unknown, Observer& observer) {
  fit_features(data, run.folder, run.training, unknown, observer);
  if (!run.same_graph && run.training.ranges)
    for (const std::string& text : shift_sentences(column_shifts(*run.training.ranges, data.features),
                                                   *run.training.ranges, data.nodes, data.schema))
      observer.note(text);
  fit_classes(data, run.folder);
  if (run.same_graph || !run.training.nodes) return data;
  std::string why;
  run.known = number_as_trained(data, *run.training.nodes, why);
  if (!run.known) observer.note(why);
  return data;
}

/// Gives a network with GraphNorms the statistics of the training graph, for another graph.
void use_trained_norms(const LoadedRun& run, const std::string& file, const nn::Transformer& network) {
  if (!run.same_graph && has_graph_norms(network) && run.folder.files.wrote(file))
    read_norm_statistics(run.folder.files.verified(file), network);
}

/// Returns the recipe with the treatment of the features that the training data got, where the recipe leaves it open.
Recipe with_trained_treatment(Recipe recipe, const TrainingData& training) {
  if (recipe.data.features == "auto") recipe.data.features = training.scales ? "standardised" : "as_found";
  return recipe;
}

/// Returns the run's task, with what the run has learned of its labels and predictions.
std::unique_ptr<Task> learned_task(const Dataset& data, const RunFolder& run, at::Device device) {
  std::unique_ptr<Task> task = make_task(data, run.recipe.data, device);
  if (run.one().has("learned")) task->take_learned(run.one().object("learned"));
  return task;
}

/// Shows the networks the labels of the training nodes that the run keeps. Of another graph, whose nodes are numbered
/// as the training data numbers them, its own labels are never shown. If no node is known, there is no label to show.
void show_trained_labels(LoadedRun& run, Observer& observer) {
  if (!run.folder.recipe.data.label_inputs) return;
  const at::Tensor& value = run.training.label_inputs;
  if (!value.defined())
    throw Error(run.folder.path.string(), ": has no label_inputs.npy, expected the labels that the networks take");
  if (value.size(1) != run.task->label_columns())
    throw Error((run.folder.path / "label_inputs.npy").string(), ": has ", value.size(1), " columns, expected ",
                run.task->label_columns());
  if (!run.same_graph && !run.known) {
    observer.note("no training node is in the data, so no labels are inputs");
    return run.prepared.show_labels({}, value.narrow(0, 0, 0));
  }
  std::vector<int32_t> nodes = read_split(run.folder.files.verified("split.json")).train;
  std::sort(nodes.begin(), nodes.end());
  if (std::ssize(nodes) != value.size(0))
    throw Error((run.folder.path / "label_inputs.npy").string(), ": has ", value.size(0), " rows, expected ",
                nodes.size(), ", one per training node of split.json");
  run.prepared.show_labels(nodes, value);
}

/// Throws Error if the graph has another number of edge types than the run's tables of edge types have rows.
void check_edge_types(const LoadedRun& run) {
  const int64_t ours = run.graph.graph.types, theirs = run.folder.graph().get_or("edge_types", ours);
  if (ours != theirs)
    throw Error(run.prepared.data.source, ": has edges of ", ours,
                " types (expander edges and self-loops included), the run was trained on ", theirs);
}

/// Returns the scores of the run's folder, or computes them if the graph has changed or the folder has none.
EdgeScores scores_for(const LoadedRun& run, Observer& observer) {
  if (!run.folder.has_estimator()) return {};
  if (run.same_graph && path_exists(run.folder.path / "scores"))
    return scores_on(read_scores(run.folder.files), run.prepared.device);
  observer.note(run.same_graph ? "the run's scores are gone: the estimator runs again"
                               : "the graph is not the one that was trained on: the estimator runs again");
  nn::Transformer estimator = run.estimator();
  return attention_scores(estimator, run.folder.one().object("estimator").get_or("temperature", 1.0),
                          whole_graph_input(run.prepared, run.graph, estimator->layers()));
}

}  // namespace

LoadedRun::LoadedRun(const fs::path& path, Dataset& data, Observer& observer, at::Device device,
                     const MemoryBudget& limit, UnknownTexts unknown)
    : folder(path),
      training(read_training_data(folder.files)),
      budget(limit),
      same_graph(folder.result.at("graph").value("fingerprint", "") == fingerprint_text(data)),
      prepared(fitted(data, *this, unknown, observer), with_trained_treatment(folder.recipe, training), observer,
               device, training.scales),
      task(learned_task(data, folder, device)),
      graph(prepared, folder.recipe, folder.graph().get<uint64_t>("attention_seed"), known ? &*known : nullptr) {
  check_edge_types(*this);
  show_trained_labels(*this, observer);
  if (!folder.files.has_checksums()) observer.note(folder.files.note());
  const torch::NoGradGuard no_grad;
  scores = scores_for(*this, observer);
  if (same_graph) lie_in_files(folder.path / "scores", graph);
  if (!folder.run().at("network").is_object()) return;
  network = load(folder.files.verified("network.safetensors"),
                 nn::network_shape(folder.recipe, network_interface(prepared, *task)), device);
  use_trained_norms(*this, "network_norms.safetensors", network);
}

nn::Transformer LoadedRun::estimator() const {
  const nn::TransformerShape shape = nn::estimator_shape(folder.recipe, network_interface(prepared, *task));
  nn::Transformer loaded = load(folder.files.verified("estimator.safetensors"), shape, prepared.device);
  use_trained_norms(*this, "estimator_norms.safetensors", loaded);
  return loaded;
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
    draws = EdgeDraws{ScoredGraph(graph.edges, scores, recipe.layers), folder.k(), sampler_of(recipe), folder.seed()};
  return {prepared, graph, recipe, std::move(draws), budget};
}

}  // namespace graphsieve
