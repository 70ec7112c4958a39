// SPDX-License-Identifier: Apache-2.0
// Settings of one forward pass of a network, and what it gives beside the logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace graphsieve {

/// Settings of one forward pass, and what to bring back beside the logits.
struct ForwardOptions {
  double temperature = 1;    ///< that the estimator's logits are divided by
  uint64_t dropout_key = 0;  ///< key of dropout's random numbers, from (seed, epoch, batch); used in training mode
  /// Called with attention scores [edges, heads] of one layer after the other. A layer's scores come in one piece, or
  /// in several pieces in the order of the layer's edges.
  std::function<void(const at::Tensor& scores)> scores;
  /// Further values per layer, [sources, heads · any width], that the layer's attention sums up beside its own values.
  /// The sums, [destinations, heads · any width], go to `pooled`, and their gradients to queries and keys. Used to
  /// train one network against another network's attention.
  const std::vector<at::Tensor>* pool = nullptr;
  std::vector<at::Tensor>* pooled = nullptr;
  /// Called with the output h of every part of the network: part 0 are the input layers, parts 1 to L the blocks, part
  /// L + 1 the output layers. In evaluation the next part may overwrite h.
  std::function<void(int64_t part, const at::Tensor& h)> on_part;
};

}  // namespace graphsieve
