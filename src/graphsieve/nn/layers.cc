// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/layers.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/nn/fan_out.h"
#include "graphsieve/nn/recompute.h"
#include "graphsieve/ops/layer_norm/layer_norm.h"
#include "graphsieve/ops/linear/linear.h"
#include "graphsieve/ops/node_norm/node_norm.h"
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit.h"
#include "graphsieve/ops/sparse_linear/sparse_linear.h"

namespace graphsieve::nn {

using at::Tensor;

namespace {

thread_local at::Device parameter_device = at::kCPU;

}  // namespace

ParametersOn::ParametersOn(at::Device device) : before_(parameter_device) { parameter_device = device; }
ParametersOn::~ParametersOn() { parameter_device = before_; }
at::TensorOptions ParametersOn::options() { return at::TensorOptions(parameter_device); }

LinearImpl::LinearImpl(int64_t in, int64_t out, bool has_bias) {
  weight = register_parameter("weight", torch::empty({out, in}, ParametersOn::options()));
  if (has_bias) bias = register_parameter("bias", torch::empty({out}, ParametersOn::options()));
}

Tensor LinearImpl::forward(const Tensor& x) const { return mapped(x, weight, bias, rows); }

Tensor mapped(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType rows) {
  if (rows != at::kFloat) return at::linear(x.to(rows), weight.to(rows), bias.defined() ? bias.to(rows) : bias);
  return ops::linear(x, weight, bias.defined() ? std::optional(bias) : std::nullopt);
}

NormKind norm_kind(const std::string& name) {
  if (name == "batch") return NormKind::kBatch;
  if (name == "graph") return NormKind::kGraph;
  if (name == "layer") return NormKind::kLayer;
  if (name == "none") return NormKind::kNone;
  throw Error("norm is '", name, "', expected batch, graph, layer or none");
}

Affine LinearImpl::affine() const {
  const Tensor w = weight.detach().to(at::kDouble);
  return {w, bias.defined() ? bias.detach().to(at::kDouble) : at::zeros({w.size(0)}, at::kDouble)};
}

NormImpl::NormImpl(NormKind k, int64_t norm_width) : kind(k), width(norm_width) {
  if (kind == NormKind::kNone) return;
  weight = register_parameter("weight", torch::ones({width}, ParametersOn::options()));
  bias = register_parameter("bias", torch::zeros({width}, ParametersOn::options()));
  if (kind == NormKind::kGraph) {
    mean_scale = register_parameter("mean_scale", torch::ones({width}, ParametersOn::options()));
  } else if (kind == NormKind::kBatch) {
    running_mean = register_buffer("running_mean", torch::zeros({width}, ParametersOn::options()));
    running_var = register_buffer("running_var", torch::ones({width}, ParametersOn::options()));
  }
}

namespace {

/// Computes running = (1 − momentum) · running + momentum · factor · now for vectors of one number per column.
void move_towards(const Tensor& running, const Tensor& now, double momentum, double factor) {
  const torch::NoGradGuard no_grad;
  if (!running.is_cpu() || running.scalar_type() != at::kFloat || now.scalar_type() != at::kFloat) {
    running.mul_(1 - momentum).add_(now, momentum * factor);
    return;
  }
  // Norms are many and their vectors short, so that torch's calls would cost more than the arithmetic.
  const auto keep = static_cast<float>(1 - momentum), take = static_cast<float>(momentum * factor);
  const float* from = now.const_data_ptr<float>();
  auto* to = running.mutable_data_ptr<float>();
  for (int64_t c = 0; c < running.numel(); ++c) to[c] = to[c] * keep + from[c] * take;
}

}  // namespace

Tensor NormImpl::forward(const Tensor& x) {
  // GraphNorm takes the statistics of x unless others are given, BatchNorm only in training.
  if (kind == NormKind::kNone) return x;
  if (kind == NormKind::kLayer) return ops::layer_norm(x, weight, bias, kNormEps);
  if (kind == NormKind::kGraph) {
    const auto v = static_cast<size_t>(variant);
    const NormStatistics use = !is_training() && v < given.size() ? given[v] : NormStatistics();
    const auto optional = [](const Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; };
    auto [y, mean, var] = ops::node_norm(x, mean_scale, weight, bias, optional(use.mean), optional(use.var), kNormEps);
    if (!is_training() && keeps_statistics) {
      if (seen.size() <= v) seen.resize(v + 1);
      seen[v] = {mean.detach(), var.detach()};
    }
    return y;
  }
  return with_batch_statistics(x, [&](const Optional& mean, const Optional& var) {
    return ops::node_norm(x, {}, weight, bias, mean, var, kNormEps);
  });
}

Tensor NormImpl::relu_unit(const Tensor& x, double least) {
  return with_batch_statistics(x, [&](const Optional& mean, const Optional& var) {
    return ops::norm_relu_unit(x, weight, bias, mean, var, kNormEps, least);
  });
}

Tensor NormImpl::with_batch_statistics(
    const Tensor& x,
    const std::function<std::tuple<Tensor, Tensor, Tensor>(const Optional&, const Optional&)>& normalise) {
  // A training pass moves the running statistics towards those of x; the running variance takes the unbiased estimate.
  constexpr double kMomentum = 0.1;
  if (!is_training()) return std::get<0>(normalise(running_mean, running_var));
  auto [y, mean, var] = normalise({}, {});
  if (recomputing()) return y;
  const double n = static_cast<double>(x.size(0)), unbiased = n > 1 ? n / (n - 1) : 1;
  move_towards(running_mean, mean, kMomentum, 1);
  move_towards(running_var, var, kMomentum, unbiased);
  return y;
}

Diagonal NormImpl::folded() const {
  if (kind == NormKind::kGraph || kind == NormKind::kLayer)
    throw Error("network.norm is ", kind == NormKind::kGraph ? "graph" : "layer",
                ", whose statistics are taken from the nodes anew each time: it is no affine map; expected batch or "
                "none");
  if (kind == NormKind::kNone) return {at::ones({width}, at::kDouble), at::zeros({width}, at::kDouble)};
  const auto exact = [](const Tensor& t) { return t.detach().to(at::kDouble); };
  // weight · (x − mean) / √(var + ε) + bias, written as scale · x + shift.
  const Tensor scale = exact(weight) / (exact(running_var) + kNormEps).sqrt();
  return {scale, exact(bias) - exact(running_mean) * scale};
}

InputLayersImpl::InputLayersImpl(int64_t features, int64_t label_columns, int64_t width, int64_t pre, int64_t reduced) {
  project = register_module("project", Linear(features, width, true));
  if (label_columns > 0) labels = register_module("labels", Linear(label_columns, width, false));
  for (int64_t l = 0; l < pre; ++l) {
    linear.push_back(register_module(str("pre_", l, "_linear"), Linear(width, width, false)));
    norm.push_back(register_module(str("pre_", l, "_norm"), Norm(NormKind::kBatch, width)));
  }
  if (reduced > 0) reduce = register_module("reduce", Linear(width, reduced, true));
}

Tensor InputLayersImpl::forward(const NetworkInput& input) { return reduced(outer(input)); }

InputLayersImpl::FirstMap InputLayersImpl::first_map() const {
  // A product per pass makes the map from the features to the first norm, where a product per row would follow the
  // first map. It pays unless the features have very many columns.
  constexpr int64_t kMostColumns = 1024;
  const Tensor label_map = labels.is_empty() ? Tensor() : labels->weight;
  if (linear.empty() || project->weight.size(1) > kMostColumns)
    return {project->weight, project->bias, label_map, false};
  const Tensor& next = linear[0]->weight;
  return {at::matmul(next, project->weight), at::mv(next, project->bias),
          label_map.defined() ? at::matmul(next, label_map) : label_map, true};
}

Tensor InputLayersImpl::outer(const NetworkInput& input) {
  const FirstMap map = first_map();
  if (input.picked.defined())
    return pre_layers(with_labels(mapped(input.picked, map.weight, map.bias, at::kFloat), map, input), map);
  // Without picked features, the first map is applied to the features of all nodes, and the batch's rows are picked
  // from its output.
  const FeatureMatrix& x = *input.features;
  Tensor h = x.sparse() ? project_sparse(x, map)
                        : mapped(x.dense.to(project->weight.device()), map.weight, map.bias, at::kFloat);
  if (input.rows.defined()) h = picked_rows(h, input.rows);
  return pre_layers(with_labels(h, map, input), map);
}

Tensor InputLayersImpl::infer(const NetworkInput& input, at::ScalarType held) {
  const FirstMap map = first_map();
  const FeatureMatrix& x = *input.features;
  const auto rest = [&](const Tensor& h) { return as_held(reduced(pre_layers(h, map)), held); };
  const auto rows_of_x = [&](int64_t begin, int64_t end) {
    const Tensor rows = x.dense.narrow(0, begin, end - begin).to(project->weight.device());
    return mapped(rows, map.weight, map.bias, at::kFloat);
  };
  // Dense features without labels go through all layers one block at a time. Otherwise the projected features of all
  // nodes are in memory.
  if (!x.sparse() && labels.is_empty())
    return by_blocks(x.rows, [&](int64_t begin, int64_t end) { return rest(rows_of_x(begin, end)); });
  const Tensor h = with_labels(x.sparse() ? project_sparse(x, map) : by_blocks(x.rows, rows_of_x), map, input);
  if (linear.empty() && reduce.is_empty()) return as_held(h, held);
  return by_blocks(x.rows, [&](int64_t begin, int64_t end) { return rest(h.narrow(0, begin, end - begin)); });
}

Tensor InputLayersImpl::with_labels(Tensor h, const FirstMap& map, const NetworkInput& input) const {
  if (labels.is_empty()) return h;
  const ShownLabels shown = input.labels ? *input.labels : labels_of(input);
  const Tensor value = input.features->labels->value.index_select(0, shown.row).to(at::kFloat);
  return h.index_add_(0, shown.position, mapped(value, map.labels, {}, at::kFloat));
}

Tensor InputLayersImpl::project_sparse(const FeatureMatrix& x, const FirstMap& map) const {
  return ops::sparse_linear(x.row_start, x.column, x.value, x.t_row_start, x.t_row, x.t_value, map.weight, map.bias);
}

Tensor InputLayersImpl::pre_layers(Tensor h, const FirstMap& map) {
  for (size_t l = 0; l < linear.size(); ++l) {
    const Tensor before = l == 0 && map.joined ? h : linear[l](h);
    h = norm[l]->relu_unit(before, kTiny);
  }
  return h;
}

Tensor by_blocks(int64_t n, const std::function<Tensor(int64_t, int64_t)>& block) {
  Tensor all;
  for (int64_t begin = 0; begin == 0 || begin < n; begin += kInferenceRows) {
    const int64_t end = std::min(n, begin + kInferenceRows);
    const Tensor part = block(begin, end);
    // A single block is returned as it is, without a copy.
    if (begin == 0 && end == n) return part;
    if (!all.defined()) all = at::empty({n, part.size(1)}, part.options());
    all.narrow(0, begin, end - begin).copy_(part);
  }
  return all;
}

void each_block(int64_t n, const std::function<Tensor(int64_t, int64_t)>& block, const TakeRows& take) {
  for (int64_t begin = 0; begin == 0 || begin < n; begin += kInferenceRows)
    take(begin, block(begin, std::min(n, begin + kInferenceRows)));
}

Tensor as_held(const Tensor& x, at::ScalarType held) { return held == at::kBFloat16 ? x.to(held) : x; }
Tensor as_computed(const Tensor& held) { return held.scalar_type() == at::kBFloat16 ? held.to(at::kFloat) : held; }

namespace {

/// Returns a 64-bit hash of a name (FNV-1a).
uint64_t name_key(const std::string& name) {
  uint64_t key = 0xCBF29CE484222325ull;
  for (unsigned char c : name) key = (key ^ c) * 0x100000001B3ull;
  return key;
}

/// Fills a tensor with `scale` times keyed random numbers, either standard normal or uniform in (−1, 1).
void fill(Tensor& to, uint64_t key, bool gaussian, double scale) {
  const Tensor values = at::empty(to.sizes(), at::kFloat);
  float* x = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < to.numel(); ++i) {
    const double number = gaussian ? normal(key, i) : 2 * uniform(random_key(key, i, 0)) - 1;
    x[i] = static_cast<float>(number * scale);
  }
  to.copy_(values);
}

}  // namespace

void initialise(torch::nn::Module& module, uint64_t seed) {
  const torch::NoGradGuard no_grad;
  // A parameter's numbers depend on the seed and the parameter's name only, and not on the other parameters of the
  // network. Linear maps are found by their class, and edge-type embeddings by their name.
  const uint64_t stream = random_key(seed, Stream::kInitialise);
  for (const auto& item : module.named_modules("", true)) {
    const auto draw = [&](Tensor& parameter, const std::string& name, bool gaussian, double scale) {
      fill(parameter, random_key(stream, name_key(item.key() + "." + name)), gaussian, scale);
    };
    if (auto* linear = item.value()->as<LinearImpl>()) {
      const double bound = 1 / std::sqrt(static_cast<double>(linear->weight.size(1)));
      draw(linear->weight, "weight", false, bound);
      if (linear->bias.defined()) draw(linear->bias, "bias", false, bound);
    }
    for (auto& parameter : item.value()->named_parameters(false))
      if (parameter.key() == "edge_type") draw(parameter.value(), "edge_type", true, 1);
  }
}

std::vector<NamedMap> linear_maps_in(const torch::nn::Module& module) {
  // A two-dimensional parameter named "weight" belongs to a linear map, since the weights of norms have one dimension.
  constexpr std::string_view kWeight = ".weight";
  std::vector<NamedMap> maps;
  for (const auto& item : module.named_parameters())
    if (item.value().dim() == 2 && item.key().ends_with(kWeight))
      maps.push_back({item.key().substr(0, item.key().size() - kWeight.size()), item.value().detach()});
  return maps;
}

}  // namespace graphsieve::nn
