// SPDX-License-Identifier: Apache-2.0
// The optimizer AdamW (Loshchilov and Hutter 2019) on all parameters of a network, with the norm of the gradient
// clipped. Torch's fused function computes the step; on the CPU, the parameters are updated in parallel.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace graphsieve {

/// The optimizer of a list of parameters, with the moments of their gradients.
class AdamW {
 public:
  /// A gradient whose norm is above `clip_norm` is scaled down to this norm; 0: no clipping.
  AdamW(std::vector<at::Tensor> parameters, double weight_decay, double clip_norm);

  /// Makes one step on the parameters that have gradients, and clears the gradients. Returns the norm of all gradients
  /// together before clipping. If this norm is not finite, nothing is changed.
  double step(double learning_rate);

  /// Returns the moments and the number of steps of each parameter, by name. The tensors are the optimizer's own:
  /// copying values into them restores an earlier state.
  std::vector<std::pair<std::string, at::Tensor>> state() const;

 private:
  std::vector<at::Tensor> parameters_, first_, second_, steps_;  ///< per parameter; its moments and number of steps
  double weight_decay_, clip_norm_;
};

}  // namespace graphsieve
