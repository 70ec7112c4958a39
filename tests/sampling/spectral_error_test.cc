// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/spectral_error.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

using at::Tensor;

// Against dense matrices and their singular values.
TEST(SpectralError, IsThatOfTheDenseMatrices) {
  torch::manual_seed(2);
  constexpr int64_t kNodes = 40, kDegree = 7, kDrawn = 3;
  ops::AttentionEdges edges;
  edges.row_start = at::arange(0, kNodes * kDegree + 1, kDegree);
  std::vector<Tensor> sources;
  for (int64_t i = 0; i < kNodes; ++i) sources.push_back(at::randperm(kNodes).narrow(0, 0, kDegree));
  edges.index = at::cat(sources).to(at::kInt);
  edges.type = at::randint(3, {kNodes * kDegree}).to(at::kByte);
  const Tensor score = at::rand({kNodes, kDegree}).softmax(1).contiguous();
  // each row draws edges 0, 2, 2 of its own: the third twice
  const Tensor picked = at::tensor({0, 2, 2}, at::kLong);
  LayerSample sample{edges.index.view({kNodes, kDegree}).index_select(1, picked).contiguous(),
                     edges.type.view({kNodes, kDegree}).index_select(1, picked).contiguous()};
  sample.index[5].fill_(-1);  // a row that draws nothing
  Tensor whole = at::zeros({kNodes, kNodes}, at::kDouble), drawn = at::zeros({kNodes, kNodes}, at::kDouble);
  for (int64_t i = 0; i < kNodes; ++i) {
    for (int64_t e = 0; e < kDegree; ++e)
      whole[i][edges.index[i * kDegree + e].item<int64_t>()] += score[i][e].item<double>();
    const double sum = score[i][0].item<double>() + 2 * score[i][2].item<double>();
    for (int64_t d = 0; d < kDrawn && i != 5; ++d)
      drawn[i][sample.index[i][d].item<int64_t>()] += score[i][picked[d].item<int64_t>()].item<double>() / sum;
  }
  const double expected = (at::linalg_svdvals(whole - drawn)[0] / at::linalg_svdvals(whole)[0]).item<double>();
  EXPECT_NEAR(spectral_error(edges, score.view({-1}), sample), expected, 1e-3 * expected);
}

TEST(SpectralError, IsZeroWhereEveryEdgeIsDrawn) {
  ops::AttentionEdges edges;
  edges.row_start = at::tensor({0, 2, 3}, at::kLong);
  edges.index = at::tensor({0, 1, 0}, at::kInt);
  edges.type = at::zeros({3}, at::kByte);
  const Tensor score = at::tensor({0.25f, 0.75f, 1.f});
  const LayerSample all{at::tensor({0, 1, 0, -1}, at::kInt).view({2, 2}), at::zeros({2, 2}, at::kByte)};
  EXPECT_LT(spectral_error(edges, score, all), 1e-12);
}

/// Rows of 0 to 11 edges in order, and scores.
std::pair<ops::AttentionEdges, Tensor> some_graph(int64_t nodes) {
  std::vector<Tensor> sources, scores;
  std::vector<int64_t> start{0};
  for (int64_t i = 0; i < nodes; ++i) {
    const int64_t degree = i % 12;
    sources.push_back(std::get<0>(at::randperm(nodes).narrow(0, 0, degree).sort()));
    scores.push_back((2 * at::randn({degree})).softmax(0));
    start.push_back(start.back() + degree);
  }
  const Tensor index = at::cat(sources).to(at::kInt);
  return {{at::tensor(start, at::kLong), index, at::zeros_like(index, at::kByte), {}, {}, {}}, at::cat(scores)};
}

// Draws, short rows filled, against dense matrices in which an edge that was drawn twice counts twice.
TEST(SpectralError, OfDrawsIsThatOfTheDenseMatrices) {
  torch::manual_seed(4);
  constexpr int64_t kNodes = 50;
  const auto [edges, scores] = some_graph(kNodes);
  const SpectralError error(edges, scores);
  for (const int64_t k : {1, 3, 8, 20}) {
    const auto draw = [&edges = edges, &scores = scores, k](const Tensor& rows) {
      return draw_layer(edges, scores, rows, k, sampler_of("graph_reservoir"), {1, 2, 3});
    };
    const LayerSample sample = draw(at::arange(kNodes, at::kInt));
    Tensor whole = at::zeros({kNodes, kNodes}, at::kDouble);
    for (int64_t i = 0; i < kNodes; ++i)
      for (int64_t e = edges.row_start[i].item<int64_t>(); e < edges.row_start[i + 1].item<int64_t>(); ++e)
        whole[i][edges.index[e].item<int64_t>()] = scores[e].item<double>();
    Tensor drawn = at::zeros_like(whole);
    for (int64_t i = 0; i < kNodes; ++i)
      for (int64_t d = 0; d < k && sample.index[i][d].item<int64_t>() >= 0; ++d)
        drawn[i][sample.index[i][d].item<int64_t>()] += whole[i][sample.index[i][d].item<int64_t>()];
    drawn = drawn / drawn.sum(1, true).clamp_min(1e-300);
    const double expected = (at::linalg_svdvals(whole - drawn)[0] / at::linalg_svdvals(whole)[0]).item<double>();
    EXPECT_NEAR(error.of(draw), expected, 1e-3 * expected) << k;
    EXPECT_EQ(error.of(draw), spectral_error(edges, scores, sample));
  }
}

TEST(SpectralError, SameBitsAtAnyNumberOfThreads) {
  torch::manual_seed(5);
  const auto [edges, scores] = some_graph(3000);
  const LayerSample sample = draw_layer(edges, scores, Tensor(), 4, sampler_of("graph_max"), {});
  const int before = num_threads();
  set_num_threads(1);
  const double one = spectral_error(edges, scores, sample);
  set_num_threads(5);
  EXPECT_EQ(one, spectral_error(edges, scores, sample));
  set_num_threads(before);
}

TEST(SpectralError, RefusesEdgesThatAreNotInTheGraph) {
  const auto [edges, scores] = some_graph(12);
  const LayerSample sample{at::full({12, 1}, 99, at::kInt), at::zeros({12, 1}, at::kByte)};
  EXPECT_THROW(spectral_error(edges, scores, sample), Error);
}

}  // namespace
}  // namespace graphsieve
