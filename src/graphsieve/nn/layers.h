// SPDX-License-Identifier: Apache-2.0
// The parts of a network: linear maps, norms, and the input layers, which map features to width D.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/nn/linear_maps.h"

namespace graphsieve::nn {

/// The device of the parameters of all modules that this thread makes while the object lives; without an object it is
/// the CPU. On the device "meta", parameters have shapes but no memory, and a pass through the network costs nothing
/// but shows what it would allocate.
class ParametersOn {
 public:
  explicit ParametersOn(at::Device device);
  ~ParametersOn();
  ParametersOn(const ParametersOn&) = delete;
  ParametersOn& operator=(const ParametersOn&) = delete;

  /// Returns the options of a parameter tensor: float32 on the current device.
  static at::TensorOptions options();

 private:
  at::Device before_;
};

/// The linear map y = x Wᵀ + b, with weight [out, in] and bias [out] or none.
struct LinearImpl : torch::nn::Module {
  LinearImpl(int64_t in, int64_t out, bool has_bias);
  at::Tensor forward(const at::Tensor& x) const;
  /// Returns the map in float64, with a bias of zeros if the map has no bias.
  Affine affine() const;
  at::Tensor weight, bias;
  at::ScalarType rows = at::kFloat;  ///< type of the rows; bfloat16: x, W, b and y are rounded, sums stay float32
};
TORCH_MODULE(Linear);

/// Returns x Wᵀ + b with operands of the type `rows`, float32 or bfloat16 (see LinearImpl::rows). `bias` may be
/// undefined.
at::Tensor mapped(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::ScalarType rows);

constexpr double kNormEps = 1e-5;  ///< number that norms add to variances

/// The kind of a norm.
enum class NormKind { kBatch, kGraph, kLayer, kNone };
/// Returns the kind named "batch", "graph", "layer" or "none". Throws Error if the name is another one.
NormKind norm_kind(const std::string& name);

/// The statistics of one pass, which a norm has computed from the nodes, [width] each.
struct NormStatistics {
  at::Tensor mean, var;
};

/// A norm of rows x [n, width]: BatchNorm, GraphNorm (Cai et al. 2021), LayerNorm (Ba et al. 2016) or none. In
/// evaluation mode BatchNorm uses running statistics, which training updates with momentum 0.1. GraphNorm uses the
/// statistics of the present graph, unless the statistics of the training graph are given for evaluation. LayerNorm
/// takes the mean and the variance of each row by itself.
struct NormImpl : torch::nn::Module {
  NormImpl(NormKind kind, int64_t norm_width);
  at::Tensor forward(const at::Tensor& x);
  /// Returns forward(x) through a ReLU, each row then divided by the larger of its 2-norm and `least`. For BatchNorm
  /// only. Keeps less for the backward pass than the three steps.
  at::Tensor relu_unit(const at::Tensor& x, double least);
  /// Returns the trained norm as a map in float64. Throws Error for GraphNorm and LayerNorm, which are not affine maps,
  /// because their statistics depend on the rows.
  Diagonal folded() const;
  NormKind kind;
  int64_t width;
  at::Tensor weight, bias, mean_scale;   ///< [width]; mean_scale only for GraphNorm
  at::Tensor running_mean, running_var;  ///< [width]; only for BatchNorm
  /// Only for GraphNorm. Passes over one graph that show different inputs have statistics of their own: entry `variant`
  /// of `given` is used in evaluation if that entry is defined, and a pass in evaluation mode that computes statistics
  /// stores them in entry `variant` of `seen` if `keeps_statistics` is true (nn/weights.h).
  int variant = 0;
  std::vector<NormStatistics> given, seen;
  bool keeps_statistics = false;

 private:
  using Optional = std::optional<at::Tensor>;
  /// Returns the output of a BatchNorm whose operator is `normalise`: it takes a mean and a variance, or none for those
  /// of x, and returns the output and the statistics in use. Moves the running statistics in training.
  at::Tensor with_batch_statistics(
      const at::Tensor& x,
      const std::function<std::tuple<at::Tensor, at::Tensor, at::Tensor>(const Optional& mean, const Optional& var)>&
          normalise);
};
TORCH_MODULE(Norm);

/// The input layers, which map features to width D: one linear map, to whose output a linear map of the shown labels is
/// added if labels are inputs (`label_columns` above 0), then `pre` layers of a linear map without bias, BatchNorm,
/// ReLU and division of each row by its 2-norm. In a compressed network a reduction may follow, which is a linear map
/// to `reduced` output columns (0: no reduction).
struct InputLayersImpl : torch::nn::Module {
  InputLayersImpl(int64_t features, int64_t label_columns, int64_t width, int64_t pre, int64_t reduced);
  /// Returns the output [nodes, output columns] for the nodes of the input.
  at::Tensor forward(const NetworkInput& input);
  /// Returns the input of the reduction: the output of all layers before it.
  at::Tensor outer(const NetworkInput& input);
  /// Returns the output for all nodes of the graph in evaluation mode, in the type `held`, computed one block of rows
  /// at a time.
  at::Tensor infer(const NetworkInput& input, at::ScalarType held);
  Linear project{nullptr}, reduce{nullptr};  ///< the first map; the reduction, empty if there is none
  Linear labels{nullptr};                    ///< map of the labels, empty if labels are no inputs
  std::vector<Linear> linear;                ///< linear maps of the pre layers
  std::vector<Norm> norm;                    ///< norms of the pre layers

 private:
  /// The map from the features, and that from the shown labels, of one pass. If `joined` is true, it includes the
  /// linear map of the first pre layer, since nothing lies between the two.
  struct FirstMap {
    at::Tensor weight, bias, labels;  ///< [out, features], [out] and [out, label columns]; labels may be undefined
    bool joined;
  };
  FirstMap first_map() const;
  at::Tensor project_sparse(const FeatureMatrix& x, const FirstMap& map) const;
  /// Returns projected features h [nodes, width] plus the map of the labels that the input shows. Overwrites h.
  at::Tensor with_labels(at::Tensor h, const FirstMap& map, const NetworkInput& input) const;
  at::Tensor pre_layers(at::Tensor h, const FirstMap& map);
  at::Tensor reduced(const at::Tensor& h) const { return reduce.is_empty() ? h : reduce->forward(h); }
};
TORCH_MODULE(InputLayers);

/// Number of rows per block, when evaluation goes through a graph in blocks. The blocks give the same bits as the whole
/// matrix, since no operator's row depends on its place among the rows. About ten tensors of a block are in memory at
/// once.
constexpr int64_t kInferenceRows = int64_t{1} << 14;

/// Returns a matrix of n rows, whose rows [begin, end) are block(begin, end) [end − begin, any width]. For passes
/// without gradients only.
at::Tensor by_blocks(int64_t n, const std::function<at::Tensor(int64_t begin, int64_t end)>& block);

/// Calls take(begin, rows) for the consecutive blocks of rows that by_blocks() would join.
using TakeRows = std::function<void(int64_t begin, const at::Tensor& rows)>;
void each_block(int64_t n, const std::function<at::Tensor(int64_t begin, int64_t end)>& block, const TakeRows& take);

/// Returns x rounded to the type in which evaluation holds h: bfloat16, or float32 for x as it is.
at::Tensor as_held(const at::Tensor& x, at::ScalarType held);
/// Returns rows of h in the type that a block computes with: float32 for bfloat16, otherwise as they are.
at::Tensor as_computed(const at::Tensor& held);

/// Returns the weights of all linear maps in a module, with the names that the maps have in the module.
std::vector<NamedMap> linear_maps_in(const torch::nn::Module& module);

/// Length below which a row is not stretched to length 1. The gradient of the stretching grows as 1/length in every
/// layer: where all nodes look alike (a graph without features), the rows that a norm leaves are rounding errors of
/// length 1e-5, and gradients through several layers of them would overflow. Rows of trained networks are far longer.
constexpr double kTiny = 1e-3;

/// Draws every parameter of a module, keyed by (seed, parameter name). Weights and biases of linear maps are uniform in
/// ±1/√in, where `in` is the number of input columns, and edge-type embeddings are standard normal. Parameters that a
/// module set itself stay: norms keep the weight 1 and the bias 0.
void initialise(torch::nn::Module& module, uint64_t seed);

}  // namespace graphsieve::nn
