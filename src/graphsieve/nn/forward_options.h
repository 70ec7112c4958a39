// Settings of one forward pass of a network, and what it gives beside the logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace graphsieve {

/// Settings of one forward pass, and what to bring back beside the logits.
struct ForwardOptions {
  double temperature = 1;                     ///< of the estimator's logits
  uint64_t dropout_key = 0;                   ///< of (seed, epoch, batch); used in training mode
  /// Called with attention scores [edges, heads]: layer after layer, each in one piece or in several in the order of its
  /// edges.
  std::function<void(const at::Tensor& scores)> scores;
  /// Values of each layer [sources, heads · any width] that its attention is to pool beside its own, and where the results
  /// go [destinations, the same]; with gradients to queries and keys. For training against another network's attention.
  const std::vector<at::Tensor>* pool = nullptr;
  std::vector<at::Tensor>* pooled = nullptr;
  /// Called with what comes out of every part: 0 input layers, 1 … L blocks, L + 1 output layers. In evaluation the next
  /// part may overwrite it.
  std::function<void(int64_t part, const at::Tensor& h)> watch;
};

}  // namespace graphsieve
