// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/importance_weights.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graphsieve/sampling/batches.h"
#include "graphsieve/sampling/spectral_error.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// Nodes with 0, 1, 3 and 12 in-edges, whose scores differ by a factor of up to a hundred and sum to 1.
struct UnevenGraph {
  ops::AttentionEdges edges;
  Tensor scores;
};

UnevenGraph uneven_graph() {
  torch::manual_seed(3);
  const std::vector<int64_t> degrees = {0, 1, 3, 12, 12, 7, 0, 2, 12, 12, 12, 12};
  std::vector<int64_t> start = {0};
  std::vector<Tensor> index, scores;
  for (const int64_t degree : degrees) {
    index.push_back(std::get<0>(at::randperm(12).narrow(0, 0, degree).sort()));
    scores.push_back((2 * at::randn({degree})).softmax(0));
    start.push_back(start.back() + degree);
  }
  const Tensor all = at::cat(index).to(at::kInt);
  return {{at::tensor(start, at::kLong), all, at::zeros(all.sizes(), at::kByte), {}, {}, {}},
          at::cat(scores).to(at::kFloat)};
}

/// Σ weight · score · x of the drawn edges, for every node, with x = source + 1.
Tensor estimated_sums(const UnevenGraph& g, const LayerSample& sample) {
  const Tensor kept = sample.index.ge(0);
  const Tensor begin = g.edges.row_start.slice(0, 0, -1).unsqueeze(1);
  const Tensor edge = (begin + sample.position).clamp(0, g.scores.numel() - 1);
  const Tensor x = g.scores.take(edge) * (sample.index + 1) * sample.log_weight.exp();
  return at::where(kept, x, at::zeros_like(x)).to(at::kDouble).sum(1);
}

TEST(ImportanceWeights, MakeSumsUnbiased) {
  const UnevenGraph g = uneven_graph();
  const Tensor row = at::repeat_interleave(g.edges.row_start.diff());
  const Tensor exact = at::zeros({12}, at::kDouble).index_add(0, row, (g.scores * (g.edges.index + 1)).to(at::kDouble));
  const int64_t kDraws = 4000;
  for (const int64_t k : {2, 5}) {
    std::vector<Tensor> all;
    for (int64_t epoch = 0; epoch < kDraws; ++epoch)
      all.push_back(
          estimated_sums(g, draw_layer(g.edges, g.scores, Tensor(), k, sampler_of("graph_importance"), {1, epoch, 0})));
    const Tensor estimates = at::stack(all), mean = estimates.mean(0);
    const Tensor error = estimates.std(0) / std::sqrt(static_cast<double>(kDraws));
    EXPECT_TRUE((mean - exact).abs().le(4.5 * error + 1e-6).all().item<bool>()) << mean << exact << error;
    // Short rows keep everything, and their sums are exact in every draw.
    const Tensor shorter = g.edges.row_start.diff().le(k);
    EXPECT_LT(((estimates - exact) * shorter).abs().max().item<double>(), 1e-5);
    // Without weights, the sums are too small.
    EXPECT_GT((mean / exact).masked_select(shorter.logical_not()).min().item<double>(), 0.95);
  }
}

TEST(ImportanceWeights, GoWithTheDrawnEdges) {
  const UnevenGraph g = uneven_graph();
  const Sampler plain = sampler_of("graph_reservoir"), weighted = sampler_of("graph_importance");
  const LayerSample a = draw_layer(g.edges, g.scores, Tensor(), 4, plain, {1, 2, 3}),
                    b = draw_layer(g.edges, g.scores, Tensor(), 4, weighted, {1, 2, 3});
  EXPECT_TRUE(at::equal(a.index, b.index));
  EXPECT_FALSE(a.log_weight.defined());
  const Tensor rows = at::tensor(std::vector<int32_t>{9, 1, 3});
  const LayerSample some = draw_layer(g.edges, g.scores, rows, 4, weighted, {1, 2, 3});
  EXPECT_TRUE(at::equal(some.log_weight, b.log_weight.index_select(0, rows)));
  // A layer over the whole graph and a batch have the weights of the edges that they have.
  const LayerEdges whole = whole_graph_layer(b);
  EXPECT_TRUE(at::equal(*whole.edges.log_weight, b.log_weight.masked_select(b.index.ge(0))));
  const NetworkInput batch =
      expand_batch(rows, 1, [&](int64_t, const Tensor&) { return some; }, at::full({12}, -1, at::kInt));
  EXPECT_TRUE(at::equal(*batch.layers[0].edges.log_weight, some.log_weight.view({-1})));
}

TEST(ImportanceWeights, TheMeanOfUnnormalisedMatricesIsTheAttention) {
  const UnevenGraph g = uneven_graph();
  const auto error = [&](const char* sampler, int64_t epoch, bool normalised) {
    return spectral_error(g.edges, g.scores,
                          draw_layer(g.edges, g.scores, Tensor(), 3, sampler_of(sampler), {1, epoch, 0}), normalised);
  };
  // A draw of more edges than any node has is the attention itself.
  EXPECT_LT(
      spectral_error(g.edges, g.scores,
                     draw_layer(g.edges, g.scores, Tensor(), 12, sampler_of("graph_importance"), {1, 1, 0}), false),
      1e-3);
  EXPECT_GT(error("graph_importance", 1, false), 0);
  EXPECT_NE(error("graph_importance", 1, true), error("graph_reservoir", 1, true));
}

}  // namespace
}  // namespace graphsieve
