// SPDX-License-Identifier: Apache-2.0
// The network that all kinds of networks share: input layers, blocks (nn/block.h), output layers. What differs between
// the kinds is in the registry, nn/networks.h.
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

class TransformerImpl : public torch::nn::Module {
 public:
  explicit TransformerImpl(const TransformerShape& shape);
  /// Logits [destinations of the last layer, classes]. In evaluation mode without gradients the whole graph goes
  /// through a layer in blocks of destinations: with the same bits, and memory for h, keys and values alone.
  at::Tensor forward(const NetworkInput& input, const ForwardOptions& options);
  /// What the output layers take: [destinations of the last layer, width].
  at::Tensor hidden(const NetworkInput& input, const ForwardOptions& options);
  /// bfloat16: the operands of the blocks' products, and queries, keys and values, are rounded to it; sums, softmax,
  /// norms, h and the weights stay float32.
  void keep_rows_in(at::ScalarType type);
  /// The output layers.
  at::Tensor logits(at::Tensor hidden);
  int64_t layers() const { return static_cast<int64_t>(blocks_.size()); }
  const TransformerShape& shape() const { return shape_; }
  at::Device device() { return input_->project->weight.device(); }
  const std::vector<Block>& blocks() const { return blocks_; }
  InputLayers& input() { return input_; }
  const std::vector<Linear>& output() const { return output_; }
  /// The weights of all linear maps, such as "input.project", "layer_0.attention.key", "layer_0.ffn_in", "output_0".
  std::vector<NamedMap> named_maps() const;

 private:
  bool by_blocks_fits(const NetworkInput& input, const ForwardOptions& options) const;

  const TransformerShape shape_;
  InputLayers input_{nullptr};
  std::vector<Block> blocks_;
  std::vector<Linear> output_;
};
TORCH_MODULE(Transformer);

/// Parameters and buffers by name.
std::vector<std::pair<std::string, at::Tensor>> state_of(const Transformer& network);

}  // namespace graphsieve::nn
