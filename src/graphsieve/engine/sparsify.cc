#include "graphsieve/engine/sparsify.h"

#include <ATen/ATen.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/files/atomic_folder.h"
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
  const auto scores = read_scores(run.files);
  const ops::AttentionEdges edges = read_score_edges(run.files);
  for (size_t l = 0; l < scores.size(); ++l)
    if (scores[l].sizes() != edges.index.sizes())
      throw Error((run.path / "scores" / str("layer_", l, ".npy")).string(), ": has ", scores[l].numel(),
                  " scores, expected ", edges.index.numel(), ", one an edge");
  NetworkRecipe recipe = run.recipe.network;
  if (!request.sampler.empty()) recipe.sampler = request.sampler;
  if (!request.epsilon_of.empty()) recipe.epsilon_of = request.epsilon_of;
  recipe.epsilon = request.epsilon;
  if (!request.k.empty()) recipe.k = request.k;
  std::vector<int64_t>& k = recipe.k;
  if (k.size() == 1) k.assign(scores.size(), k[0]);
  if (k.size() > scores.size())
    throw Error("k has ", k.size(), " layers, but ", run.path.string(), " holds scores of ", scores.size());
  for (int64_t x : k)
    if (x < 1) throw Error("k is ", x, ", expected at least 1");
  const Sampler sampler = sampler_of(recipe.sampler);
  AtomicFolder folder({.target = request.out, .kind = FolderKind::kDraws, .numbered = request.numbered});
  if (recipe.epsilon > 0) {
    recipe.layers = static_cast<int64_t>(k.size());
    const std::vector<ChosenK> layers = choose_k(recipe, edges, scores, run.seed(), request.epoch, observer);
    write_json(folder.path() / "epsilon.json", epsilon_json(recipe, request.epoch, layers));
    k = k_of(layers);
  }
  observer.stage("sparsify", static_cast<int64_t>(k.size()));
  nlohmann::json layers = nlohmann::json::array();
  for (size_t l = 0; l < k.size(); ++l) {
    if (observer.stop_requested()) throw Interrupted();
    const LayerSample sample = draw_layer(edges, scores[l], Tensor(), k[l], sampler, run.seed(), request.epoch,
                                          static_cast<int64_t>(l));
    write_npy(folder.path() / str("layer_", l, "_source.npy"), sample.index);
    write_npy(folder.path() / str("layer_", l, "_type.npy"), sample.type);
    layers.push_back({{"k", k[l]}, {"edge_share", edge_share(edges.row_start, {k[l]})}});
    observer.step(static_cast<int64_t>(l) + 1, str("layer ", l, ", k ", k[l]));
  }
  write_json(folder.path() / "sparsified.json",
             {{"epoch", request.epoch}, {"seed", run.seed()}, {"graph", run.result.at("graph")}, {"layers", layers}});
  folder.commit();
  return request.numbered ? fs::proximate(folder.target()) : request.out;
}

}  // namespace graphsieve
