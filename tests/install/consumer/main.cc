// SPDX-License-Identifier: Apache-2.0
// A program of a user of the installed library: attention over a generated graph, and a short experiment on it.
#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <limits>

#include "graphsieve/base/observer.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"

namespace {

/// The example of sparse_attention.h: 7.
double attention() {
  const graphsieve::ops::AttentionEdges edges{
      at::tensor({0, 2, 2, 2}, at::kLong), at::tensor({1, 2}, at::kInt), at::zeros({2}, at::kByte), {}, {}, {}};
  const auto query = at::ones({3, 1}), key_value = at::tensor({0.f, 0.f, 0.f, 4.f, std::log(3.f), 8.f}).view({3, 2});
  const auto out = std::get<0>(graphsieve::ops::sparse_attention(
      query, key_value, edges, at::ones({1, 1}), at::zeros({1, 1}), 1, std::numeric_limits<double>::infinity()));
  return out[0][0].item<double>();
}

}  // namespace

int main(int, char** argv) {
  graphsieve::Recipe recipe;
  recipe.estimator.epochs = recipe.network.epochs = 2;
  recipe.network.width = 8;
  graphsieve::RunRequest request;
  request.out = argv[1];
  graphsieve::Observer observer;
  const graphsieve::Dataset data = graphsieve::generate_minesweeper(0, 12);
  graphsieve::run_experiment(data, recipe, request, observer);
  std::printf("%.3f %ld\n", attention(), static_cast<long>(data.nodes));
  return 0;
}
