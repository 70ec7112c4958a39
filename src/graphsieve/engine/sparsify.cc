// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/sparsify.h"

#include <ATen/ATen.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/graph/degree_counts.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/sampling/choose_k.h"

namespace graphsieve {
using at::Tensor;
namespace fs = std::filesystem;

fs::path sparsify(const SparsifyRequest& request, Observer& observer) {
  const TorchSettings torch_settings;
  const RunFolder run(request.run);
  if (!run.has_estimator()) throw Error(run.path.string(), ": this run has no estimator, so no scores to draw by");
  if (!run.files.has_checksums()) observer.note(run.files.note());
  // Every setting that the request leaves out is taken from the run.
  const NetworkRecipe& recipe = run.recipe.network;
  const std::string& sampler_name = request.sampler.empty() ? recipe.sampler : request.sampler;
  Sampler sampler = sampler_of(sampler_name);
  sampler.refill = recipe.refill;
  EdgesPerNode asked{request.k.empty() ? run.k() : request.k, request.epsilon,
                     request.epsilon_of.empty() ? recipe.epsilon_of : request.epsilon_of};
  const ScoredGraph graph = read_scored_graph(run.files);
  if (graph.parts() > 0 && sampler.by_score())
    observer.note(
        "the scores have seen the labels of the training nodes (data.label_inputs): a network that is trained on these "
        "labels should not take edges that are drawn by them");
  std::vector<int64_t>& k = asked.k;
  if (k.size() == 1) k.assign(graph.layers(), k[0]);
  if (static_cast<int64_t>(k.size()) > graph.layers())
    throw Error("k has ", k.size(), " layers, but ", run.path.string(), " holds scores of ", graph.layers());
  for (int64_t x : k)
    if (x < 1) throw Error("k is ", x, ", expected at least 1");
  AtomicFolder folder({.target = request.out, .kind = FolderKind::kDraws, .numbered = request.numbered});
  if (asked.by_error()) {
    const ScoredGraph layers_of_k = graph.first_layers(static_cast<int64_t>(k.size()));
    const std::vector<ChosenK> layers = choose_k(asked, layers_of_k, sampler, run.seed(), request.epoch, observer);
    write_json(folder.path() / "epsilon.json", epsilon_json(asked, sampler_name, request.epoch, layers, graph.nodes()));
    k = k_of(layers);
  }
  const Tensor& row_start = graph.edges().row_start;
  const DegreeCounts degrees =
      degree_counts({row_start.const_data_ptr<int64_t>(), static_cast<size_t>(row_start.numel())});
  observer.stage("sparsify", static_cast<int64_t>(k.size()));
  nlohmann::json layers = nlohmann::json::array();
  for (size_t l = 0; l < k.size(); ++l) {
    if (observer.stop_requested()) throw Interrupted();
    const auto layer = static_cast<int64_t>(l);
    const LayerSample sample =
        draw_layer(graph.edges(), graph.scores(layer), Tensor(), k[l], sampler, {run.seed(), request.epoch, layer});
    write_npy(folder.path() / str("layer_", l, "_source.npy"), sample.index);
    write_npy(folder.path() / str("layer_", l, "_type.npy"), sample.type);
    layers.push_back({{"k", k[l]}, {"edge_share", edge_share(degrees, {k[l]})}});
    observer.step(static_cast<int64_t>(l) + 1, str("layer ", l, ", k ", k[l]));
  }
  write_json(folder.path() / "sparsified.json",
             {{"epoch", request.epoch}, {"seed", run.seed()}, {"graph", run.result.at("graph")}, {"layers", layers}});
  folder.commit();
  return request.numbered ? fs::proximate(folder.target()) : request.out;
}

}  // namespace graphsieve
