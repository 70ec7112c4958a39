// SPDX-License-Identifier: Apache-2.0
// The settings of one forward pass of a network, and the results that the pass returns besides the logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace graphsieve {

/// The settings of one forward pass, and the receivers of results besides the logits.
struct ForwardOptions {
  double temperature = 1;    ///< number that the estimator's attention logits are divided by
  uint64_t dropout_key = 0;  ///< key of dropout's random numbers, made from (seed, epoch, batch); used in training mode
  /// Called with the attention scores [edges, heads] of one layer after the other. The scores of a layer come in one
  /// piece, or in several pieces in the order of the layer's edges.
  std::function<void(const at::Tensor& scores)> scores;
  /// Further values, one tensor [sources, heads · any width] per layer. The attention of a layer sums the rows of this
  /// tensor, weighted by the attention scores, as it sums its own values. The sums [destinations, heads · any width]
  /// are appended to `pooled`, and their gradients flow to queries and keys. If `pool` is set, `pooled` must point to
  /// an empty list. Used to train one network against another network's attention.
  const std::vector<at::Tensor>* pool = nullptr;
  std::vector<at::Tensor>* pooled = nullptr;
  /// Called with the output h of every part of the network. Part 0 is the input layers, parts 1 to L are the blocks,
  /// and part L + 1 is the output layers. In evaluation mode the next part may overwrite h. each_hidden() does not call
  /// it with the output of the last block.
  std::function<void(int64_t part, const at::Tensor& h)> on_part;
  /// Called with the vectors between attention and FFN of one layer after the other, which come in one piece [rows,
  /// width] or in several pieces in the order of the rows. A block without FFN has none.
  std::function<void(const at::Tensor& middle)> on_middle;
};

}  // namespace graphsieve
