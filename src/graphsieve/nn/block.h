// SPDX-License-Identifier: Apache-2.0
// One block of a network: attention, then a feed-forward network (FFN), each with a residual path and a norm.
//
//   h ← Norm(h + Drop(Attn(h)))        h ← Norm(h + FFN(h)),  FFN = Lin, ReLU, Drop, Lin, Drop
//
// A compressed network also has linear maps on the residual paths and on the attention's output:
//
//   h ← Norm(S h + Drop(O Attn(h)))    h ← Norm(R h + FFN(h))
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/nn/shape.h"

namespace graphsieve::nn {

/// The standard block of a network. A network with another block derives a class from BlockImpl, and its NetworkKind
/// has a function that makes such blocks.
class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(const TransformerShape& shape);

  /// Returns the block's output [destinations, width] for h [sources, width]. `dropout_key` is the key of the random
  /// numbers of the block's dropout.
  virtual at::Tensor forward(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options,
                             uint64_t dropout_key);

  /// Computes forward() in evaluation mode without gradients, one piece of the destinations at a time, with the same
  /// bits as forward(). Overwrites h. Apart from h, only the matrix of the sources' keys and values grows with the
  /// graph.
  virtual at::Tensor infer(at::Tensor h, const LayerEdges& layer, const ForwardOptions& options);

  /// Sets the type of the operands of the block's products, and of queries, keys and values: float32 or bfloat16.
  virtual void keep_rows_in(at::ScalarType type);

  /// Returns the maps of the trained block in float64. Throws Error if the block does not consist of affine maps and
  /// bilinear logits.
  virtual LayerMaps maps() const;

  /// Returns the weights of all linear maps in the block.
  virtual std::vector<NamedMap> named_maps() const;

 protected:
  /// Returns the norm of the residual path of h plus the attention's output `attended`, both [destinations, …].
  at::Tensor after_attention(const at::Tensor& h, const at::Tensor& attended, double dropout, uint64_t dropout_key);
  /// Returns the second half of the block: the norm of the residual path of h plus FFN(h).
  at::Tensor feed_forward(const at::Tensor& h, double dropout, uint64_t dropout_key);

  const int64_t width_;
  const double dropout_;
  const bool recompute_;
  std::shared_ptr<AttentionImpl> attention_;
  Norm attention_norm_{nullptr}, ffn_norm_{nullptr};
  Linear ffn_in_{nullptr}, ffn_out_{nullptr};
  Linear attention_out_{nullptr}, attention_skip_{nullptr}, ffn_skip_{nullptr};  ///< O, S, R of a compressed network
};
TORCH_MODULE(Block);

/// Returns a new block of the shape's network.
Block make_block(const TransformerShape& shape);

}  // namespace graphsieve::nn
