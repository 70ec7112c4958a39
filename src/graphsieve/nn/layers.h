// SPDX-License-Identifier: Apache-2.0
// The parts of a block: linear map, normalisation, features to width D.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <string>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/nn/linear_maps.h"

namespace graphsieve::nn {

/// Where the parameters of modules made meanwhile on this thread lie; CPU otherwise. On "meta" they have shapes and no
/// memory, and a pass through the network costs nothing but tells what it would allocate.
class ParametersOn {
 public:
  explicit ParametersOn(at::Device device);
  ~ParametersOn();
  ParametersOn(const ParametersOn&) = delete;
  ParametersOn& operator=(const ParametersOn&) = delete;

  /// float32 there.
  static at::TensorOptions options();

 private:
  at::Device before_;
};

/// y = x Wᵀ + b; weight [out, in], bias [out] or none.
struct LinearImpl : torch::nn::Module {
  LinearImpl(int64_t in, int64_t out, bool has_bias);
  at::Tensor forward(const at::Tensor& x) const;
  /// The map in float64, with a bias of zeros where it has none.
  Affine affine() const;
  at::Tensor weight, bias;
  at::ScalarType rows = at::kFloat;  ///< bfloat16: x, W, b and y are rounded to it, sums stay float32
};
TORCH_MODULE(Linear);

constexpr double kNormEps = 1e-5;  ///< added to variances

enum class NormKind { kBatch, kGraph, kNone };
NormKind norm_kind(const std::string& name);

/// BatchNorm (running statistics with momentum 0.1 in evaluation), GraphNorm (Cai et al. 2021, the present graph's
/// statistics always) or nothing. x [n, width].
struct NormImpl : torch::nn::Module {
  NormImpl(NormKind kind, int64_t norm_width);
  at::Tensor forward(const at::Tensor& x);
  /// What the norm is once trained, in float64. Throws Error for GraphNorm, whose statistics are taken from the present
  /// graph: it is no affine map.
  Diagonal folded() const;
  NormKind kind;
  int64_t width;
  at::Tensor weight, bias, mean_scale;   ///< [width]; mean_scale for GraphNorm
  at::Tensor running_mean, running_var;  ///< [width]; for BatchNorm
};
TORCH_MODULE(Norm);

/// Features to width D: one linear map, then `pre` layers of Lin without bias, BatchNorm, ReLU, rows divided by their
/// 2-norm; of a compressed network then a linear map to its `reduced` width (0: none).
struct InputLayersImpl : torch::nn::Module {
  InputLayersImpl(int64_t features, int64_t width, int64_t pre, int64_t reduced);
  at::Tensor forward(const NetworkInput& input);
  /// What the reduction takes: everything before it.
  at::Tensor outer(const NetworkInput& input);
  /// The whole graph's in evaluation mode, a block of rows at a time.
  at::Tensor infer(const FeatureMatrix& features);
  Linear project{nullptr}, reduce{nullptr};
  std::vector<Linear> linear;
  std::vector<Norm> norm;

 private:
  at::Tensor project_sparse(const FeatureMatrix& x) const;
  at::Tensor pre_layers(at::Tensor h);
  at::Tensor reduced(const at::Tensor& h) const { return reduce.is_empty() ? h : reduce->forward(h); }
};
TORCH_MODULE(InputLayers);

/// Evaluation goes through a graph in blocks of so many rows; a multiple of the rows that ops::linear takes at once, so
/// that the bits are those of the whole.
constexpr int64_t kInferenceRows = int64_t{1} << 16;

/// Rows [0, n) of block(begin, end) [end − begin, any width], one below the other; no gradients.
at::Tensor by_blocks(int64_t n, const std::function<at::Tensor(int64_t begin, int64_t end)>& block);

/// The weights of all linear maps in a module, by the names of the maps in it.
std::vector<NamedMap> linear_maps_in(const torch::nn::Module& module);

/// Below this length a row is not stretched to length 1: the gradient, which grows as 1/length, stays finite.
constexpr double kTiny = 1e-6;

/// Draws every parameter of a module, keyed by (seed, parameter name): weights and biases of linear maps uniform in
/// ±1/√in, edge-type embeddings normal, norms at 1 and 0. Parameters that a module set itself stay.
void initialise(torch::nn::Module& module, uint64_t seed);

}  // namespace graphsieve::nn
