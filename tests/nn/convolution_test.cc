// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/convolution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/nn/weights.h"

namespace graphsieve {
namespace {

using at::Tensor;
using nn::EdgeWeights;

constexpr int64_t kFew = 9, kColumns = 8, kTwoHeads = 2;

/// adjacency[i][j]: number of edges from j to i. Node 4 has no in-edge, and node 2 has an edge twice.
Tensor adjacency() {
  torch::manual_seed(2);
  Tensor a = (at::rand({kFew, kFew}) < 0.4).to(at::kFloat);
  a[4].zero_();
  a[2][5] = 2;
  return a;
}

LayerEdges layer_of(const Tensor& adjacency) {
  const auto csr = [](const Tensor& a) {
    std::vector<int64_t> start = {0};
    std::vector<int32_t> index;
    for (int64_t i = 0; i < a.size(0); ++i) {
      for (int64_t j = 0; j < a.size(1); ++j) index.insert(index.end(), a[i][j].item<int>(), static_cast<int32_t>(j));
      start.push_back(static_cast<int64_t>(index.size()));
    }
    return std::pair(at::tensor(start), at::tensor(index));
  };
  const auto [start, index] = csr(adjacency);
  const auto [t_start, t_index] = csr(adjacency.t());
  const Tensor type = at::zeros({index.size(0)}, at::kByte);
  return {{start, index, type, t_start, t_index, type}, adjacency.size(0)};
}

/// The attention with random weights, and h.
struct GivenConvolution {
  std::shared_ptr<nn::ConvolutionImpl> attention;
  Tensor h = at::randn({kFew, kColumns});

  explicit GivenConvolution(EdgeWeights weights) {
    nn::AttentionShape shape;
    shape.width = shape.value_width = kColumns, shape.heads = kTwoHeads;
    attention = std::make_shared<nn::ConvolutionImpl>(weights, shape);
    nn::initialise(*attention, 3);
    torch::manual_seed(6);
    h = at::randn({kFew, kColumns});
  }
  Tensor weight(const std::string& name) const { return attention->named_parameters()[name]; }
  /// The values by head, [n, heads, width of a head].
  Tensor values() const {
    return h.mm(weight("key_value.weight").slice(0, attention->shape().key_width).t()).view({kFew, kTwoHeads, -1});
  }
};

/// Returns the output for dense weights of the edges, [heads, n, n].
Tensor weighted(const Tensor& weights, const Tensor& values) {
  return at::matmul(weights, values.transpose(0, 1)).transpose(0, 1).reshape({kFew, kColumns});
}

/// The dense formulas of the header.
Tensor dense(EdgeWeights kind, const GivenConvolution& given, const Tensor& a) {
  const Tensor degree = a.sum(1).clamp_min(1);
  if (kind == EdgeWeights::kMean)
    return weighted((a / degree.unsqueeze(1)).expand({kTwoHeads, kFew, kFew}), given.values());
  if (kind == EdgeWeights::kGcn)
    return weighted((a * degree.rsqrt().unsqueeze(1) * degree.rsqrt()).expand({kTwoHeads, kFew, kFew}), given.values());
  const Tensor to = given.h.mm(given.weight("query.weight").t()).t(),
               from = given.h.mm(given.weight("key_value.weight").narrow(0, 0, kTwoHeads).t()).t();
  const Tensor e = at::leaky_relu(to.unsqueeze(2) + from.unsqueeze(1), 0.2).exp() * a;
  return weighted(e / e.sum(2, true).clamp_min(1e-12), given.values());
}

TEST(Convolution, AgreesWithTheDenseFormulaAndItsGradients) {
  const Tensor a = adjacency();
  for (const EdgeWeights kind : {EdgeWeights::kMean, EdgeWeights::kGcn, EdgeWeights::kGat}) {
    const GivenConvolution given(kind);
    const Tensor grad = at::randn({kFew, kColumns});
    LayerEdges layer = layer_of(a);
    if (kind == EdgeWeights::kGcn) layer = nn::with_degree_weights(layer, kFew);
    std::vector<Tensor> gradients[2];
    Tensor outs[2];
    for (const bool ours : {false, true}) {
      given.attention->zero_grad();
      outs[ours] = ours ? given.attention->forward(given.h, given.h, layer, {}) : dense(kind, given, a);
      outs[ours].backward(grad);
      for (const Tensor& p : given.attention->parameters()) gradients[ours].push_back(p.grad().clone());
    }
    const auto name = static_cast<int>(kind);
    EXPECT_TRUE(at::allclose(outs[0], outs[1], 1e-4, 1e-5)) << name;
    for (size_t i = 0; i < gradients[0].size(); ++i)
      EXPECT_TRUE(at::allclose(gradients[0][i], gradients[1][i], 1e-4, 1e-5)) << name << " " << i;
  }
}

TEST(Convolution, ScoresAreTheWeightsOfTheEdges) {
  const Tensor a = adjacency();
  for (const EdgeWeights kind : {EdgeWeights::kMean, EdgeWeights::kGat}) {
    const GivenConvolution given(kind);
    const LayerEdges layer = layer_of(a);
    Tensor scores;
    ForwardOptions options;
    options.scores = [&](const Tensor& s) { scores = s; };
    const Tensor out = given.attention->forward(given.h, given.h, layer, options);
    const Tensor to = at::repeat_interleave(layer.edges.row_start.diff());
    const Tensor sum = at::zeros({kFew, kTwoHeads, kColumns / kTwoHeads})
                           .index_add(0, to, scores.unsqueeze(2) * given.values().index_select(0, layer.edges.index));
    EXPECT_TRUE(at::allclose(out, sum.view({kFew, kColumns}), 1e-4, 1e-5));
  }
}

TEST(Convolution, GcnRefusesAPassOverAPartOfTheGraph) {
  LayerEdges layer = layer_of(adjacency());
  EXPECT_THROW(nn::with_degree_weights(layer, kFew + 1), Error);
}

TEST(Convolution, GcnOfANetworkIsTheSameInTrainingAndInBlocks) {
  nn::TransformerShape s;
  s.network = "plain", s.features = 3, s.outputs = 2, s.width = kColumns, s.heads = kTwoHeads, s.layers = 2;
  s.ffn_width = kColumns, s.edge_weights = EdgeWeights::kGcn, s.norm = nn::NormKind::kLayer;
  nn::Transformer net(s);
  nn::initialise(*net, 1);
  net->eval();
  FeatureMatrix features;
  features.rows = kFew, features.cols = 3, features.dense = at::randn({kFew, 3});
  NetworkInput input;
  input.features = &features;
  input.layers.assign(2, layer_of(adjacency()));
  const Tensor with_gradients = net(input, ForwardOptions()).detach();
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(at::equal(with_gradients, net(input, ForwardOptions())));
}

}  // namespace
}  // namespace graphsieve
