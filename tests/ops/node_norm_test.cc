// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/node_norm/node_norm.h"

#include "graphsieve/ops/node_norm/node_norm_kernel.h"
#include "op_testing.h"

namespace graphsieve {
namespace {

using namespace graphsieve::testing;
using at::Tensor;
using Optional = std::optional<Tensor>;

constexpr double kEps = 1e-5;

struct Inputs {
  Tensor x, scale, weight, bias, grad;
};

/// Columns with means from -3 to 3, so that the centring matters.
Inputs inputs(int64_t n, int64_t d, at::ScalarType type = at::kFloat) {
  return {random_tensor({n, d}, type) + at::linspace(-3, 3, d, type), random_tensor({d}, type, 2),
          random_tensor({d}, type, 3), random_tensor({d}, type, 4), random_tensor({n, d}, type, 5)};
}

/// y, mean, var and the gradients of x, scale, weight and bias. `plain`: the formula in torch's operations.
Tensors forward_backward(const Inputs& in, bool graph_norm, bool given, bool plain) {
  const auto leaf = [](const Tensor& t) { return t.detach().clone().requires_grad_(); };
  const Tensor x = leaf(in.x), scale = leaf(in.scale), weight = leaf(in.weight), bias = leaf(in.bias);
  const Tensor some_mean = in.bias.detach(), some_var = in.weight.detach().abs() + 0.5;
  Tensor y, mean, var;
  if (plain) {
    mean = given ? some_mean : x.mean(0);
    const Tensor z = x - (graph_norm ? scale * mean : mean);
    var = given ? some_var : (z * z).mean(0);
    y = z / (var + kEps).sqrt() * weight + bias;
  } else {
    std::tie(y, mean, var) =
        ops::node_norm(x, graph_norm ? Optional(scale) : std::nullopt, weight, bias,
                       given ? Optional(some_mean) : std::nullopt, given ? Optional(some_var) : std::nullopt, kEps);
    EXPECT_FALSE(mean.requires_grad());
  }
  y.backward(in.grad);
  return {y.detach(),    mean.detach(), var.detach(), x.grad(), graph_norm ? scale.grad() : Tensor(at::zeros({0})),
          weight.grad(), bias.grad()};
}

void expect_agreement(int64_t n, int64_t d, at::ScalarType type, bool graph_norm, bool given, double tolerance) {
  const Inputs in = inputs(n, d, type);
  const Inputs exact{in.x.to(at::kDouble), in.scale.to(at::kDouble), in.weight.to(at::kDouble), in.bias.to(at::kDouble),
                     in.grad.to(at::kDouble)};
  const Tensors ours = forward_backward(in, graph_norm, given, false);
  const Tensors plain = forward_backward(exact, graph_norm, given, true);
  for (size_t i = 0; i < ours.size(); ++i) {
    expect_close(ours[i], plain[i], tolerance,
                 str("n ", n, " d ", d, " GraphNorm ", graph_norm, " given ", given, " result ", i));
  }
}

TEST(NodeNorm, AgreesWithTheFormulaOnEveryTarget) {
  for_each_target([](const std::string&) {
    for (int64_t n : {2, 17, 1031}) {
      for (int64_t d : kOddColumns) {
        if (n == 2 && d > 8) continue;  // two rows: 1 / variance is ill-conditioned, a few columns will do
        for (bool graph_norm : {false, true}) {
          for (bool given : {false, true}) expect_agreement(n, d, at::kFloat, graph_norm, given, n == 2 ? 3e-3 : 2e-4);
        }
      }
    }
  });
}

TEST(NodeNorm, AgreesWithTheFormulaInDouble) {
  for (bool graph_norm : {false, true}) {
    for (bool given : {false, true}) expect_agreement(40, 5, at::kDouble, graph_norm, given, 1e-10);
  }
}

TEST(NodeNorm, VectorCodeAgreesWithReference) {
  const int64_t n = 5003, d = 33;
  const Inputs in = inputs(n, d);
  const kernels::NodeNormArgs<float> a{n,
                                       d,
                                       in.x.const_data_ptr<float>(),
                                       in.scale.const_data_ptr<float>(),
                                       in.weight.const_data_ptr<float>(),
                                       in.bias.const_data_ptr<float>(),
                                       kEps};
  Tensors results[2];
  for (int fast : {0, 1}) {
    const Tensor y = at::empty({n, d}), mean = at::empty({d}), var = at::empty({d}), dx = at::empty({n, d});
    const Tensor ds = at::empty({d}), dw = at::empty({d}), db = at::empty({d});
    float *m = mean.mutable_data_ptr<float>(), *v = var.mutable_data_ptr<float>();
    const kernels::NodeNormGradients<float> to{dx.mutable_data_ptr<float>(), ds.mutable_data_ptr<float>(),
                                               dw.mutable_data_ptr<float>(), db.mutable_data_ptr<float>()};
    if (fast) {
      kernels::node_norm_statistics(a, m, v);
      kernels::node_norm_apply(a, m, v, y.mutable_data_ptr<float>());
      kernels::node_norm_backward(a, in.grad.const_data_ptr<float>(), m, v, true, to);
    } else {
      kernels::node_norm_statistics_reference(a, m, v);
      kernels::node_norm_apply_reference(a, m, v, y.mutable_data_ptr<float>());
      kernels::node_norm_backward_reference(a, in.grad.const_data_ptr<float>(), m, v, true, to);
    }
    results[fast] = {y, mean, var, dx, ds, dw, db};
  }
  for (size_t i = 0; i < results[0].size(); ++i) expect_close(results[1][i], results[0][i], 1e-5, str("result ", i));
}

TEST(NodeNorm, IsTorchsBatchNorm) {
  const Inputs in = inputs(1031, 32);
  const Tensor expected = at::batch_norm(in.x, in.weight, in.bias, {}, {}, true, 0.1, kEps, false);
  expect_close(std::get<0>(ops::node_norm(in.x, {}, in.weight, in.bias, {}, {}, kEps)), expected, 1e-5);
}

TEST(NodeNorm, Gradients) {
  const Inputs in = inputs(6, 3, at::kDouble);
  for (bool graph_norm : {false, true}) {
    expect_gradients(
        [&](const Tensors& t) {
          return std::get<0>(
              ops::node_norm(t[0], graph_norm ? Optional(t[1]) : std::nullopt, t[2], t[3], {}, {}, kEps));
        },
        {in.x, graph_norm ? in.scale : Tensor(), in.weight, in.bias});
  }
}

TEST(NodeNorm, LargeMeanKeepsItsVariance) {
  const Tensor x = random_tensor({20000, 4}) * 0.01 + 100;
  const auto var = std::get<2>(ops::node_norm(x, {}, at::ones({4}), at::zeros({4}), {}, {}, kEps));
  const Tensor exact = x.to(at::kDouble).var(0, false);
  EXPECT_LE(((var.to(at::kDouble) - exact).abs() / exact).max().item<double>(), 1e-4);
}

TEST(NodeNorm, OneRowAndNone) {
  for (int64_t n : {0, 1}) {
    const Inputs in = inputs(n, 5);
    const auto [y, mean, var] = ops::node_norm(in.x, {}, in.weight, in.bias, {}, {}, kEps);
    EXPECT_TRUE(y.isfinite().all().item<bool>());
    expect_close(mean, n ? in.x[0] : at::zeros({5}), 1e-6);
    expect_close(var, at::zeros({5}), 0);
    for (const Tensor& t : forward_backward(in, true, false, false)) EXPECT_TRUE(t.isfinite().all().item<bool>());
  }
}

TEST(NodeNorm, GivenStatisticsAreCopied) {
  const Inputs in = inputs(4, 5);
  const Tensor mean = at::zeros({5}), var = at::ones({5});
  const auto result = ops::node_norm(in.x, {}, in.weight, in.bias, mean, var, kEps);
  expect_same_bits(std::get<1>(result), mean);
  EXPECT_NE(std::get<1>(result).const_data_ptr(), mean.const_data_ptr());
}

TEST(NodeNorm, SameBitsAtAnyThreadCount) {
  for (int64_t d : {4, 32, 33, 201}) {
    const Inputs in = inputs(11758, d);
    expect_same_at_any_thread_count([&] { return forward_backward(in, true, false, false); });
  }
}

TEST(NodeNorm, ShapeFunction) {
  const auto meta = at::TensorOptions().device(at::kMeta);
  const Tensor v = at::empty({3}, meta);
  const auto [y, mean, var] = ops::node_norm(at::empty({7, 3}, meta), v, v, v, {}, {}, kEps);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{7, 3}));
  EXPECT_EQ(mean.sizes(), (std::vector<int64_t>{3}));
  EXPECT_EQ(var.sizes(), (std::vector<int64_t>{3}));
}

TEST(NodeNorm, RefusesWrongArguments) {
  const Tensor x = at::zeros({5, 3}), v = at::zeros({3});
  expect_error([&] { ops::node_norm(at::zeros({5}), {}, v, v, {}, {}, kEps); }, {"node_norm", "[n, D]", "[5]"});
  expect_error([&] { ops::node_norm(x, {}, at::zeros({4}), v, {}, {}, kEps); }, {"node_norm", "weight", "[3]", "[4]"});
  expect_error([&] { ops::node_norm(x, {}, v, v, v, {}, kEps); }, {"node_norm", "both"});
  expect_error([&] { ops::node_norm(x, {}, v.to(at::kDouble), v, {}, {}, kEps); }, {"node_norm", "weight", "Float"});
}

}  // namespace
}  // namespace graphsieve
