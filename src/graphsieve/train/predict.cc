// graphsieve predict: a trained run on its own graph or a changed one.
#include <torch/torch.h>

#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/io/splits.h"
#include "graphsieve/train/run_folder.h"
#include "graphsieve/train/tensor_memory.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

nn::Transformer load(const fs::path& path, const nn::TransformerShape& shape) {
  nn::Transformer network(shape);
  read_network(path, network);
  network->eval();
  return network;
}

std::vector<at::Tensor> scores_for(const RunFolder& run, bool same_graph, const PreparedData& data,
                                   const PreparedGraph& graph, Observer& observer) {
  if (!run.has_estimator()) return {};
  if (same_graph && fs::exists(run.path / "scores" / "layer_0.npy")) return read_scores(run.path / "scores");
  observer.note(same_graph ? "the run's scores are gone: the estimator runs again"
                           : "the graph is not the one that was trained on: the estimator runs again");
  nn::Transformer estimator = load(run.path / "estimator.safetensors",
                                   nn::estimator_shape(run.recipe, data.features.cols, data.data.labels.classes,
                                                       graph.graph.types));
  return attention_scores(estimator, run.run().at("estimator").value("temperature", 1.0), data, graph);
}

}  // namespace

void predict(Dataset data, const PredictRequest& request, Observer& observer) {
  install_tensor_memory();
  at::set_num_threads(1);
  const torch::NoGradGuard no_grad;
  const RunFolder run(request.run);
  if (!run.run().at("network").is_object())
    throw Error(run.path.string(), ": this run has no network (stage 1 alone); train one with graphsieve train --scores");
  const auto& trained_on = run.result.at("graph");
  const bool same_graph = trained_on.value("fingerprint", "") == fingerprint_text(data);
  if (data.features.cols != trained_on.at("features").get<int64_t>())
    throw Error(data.source, ": has ", data.features.cols, " features a node, the run was trained on ",
                trained_on.at("features").get<int64_t>());
  const int64_t classes = trained_on.at("classes").get<int64_t>();
  if (data.labels.classes > classes)
    throw Error(data.source, ": has ", data.labels.classes, " classes, the run was trained on ", classes);
  data.labels.classes = classes;
  const PreparedData prepared(data, run.recipe, observer);
  const PreparedGraph graph(prepared, run.recipe, trained_on.at("attention_seed").get<uint64_t>());
  const auto scores = scores_for(run, same_graph, prepared, graph, observer);
  nn::Transformer network = load(run.path / "network.safetensors",
                                 nn::network_shape(run.recipe, prepared.features.cols, classes, graph.graph.types));
  at::Tensor embeddings;
  ForwardOptions options;
  if (!request.embeddings.empty()) options.embeddings = &embeddings;
  const NetworkInput input = network_input(run.recipe, prepared, graph, scores, run.seed(),
                                           run.run().at("best_epoch").get<int64_t>());
  const Probabilities p = probabilities(network(input, options), data.labels);
  const Split split = same_graph ? read_split(run.path / "split.json") : Split{};
  if (embeddings.defined()) write_npy(request.embeddings, embeddings);
  write_predictions(request.out, p, data.labels, split);
}

}  // namespace graphsieve
