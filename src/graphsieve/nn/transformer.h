// SPDX-License-Identifier: Apache-2.0
// The structure that all kinds of networks share: input layers, blocks (nn/block.h) and output layers. The registry
// (nn/networks.h) holds the properties in which the kinds differ.
#pragma once

#include <torch/nn/module.h>

#include <string>
#include <utility>
#include <vector>

#include "graphsieve/nn/block.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/nn/shape.h"

namespace graphsieve::nn {

/// A network of any kind.
class TransformerImpl : public torch::nn::Module {
 public:
  explicit TransformerImpl(const TransformerShape& shape);
  /// Returns the logits [destinations of the last layer, outputs]. In evaluation mode without gradients, the whole
  /// graph goes through each layer in blocks of destinations. The blocks give the same bits, and only h, keys and
  /// values take memory that grows with the graph. Throws Error if the input has another number of layers than the
  /// network.
  at::Tensor forward(const NetworkInput& input, const ForwardOptions& options);
  /// Returns the input of the output layers: [destinations of the last layer, width].
  at::Tensor hidden(const NetworkInput& input, const ForwardOptions& options);
  /// Computes hidden() and calls take(begin, rows) for consecutive rows of the result. In evaluation mode without
  /// gradients, the result is never in memory as a whole, unless the output layers get the sum of all blocks' outputs.
  /// options.on_part is not called with the output of the last block.
  void each_hidden(const NetworkInput& input, const ForwardOptions& options, const TakeRows& take);
  /// Sets the type of the operands of the blocks' products, and of queries, keys and values. With bfloat16 they are
  /// rounded to bfloat16, while sums, softmax, norms, h and the weights stay float32.
  void keep_rows_in(at::ScalarType type);
  /// Returns the logits [n, outputs] that the output layers compute from hidden vectors [n, width].
  at::Tensor logits(at::Tensor hidden);
  int64_t layers() const { return static_cast<int64_t>(blocks_.size()); }
  const TransformerShape& shape() const { return shape_; }
  at::Device device() { return input_->project->weight.device(); }
  const std::vector<Block>& blocks() const { return blocks_; }
  InputLayers& input() { return input_; }
  const std::vector<Linear>& output() const { return output_; }
  /// Returns the weights of all linear maps, with names such as "input.project", "layer_0.attention.key",
  /// "layer_0.ffn_in" and "output_0".
  std::vector<NamedMap> named_maps() const;

 private:
  /// True if the pass may go through the graph in blocks of rows: in evaluation mode without gradients, for all nodes,
  /// without GraphNorm and without options.pool.
  bool by_blocks_fits(const NetworkInput& input, const ForwardOptions& options) const;
  /// Computes hidden(). If `take` is given and the pass goes through the graph in blocks of rows, the rows of the
  /// result go to `take`, and an undefined tensor is returned.
  at::Tensor pass(const NetworkInput& input, const ForwardOptions& options, const TakeRows* take);

  const TransformerShape shape_;
  InputLayers input_{nullptr};
  std::vector<Block> blocks_;
  std::vector<Linear> output_;
};
TORCH_MODULE(Transformer);

/// Returns the network's parameters and buffers by name.
std::vector<std::pair<std::string, at::Tensor>> state_of(const Transformer& network);

}  // namespace graphsieve::nn
