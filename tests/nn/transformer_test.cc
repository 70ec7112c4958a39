// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/transformer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/sampling/batches.h"

namespace graphsieve {
namespace {

using at::Tensor;
using nn::EdgeWeights;
using nn::NormKind;
using nn::TransformerShape;

constexpr int64_t kNodes = 90, kFeatures = 6, kLayers = 3, kDrawn = 5;
const std::string kKinds[] = {"estimator", "exphormer", "spexphormer", "plain"};

TransformerShape shape(const std::string& kind) {
  TransformerShape s;
  s.network = kind;
  s.features = kFeatures, s.outputs = 4, s.width = 8,
  s.heads = kind == "estimator" || kind == "exphormer" ? 1 : 2;  // with one head: the absorbed form
  s.layers = kLayers, s.pre_layers = 1, s.output_layers = 2, s.ffn_width = 10, s.clamp = 8, s.value_scale = 0.25;
  return s;
}

nn::Transformer network(const TransformerShape& s, uint64_t seed = 1) {
  nn::Transformer made(s);
  nn::initialise(*made, seed);
  return made;
}

/// Shapes with each of the settings by which a recipe changes the blocks.
std::vector<TransformerShape> changed_shapes(const std::string& kind) {
  std::vector<TransformerShape> shapes(9, shape(kind));
  shapes[0].skip = nn::Skip::kLinear;
  shapes[1].relu = true;
  shapes[2].ffn = false;
  shapes[3].scaled_logits = true;
  shapes[4].norm = NormKind::kLayer;
  shapes[5].edge_weights = EdgeWeights::kMean;
  shapes[6].edge_weights = EdgeWeights::kGat;
  shapes[7].skip = nn::Skip::kNone;
  TransformerShape& all = shapes[8];
  all.skip = nn::Skip::kLinear;
  all.relu = all.scaled_logits = true;
  all.ffn = false, all.norm = NormKind::kLayer;
  return shapes;
}

/// Dense features; drawn edges of every layer, node 7 without any.
struct Graph {
  FeatureMatrix features;
  std::vector<LayerSample> drawn;

  explicit Graph(int64_t nodes = kNodes) {
    torch::manual_seed(4);
    features.rows = nodes, features.cols = kFeatures;
    features.dense = at::randn({nodes, kFeatures}) * (at::rand({nodes, kFeatures}) < 0.5);
    for (int64_t l = 0; l < kLayers; ++l) {
      drawn.push_back(
          {at::randint(nodes, {nodes, kDrawn}).to(at::kInt), at::randint(3, {nodes, kDrawn}).to(at::kByte)});
      drawn.back().index[7].fill_(-1);
    }
  }

  NetworkInput whole() const {
    NetworkInput input;
    input.features = &features;
    for (const auto& d : drawn) input.layers.push_back(whole_graph_layer(d));
    return input;
  }

  NetworkInput batch(const Tensor& nodes) const {
    const DrawLayer draw = [this](int64_t l, const Tensor& rows) {
      return LayerSample{drawn[l].index.index_select(0, rows), drawn[l].type.index_select(0, rows)};
    };
    NetworkInput input = expand_batch(nodes, kLayers, draw, at::full({kNodes}, -1, at::kInt));
    input.features = &features;
    return input;
  }
};

double distance(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(Transformer, BatchGivesTheWholeGraphsLogits) {
  const torch::NoGradGuard no_grad;
  const Graph graph;
  const Tensor nodes = at::tensor(std::vector<int32_t>{40, 7, 3, 89});
  for (const std::string& kind : kKinds) {
    auto net = network(shape(kind));
    net->eval();
    const Tensor whole = net(graph.whole(), ForwardOptions()), batch = net(graph.batch(nodes), ForwardOptions());
    ASSERT_EQ(batch.sizes(), (std::vector<int64_t>{4, 4}));
    EXPECT_LE(distance(batch, whole.index_select(0, nodes)), 1e-5) << kind;
  }
}

TEST(Transformer, EvaluationByBlocksGivesTheSameBits) {
  const Graph graph(2 * nn::kInferenceRows + 1001);
  const auto run = [&](nn::Transformer& net, bool by_blocks, std::vector<Tensor>& scores) {
    const torch::AutoGradMode gradients(!by_blocks);
    ForwardOptions options;
    options.scores = [&](const Tensor& s) { scores.push_back(s.flatten()); };
    const Tensor logits = net(graph.whole(), options).detach(),
                 last = net->hidden(graph.whole(), ForwardOptions()).detach();
    return at::cat({logits, last}, 1);
  };
  for (const std::string& kind : kKinds) {
    auto net = network(shape(kind));
    net->eval();
    std::vector<Tensor> whole_scores, part_scores;
    const Tensor whole = run(net, false, whole_scores), parts = run(net, true, part_scores);
    EXPECT_TRUE(at::equal(whole, parts)) << kind;
    EXPECT_EQ(whole_scores.size() * 3, part_scores.size());
    EXPECT_TRUE(at::equal(at::cat(whole_scores), at::cat(part_scores))) << kind;
  }
}

/// The rows that each_hidden() hands out are those of hidden(), in order and each once.
TEST(Transformer, HiddenRowsComeOneBlockAtATime) {
  const torch::NoGradGuard no_grad;
  const Graph graph(nn::kInferenceRows + 1001);
  for (const std::string& kind : kKinds) {
    auto net = network(shape(kind));
    net->eval();
    std::vector<Tensor> blocks;
    int64_t rows = 0;
    net->each_hidden(graph.whole(), ForwardOptions(), [&](int64_t begin, const Tensor& block) {
      EXPECT_EQ(begin, rows);
      rows += block.size(0);
      blocks.push_back(block.clone());
    });
    EXPECT_EQ(blocks.size(), 2);
    EXPECT_TRUE(at::equal(at::cat(blocks), net->hidden(graph.whole(), ForwardOptions()))) << kind;
  }
}

/// With h held in bfloat16, an evaluation by blocks, of the whole matrix and of a batch round alike, and the outputs
/// stay near those of float32. Training is not changed.
TEST(Transformer, EvaluationMayHoldHInBfloat16) {
  const Graph large(nn::kInferenceRows + 1001), graph;
  const Tensor nodes = at::tensor(std::vector<int32_t>{40, 7, 3, 89});
  for (const std::string& kind : kKinds) {
    TransformerShape s = shape(kind);
    auto exact = network(s);
    s.held = at::kBFloat16;
    auto net = network(s);
    EXPECT_TRUE(at::equal(net(graph.whole(), ForwardOptions()), exact(graph.whole(), ForwardOptions()))) << kind;
    exact->eval(), net->eval();
    const Tensor whole = net(large.whole(), ForwardOptions()).detach();
    const torch::NoGradGuard no_grad;
    const Tensor by_blocks = net(large.whole(), ForwardOptions()), full = exact(large.whole(), ForwardOptions());
    EXPECT_TRUE(at::equal(whole, by_blocks)) << kind;
    EXPECT_FALSE(at::equal(by_blocks, full)) << kind;
    EXPECT_LE((by_blocks - full).abs().mean().item<double>(), 0.02 * full.abs().mean().item<double>()) << kind;
    EXPECT_LE(distance(net(graph.batch(nodes), ForwardOptions()),
                       net(graph.whole(), ForwardOptions()).index_select(0, nodes)),
              1e-5)
        << kind;
  }
}

TEST(Transformer, ChangedBlocksGiveTheSameBitsByBlocksAndTheSameOutputsInBatches) {
  const Graph large(nn::kInferenceRows + 1001), graph;
  const Tensor nodes = at::tensor(std::vector<int32_t>{40, 7, 3, 89});
  for (const TransformerShape& s : changed_shapes("spexphormer")) {
    auto net = network(s);
    net->eval();
    const Tensor whole = net(large.whole(), ForwardOptions()).detach();
    const torch::NoGradGuard no_grad;
    EXPECT_TRUE(at::equal(whole, net(large.whole(), ForwardOptions())));
    const Tensor of_graph = net(graph.whole(), ForwardOptions()), batch = net(graph.batch(nodes), ForwardOptions());
    EXPECT_LE(distance(batch, of_graph.index_select(0, nodes)), 1e-5);
  }
}

TEST(Transformer, EachChangeOfTheBlocksChangesTheOutputsAndGetsGradients) {
  const Graph graph;
  const NetworkInput input = graph.batch(at::arange(40, at::kInt));
  const Tensor unchanged = network(shape("spexphormer"))(input, ForwardOptions()).detach();
  for (const TransformerShape& s : changed_shapes("spexphormer")) {
    auto net = network(s);
    const Tensor out = net(input, ForwardOptions());
    EXPECT_GT(distance(out, unchanged), 1e-3);
    out.pow(3).sum().backward();
    for (const auto& p : net->named_parameters()) {
      ASSERT_TRUE(p.value().grad().defined()) << p.key();
      EXPECT_GT(p.value().grad().abs().max().item<double>(), 0) << p.key();
    }
  }
}

TEST(Transformer, RecomputedChangedBlocksGiveTheSameBits) {
  const Graph graph;
  for (TransformerShape s : changed_shapes("plain")) {
    s.dropout = 0.3;
    ForwardOptions options;
    options.dropout_key = 5;
    std::vector<nn::Transformer> both;
    for (const bool recompute : {false, true}) {
      s.recompute = recompute;
      both.push_back(network(s));
      both.back()(graph.batch(at::arange(40, at::kInt)), options).pow(3).sum().backward();
    }
    const auto kept = both[0]->parameters(), again = both[1]->parameters();
    for (size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(at::equal(kept[i].grad(), again[i].grad()));
  }
}

/// The block of a network without FFN, computed by hand in plain tensor operations from the attention's output.
TEST(Transformer, AChangedBlockComputesItsFormula) {
  const torch::NoGradGuard no_grad;
  const Graph graph;
  TransformerShape s = changed_shapes("plain").back();
  s.layers = 1;
  auto net = network(s);
  net->eval();
  auto p = net->named_parameters();
  NetworkInput input = graph.whole();
  input.layers.resize(1);
  const Tensor h = net->input()(input);
  // Attention by a dense matrix: edges[i][j] is the number of edges from j to i.
  Tensor edges = at::zeros({kNodes, kNodes});
  for (int64_t i = 0; i < kNodes; ++i)
    for (int64_t e = 0; e < kDrawn; ++e)
      if (const int64_t j = graph.drawn[0].index[i][e].item<int64_t>(); j >= 0) edges[i][j] += 1;
  const Tensor q = h.mm(p["layer_0.attention.query.weight"].t()),
               kv = h.mm(p["layer_0.attention.key_value.weight"].t());
  std::vector<Tensor> heads;
  const int64_t d = s.width / s.heads;
  for (int64_t head = 0; head < s.heads; ++head) {
    const auto of_head = [&](const Tensor& t, int64_t first) { return t.narrow(1, first + head * d, d); };
    const Tensor e = (of_head(q, 0).mm(of_head(kv, 0).t()) / std::sqrt(d)).clamp(-s.clamp, s.clamp).exp() * edges;
    heads.push_back(e.mm(of_head(kv, s.width)) / e.sum(1, true).clamp_min(1e-30));
  }
  const auto linear = [&](const Tensor& x, const std::string& name) {
    return at::linear(x, p["layer_0." + name + ".weight"], p["layer_0." + name + ".bias"]);
  };
  const auto norm = [&](const Tensor& x, const std::string& name) {
    const Tensor centred = x - x.mean(1, true);
    return centred / (centred.square().mean(1, true) + nn::kNormEps).sqrt() * p["layer_0." + name + ".weight"] +
           p["layer_0." + name + ".bias"];
  };
  const Tensor expected = norm(linear(h, "attention_skip") + at::cat(heads, 1), "attention_norm").relu();
  EXPECT_LE(distance(net->hidden(input, ForwardOptions()), expected), 1e-5);
}

/// A label moves only the outputs of nodes that see it: not those of a pass that hides it.
TEST(Transformer, AHiddenLabelChangesNoOutput) {
  Graph graph;
  std::vector<int32_t> labelled;
  for (int32_t i = 0; i < kNodes; i += 2) labelled.push_back(i);
  TransformerShape s = shape("spexphormer");
  s.label_columns = 3;
  const auto outputs = [&](const Tensor& labels, const NetworkInput& (*shown)(NetworkInput&), NetworkInput input) {
    graph.features.labels = std::make_shared<LabelInputs>(make_label_inputs(labelled, labels, kNodes, at::kCPU));
    auto net = network(s);
    return net(shown(input), ForwardOptions()).detach();
  };
  const auto hides_first = [](NetworkInput& input) -> const NetworkInput& {
    input.labels = labels_of(input, [](int64_t, int32_t node) { return node == 0; });
    return input;
  };
  const auto shows_all = [](NetworkInput& input) -> const NetworkInput& { return input; };
  const Tensor one = at::zeros({static_cast<int64_t>(labelled.size()), 3}, at::kByte);
  one.select(1, 0).fill_(1);
  Tensor other = one.clone();
  other[0].copy_(at::tensor({0, 1, 0}, at::kByte));
  for (const NetworkInput& input : {graph.whole(), graph.batch(at::arange(kNodes, at::kInt))}) {
    EXPECT_TRUE(at::equal(outputs(one, hides_first, input), outputs(other, hides_first, input)));
    EXPECT_FALSE(at::equal(outputs(one, shows_all, input), outputs(other, shows_all, input)));
  }
}

TEST(Transformer, LabelsEnterAsALinearMapOfTheirRows) {
  const torch::NoGradGuard no_grad;
  Graph graph;
  const std::vector<int32_t> labelled = {3, 7, 40};
  const Tensor values = at::randn({3, 2});
  graph.features.labels = std::make_shared<LabelInputs>(make_label_inputs(labelled, values, kNodes, at::kCPU));
  TransformerShape s = shape("plain");
  s.label_columns = 2, s.pre_layers = 0;
  auto net = network(s);
  net->eval();
  const auto p = net->named_parameters();
  Tensor expected = at::linear(graph.features.dense, p["input.project.weight"], p["input.project.bias"]);
  for (int64_t i = 0; i < 3; ++i) expected[labelled[i]] += values[i].unsqueeze(0).mm(p["input.labels.weight"].t())[0];
  EXPECT_LE(distance(net->input()(graph.whole()), expected), 1e-5);
  EXPECT_LE(distance(net->input()->infer(graph.whole(), at::kFloat), expected), 1e-5);
  EXPECT_LE(
      distance(at::linear(at::cat({graph.features.dense, dense_labels(graph.features)}, 1),
                          at::cat({p["input.project.weight"], p["input.labels.weight"]}, 1), p["input.project.bias"]),
               expected),
      1e-5);
}

TEST(Transformer, SparseFeaturesGiveTheLogitsAndGradientsOfDenseOnes) {
  const Graph graph;
  Graph sparse = graph;
  const Tensor held = graph.features.dense.ne(0), where = held.nonzero(), turned = held.t().nonzero();
  sparse.features.dense = Tensor();
  const auto starts = [](const Tensor& counts) { return at::cat({at::zeros({1}, at::kLong), counts.cumsum(0)}); };
  sparse.features.row_start = starts(held.sum(1)), sparse.features.t_row_start = starts(held.sum(0));
  sparse.features.column = where.select(1, 1).to(at::kInt).contiguous();
  sparse.features.value = graph.features.dense.masked_select(held);
  sparse.features.t_row = turned.select(1, 1).to(at::kInt).contiguous();
  sparse.features.t_value = graph.features.dense.t().masked_select(held.t());
  auto dense_net = network(shape("spexphormer")), sparse_net = network(shape("spexphormer"));
  const Tensor nodes = at::tensor(std::vector<int32_t>{40, 7, 3, 89, 1, 2, 4, 5});
  const Tensor a = dense_net(graph.batch(nodes), ForwardOptions()),
               b = sparse_net(sparse.batch(nodes), ForwardOptions());
  EXPECT_LE(distance(a, b), 1e-5);
  a.square().sum().backward();
  b.square().sum().backward();
  for (const auto& p : dense_net->named_parameters()) {
    EXPECT_LE(distance(p.value().grad(), sparse_net->named_parameters()[p.key()].grad()), 1e-4) << p.key();
  }
}

TEST(Transformer, GradientsReachEveryParameter) {
  const Graph graph;
  for (const std::string& kind : kKinds) {
    for (NormKind norm : {NormKind::kBatch, NormKind::kGraph, NormKind::kNone}) {
      TransformerShape s = shape(kind);
      s.norm = norm;
      auto net = network(s);
      net(graph.batch(at::arange(40, at::kInt)), ForwardOptions()).pow(3).sum().backward();
      for (const auto& p : net->named_parameters()) {
        ASSERT_TRUE(p.value().grad().defined()) << p.key();
        EXPECT_TRUE(p.value().grad().isfinite().all().item<bool>()) << p.key();
        // A number that is added to the logits of all edges changes no softmax, so its gradient is rounding errors.
        if (p.key().ends_with("edge_bias.bias")) continue;
        EXPECT_GT(p.value().grad().abs().max().item<double>(), 0) << p.key() << " of kind " << kind;
      }
    }
  }
}

TEST(Transformer, RecomputedBlocksGiveTheSameBits) {
  const Graph graph;
  for (const std::string& kind : kKinds) {
    for (NormKind norm : {NormKind::kBatch, NormKind::kGraph}) {
      TransformerShape s = shape(kind);
      s.norm = norm, s.dropout = 0.3;
      ForwardOptions options;
      options.dropout_key = 5;
      std::vector<nn::Transformer> both;
      for (const bool recompute : {false, true}) {
        s.recompute = recompute;
        both.push_back(network(s));
        for (const auto& nodes : {at::arange(40, at::kInt), at::arange(20, 70, at::kInt)})
          both.back()(graph.batch(nodes), options).pow(3).sum().backward();
      }
      const auto kept = nn::state_of(both[0]), again = nn::state_of(both[1]);
      for (size_t i = 0; i < kept.size(); ++i) {
        EXPECT_TRUE(at::equal(kept[i].second, again[i].second)) << kept[i].first;  // running statistics, counted once
        if (!kept[i].second.requires_grad()) continue;
        EXPECT_TRUE(at::equal(kept[i].second.grad(), again[i].second.grad())) << kept[i].first;
      }
    }
  }
}

/// bfloat16 has 8 bits: what comes out differs by some of its rounding steps, and gradients point the same way.
TEST(Transformer, RowsInReducedPrecisionStayClose) {
  const Graph graph;
  for (const std::string kind : {"exphormer", "spexphormer", "plain"}) {
    TransformerShape s = shape(kind);
    s.norm = NormKind::kGraph;
    auto exact = network(s);
    s.rows = at::kBFloat16;
    auto reduced = network(s);
    const NetworkInput input = graph.batch(at::arange(40, at::kInt));
    const Tensor a = exact(input, ForwardOptions()), b = reduced(input, ForwardOptions());
    EXPECT_EQ(b.scalar_type(), at::kFloat);
    EXPECT_GT(distance(a, b), 0);
    EXPECT_LT(distance(a, b), 0.05 * a.abs().max().item<double>());
    a.pow(3).sum().backward();
    b.pow(3).sum().backward();
    const auto kept = exact->parameters(), other = reduced->parameters();
    for (size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(other[i].grad().scalar_type(), at::kFloat);
      if (kept[i].grad().norm().item<double>() < 1e-3) continue;  // of rounding alone: a bias before a norm
      const Tensor cosine = at::cosine_similarity(kept[i].grad().flatten(), other[i].grad().flatten(), 0);
      EXPECT_GT(cosine.item<double>(), 0.98) << exact->named_parameters()[i].key();
    }
    exact->eval(), reduced->eval();
    const torch::NoGradGuard no_grad;
    EXPECT_LT(distance(exact(graph.whole(), ForwardOptions()), reduced(graph.whole(), ForwardOptions())),
              0.05 * a.abs().max().item<double>());
  }
}

TEST(Transformer, FeaturesThatAreAllZeroGiveFiniteGradients) {
  Graph graph;
  graph.features.dense.zero_();
  for (const std::string& kind : kKinds) {
    for (int64_t pre : {0, 1}) {
      TransformerShape s = shape(kind);
      s.norm = kind == "estimator" ? NormKind::kGraph : NormKind::kBatch;
      s.pre_layers = pre;
      auto net = network(s);
      net(graph.batch(at::arange(kNodes, at::kInt)), ForwardOptions()).pow(3).sum().backward();
      std::string bad;
      for (const auto& p : net->named_parameters())
        bad += p.value().grad().isfinite().all().item<bool>() ? "" : " " + p.key();
      EXPECT_EQ(bad, "") << "kind " << kind << " pre layers " << pre;
    }
  }
}

TEST(Transformer, DropoutIsKeyedAndOffInEvaluation) {
  const torch::NoGradGuard no_grad;
  const Graph graph;
  TransformerShape s = shape("exphormer");
  s.dropout = 0.5;
  s.norm = NormKind::kNone;
  auto net = network(s);
  ForwardOptions one, two;
  one.dropout_key = 1, two.dropout_key = 2;
  EXPECT_TRUE(net(graph.whole(), one).equal(net(graph.whole(), one)));
  EXPECT_FALSE(net(graph.whole(), one).equal(net(graph.whole(), two)));
  net->eval();
  EXPECT_TRUE(net(graph.whole(), one).equal(net(graph.whole(), two)));
}

TEST(Transformer, BringsBackScoresAndHiddenRows) {
  const torch::NoGradGuard no_grad;
  const Graph graph;
  auto net = network(shape("spexphormer"));
  std::vector<Tensor> scores;
  ForwardOptions options;
  options.scores = [&](const Tensor& s) { scores.push_back(s); };
  const Tensor hidden = net->hidden(graph.whole(), options);
  EXPECT_EQ(hidden.sizes(), (std::vector<int64_t>{kNodes, 8}));
  ASSERT_EQ(scores.size(), static_cast<size_t>(kLayers));
  for (const Tensor& s : scores) {  // every node but 7 has kDrawn edges
    ASSERT_EQ(s.sizes(), (std::vector<int64_t>{(kNodes - 1) * kDrawn, 2}));
    EXPECT_LE(distance(s.view({kNodes - 1, kDrawn, 2}).sum(1), at::ones({kNodes - 1, 2})), 1e-5);
  }
}

TEST(Transformer, TemperatureSharpensTheEstimatorsScores) {
  const torch::NoGradGuard no_grad;
  const Graph graph;
  auto net = network(shape("estimator"));
  const auto spread = [&](double temperature) {
    std::vector<Tensor> scores;
    ForwardOptions options;
    options.temperature = temperature, options.scores = [&](const Tensor& s) { scores.push_back(s); };
    net(graph.whole(), options);
    return scores[0].std().item<double>();
  };
  EXPECT_GT(spread(0.1), spread(1));
}

TEST(Transformer, ShowsWhatComesOutOfEveryPart) {
  const torch::NoGradGuard no_grad;
  Graph graph;
  auto net = network(shape("plain"));
  const auto first_bad = [&] {
    int64_t first = -1, parts = 0;
    ForwardOptions options;
    options.on_part = [&](int64_t part, const Tensor& h) {
      EXPECT_EQ(part, parts++);
      if (first < 0 && !at::isfinite(h).all().item<bool>()) first = part;
    };
    net(graph.whole(), options);
    EXPECT_EQ(parts, kLayers + 2);
    return first;
  };
  EXPECT_EQ(first_bad(), -1);
  const auto spoil = [&](const std::string& name) { net->named_parameters()[name].fill_(NAN); };
  spoil("output_0.bias");
  EXPECT_EQ(first_bad(), kLayers + 1);
  spoil("layer_1.ffn_out.bias");
  EXPECT_EQ(first_bad(), 2);
  graph.features.dense.fill_(INFINITY);
  EXPECT_EQ(first_bad(), 0);
}

TEST(Transformer, OneLogitForTwoClassesLeavesTheFirstAtZero) {
  const torch::NoGradGuard no_grad;
  const Graph graph;
  TransformerShape s = shape("spexphormer");
  s.outputs = 2, s.one_logit = true;
  auto net = network(s);
  net->eval();
  EXPECT_EQ(net->named_parameters()["output_1.weight"].size(0), 1);
  const Tensor logits = net(graph.whole(), ForwardOptions());
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{kNodes, 2}));
  EXPECT_EQ(logits.select(1, 0).abs().max().item<double>(), 0);
  EXPECT_GT(logits.select(1, 1).abs().max().item<double>(), 0);
}

TEST(Transformer, RefusesEdgesForAnotherNumberOfLayers) {
  const Graph graph;
  NetworkInput input = graph.whole();
  input.layers.pop_back();
  EXPECT_THROW(network(shape("plain"))(input, ForwardOptions()), Error);
}

TEST(Initialise, IsKeyedBySeedAndName) {
  const auto one = network(shape("estimator"), 1), same = network(shape("estimator"), 1);
  const auto other = network(shape("estimator"), 2);
  for (const auto& p : one->named_parameters())
    EXPECT_TRUE(p.value().equal(same->named_parameters()[p.key()])) << p.key();
  const auto query = [](const nn::Transformer& n, const char* layer) {
    return n->named_parameters()[std::string(layer) + ".attention.query.weight"];
  };
  EXPECT_FALSE(query(one, "layer_0").equal(query(other, "layer_0")));
  EXPECT_FALSE(query(one, "layer_0").equal(query(one, "layer_1")));
}

TEST(Initialise, LinearMapsAreUniformAndNormsNeutral) {
  TransformerShape s = shape("estimator");
  s.width = 64, s.norm = NormKind::kGraph;
  const auto net = network(s);
  const auto parameters = net->named_parameters();
  const Tensor weight = parameters["layer_0.attention.query.weight"];
  EXPECT_LE(weight.abs().max().item<double>(), 1 / 8.0);
  EXPECT_NEAR(weight.std().item<double>(), 1 / 8.0 / std::sqrt(3.0), 0.003);
  EXPECT_TRUE((parameters["layer_0.ffn_norm.weight"] == 1).all().item<bool>());
  EXPECT_TRUE((parameters["layer_0.ffn_norm.bias"] == 0).all().item<bool>());
  EXPECT_TRUE((parameters["layer_2.attention.value_scale"] == 0.25).all().item<bool>());
}

/// The statistics of each variant are kept, written, read and used apart.
TEST(Transformer, NormStatisticsOfEachVariant) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "graphsieve-norm-variants.safetensors";
  const torch::NoGradGuard no_grad;
  TransformerShape s = shape("estimator");
  s.norm = NormKind::kGraph;
  // Graphs of different features have different statistics.
  std::vector<Graph> graphs(3);
  for (size_t v = 0; v < graphs.size(); ++v) graphs[v].features.dense = graphs[v].features.dense * (1. + v);
  auto net = network(s);
  net->eval();
  keep_norm_statistics(net);
  std::vector<Tensor> logits(graphs.size());
  for (const int v : {2, 0}) {
    const NormVariant variant(net, v);
    logits[v] = net(graphs[v].whole(), ForwardOptions());
  }
  write_norm_statistics(file, net);
  auto other = network(s);
  other->eval();
  read_norm_statistics(file, other);
  const auto pass = [&](int v, const Graph& graph) {
    const NormVariant variant(other, v);
    return other(graph.whole(), ForwardOptions());
  };
  for (const int v : {0, 2}) EXPECT_TRUE(at::equal(pass(v, graphs[v]), logits[v]));
  EXPECT_FALSE(at::equal(pass(2, graphs[0]), logits[0]));
  // The file has none of variant 1, which gets those of variant 0.
  EXPECT_TRUE(at::equal(pass(1, graphs[0]), logits[0]));
  EXPECT_TRUE(at::equal(other(graphs[0].whole(), ForwardOptions()), logits[0]));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace graphsieve
