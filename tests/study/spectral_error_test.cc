#include "graphsieve/study/spectral_error.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

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
  const double expected =
      (at::linalg_svdvals(whole - drawn)[0] / at::linalg_svdvals(whole)[0]).item<double>();
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

}  // namespace
}  // namespace graphsieve
