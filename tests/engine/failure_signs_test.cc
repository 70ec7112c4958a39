// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/failure_signs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace graphsieve {
namespace {

TEST(FailureSigns, KAtTheDegrees) {
  EXPECT_EQ(sign_of_k(0.9), "");
  EXPECT_EQ(sign_of_k(std::nan("")), "");
  EXPECT_NE(sign_of_k(0.98).find("98 % of all edges"), std::string::npos);
}

/// Four nodes with three in-edges each, whose scores are `scores` for every node.
ScoredGraph graph_of(const std::vector<float>& scores) {
  const at::Tensor start = at::arange(0, 13, 3, at::kLong), index = at::zeros({12}, at::kInt);
  const ops::AttentionEdges edges = {start, index, at::zeros({12}, at::kByte),
                                     start, index, at::zeros({12}, at::kByte)};
  return {edges, {at::tensor(scores).repeat({4})}, 1};
}

TEST(FailureSigns, ScoresThatSayNothing) {
  const std::vector<float> equal = {.34f, .33f, .33f}, unequal = {.6f, .3f, .1f};
  EXPECT_NE(sign_of_scores(graph_of(equal), {2}).find("hardly differ"), std::string::npos);
  EXPECT_EQ(sign_of_scores(graph_of(unequal), {2}), "");
  EXPECT_EQ(sign_of_scores(graph_of(equal), {3}), "");  // no node has more in-edges than k: nothing is drawn
}

TEST(FailureSigns, OneDraw) {
  const Metric more = metric_named("accuracy"), less = metric_named("rmse");
  EXPECT_EQ(sign_of_draws(more, 0.80, {0.80, 0.79, 0.81}), "");
  EXPECT_NE(sign_of_draws(more, 0.90, {0.80, 0.79, 0.81}), "");
  EXPECT_EQ(sign_of_draws(more, 0.70, {0.80, 0.79, 0.81}), "");   // worse than the others
  EXPECT_EQ(sign_of_draws(more, 0.801, {0.80, 0.80, 0.80}), "");  // not by a hundredth
  EXPECT_NE(sign_of_draws(less, 1.0, {2.0, 2.1, 1.9}), "");
  EXPECT_EQ(sign_of_draws(less, 3.0, {2.0, 2.1, 1.9}), "");
  EXPECT_EQ(sign_of_draws(more, std::nan(""), {0.8, 0.8}), "");
}

}  // namespace
}  // namespace graphsieve
