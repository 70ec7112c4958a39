// SPDX-License-Identifier: Apache-2.0
// One block of a network: attention, then a feed-forward network (FFN), each with a residual path and a norm.
//
//   h ← Norm(h + Drop(Attn(h)))        h ← Norm(h + FFN(h)),  FFN = Lin, ReLU, Drop, Lin, Drop
//
// A compressed network also has linear maps on the residual paths and on the attention's output:
//
//   h ← Norm(S h + Drop(O Attn(h)))    h ← Norm(R h + FFN(h))
//
// The recipe can change the block: maps S and R without O, or no residual paths (network.skip), Drop(ReLU(Norm(…))) in
// place of the inner Drop (network.activation), and no second half (network.ffn).
#pragma once

#include <torch/nn/module.h>

#include <functional>
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
  /// `shape.first_width` is the width of this block's input; 0: the network's width.
  explicit BlockImpl(const TransformerShape& shape);

  /// Returns the block's output [destinations, width] for h [sources, width]. `dropout_key` is the key of the random
  /// numbers of the block's dropout.
  virtual at::Tensor forward(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options,
                             uint64_t dropout_key);

  /// Computes forward() in evaluation mode without gradients, one piece of the destinations at a time, with the same
  /// bits as forward(), and returns the result in the type `held`. May overwrite h. Apart from h, only one matrix grows
  /// with the graph: that of the sources' keys and values or, in the absorbed form of the attention, that of the
  /// results.
  virtual at::Tensor infer(at::Tensor h, const LayerEdges& layer, const ForwardOptions& options, at::ScalarType held);
  /// Computes infer() and calls take(begin, rows) for consecutive rows of the result, which is never in memory as a
  /// whole.
  virtual void each_inferred(at::Tensor h, const LayerEdges& layer, const ForwardOptions& options,
                             const TakeRows& take);

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
  /// Returns the second half of the block: the norm of the residual path of h plus FFN(h). Without an FFN it returns h.
  at::Tensor feed_forward(const at::Tensor& h, double dropout, uint64_t dropout_key);

  const int64_t width_;
  const double dropout_;
  const bool recompute_, relu_;
  const bool residual_;  ///< true: there are residual paths
  std::shared_ptr<AttentionImpl> attention_;
  Norm attention_norm_{nullptr}, ffn_norm_{nullptr};
  Linear ffn_in_{nullptr}, ffn_out_{nullptr};
  Linear attention_out_{nullptr}, attention_skip_{nullptr},
      ffn_skip_{nullptr};  ///< O, S, R; empty if the block has no such map

 private:
  /// Returns the function that computes the rows [begin, end) of infer(h), and whether each of its calls still needs
  /// all rows of h.
  struct Inference {
    std::function<at::Tensor(int64_t begin, int64_t end)> rows;
    bool needs_all;
  };
  Inference inference(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options);

  /// Returns the norm of the sum of the residual path of h and a second path, both [rows, width], with the dropout and
  /// the activation that the shape asks for. `skip`: map of the residual path, or empty. `site`: number of the dropout
  /// in the block.
  at::Tensor joined(const at::Tensor& path, const at::Tensor& h, const Linear& skip, Norm& norm, double dropout,
                    uint64_t dropout_key, int site) const;
};
TORCH_MODULE(Block);

/// Returns a new block of the shape's network.
Block make_block(const TransformerShape& shape);

}  // namespace graphsieve::nn
