// SPDX-License-Identifier: Apache-2.0
// One block of a network: attention, then a feed-forward network (FFN), each with a residual path and a norm.
//
//   h ← Norm(h + Drop(Attn(h)))        h ← Norm(h + FFN(h)),  FFN = Lin, ReLU, Drop, Lin, Drop
//
// A compressed network has linear maps where a wide one has none, on the residual paths: h ← Norm(S h + Drop(O
// Attn(h))), and likewise around the FFN.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/nn/shape.h"

namespace graphsieve::nn {

/// The standard block. A network with another block derives from this class and names the new class in its NetworkKind.
class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(const TransformerShape& shape);

  /// h [sources, width] -> [destinations, width].
  virtual at::Tensor forward(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options,
                             uint64_t dropout_key);

  /// forward in evaluation mode without gradients, with the same bits, a piece of the destinations at a time.
  /// Overwrites h. Beside h only [sources, keys and values] grows with the graph.
  virtual at::Tensor infer(at::Tensor h, const LayerEdges& layer, const ForwardOptions& options);

  /// The type of the operands of the products, of queries, keys and values: float32 or bfloat16.
  virtual void keep_rows_in(at::ScalarType type);

  /// The trained block in float64. Throws Error where the block is not made of affine maps and bilinear logits.
  virtual LayerMaps maps() const;

  /// The weights of all linear maps in the block.
  virtual std::vector<NamedMap> named_maps() const;

 protected:
  at::Tensor after_attention(const at::Tensor& h, const at::Tensor& attended, double dropout, uint64_t dropout_key);
  at::Tensor feed_forward(const at::Tensor& h, double dropout, uint64_t dropout_key);

  const int64_t width_;
  const double dropout_;
  const bool recompute_;
  std::shared_ptr<AttentionImpl> attention_;
  Norm attention_norm_{nullptr}, ffn_norm_{nullptr};
  Linear ffn_in_{nullptr}, ffn_out_{nullptr};
  Linear attention_out_{nullptr}, attention_skip_{nullptr}, ffn_skip_{nullptr};  ///< of a compressed network
};
TORCH_MODULE(Block);

/// A block of the shape's network.
Block make_block(const TransformerShape& shape);

}  // namespace graphsieve::nn
