// SPDX-License-Identifier: Apache-2.0
// AdamW (Loshchilov and Hutter 2019) on all parameters, with the gradient's norm clipped. Torch's fused step does the
// work.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace graphsieve {

class AdamW {
 public:
  AdamW(std::vector<at::Tensor> parameters, double weight_decay, double clip_norm);

  /// One step with the gradients that are there, which are then cleared. Returns the norm before clipping; if that is
  /// not finite, nothing is changed.
  double step(double learning_rate);

  /// Moments and numbers of steps, by name, to be kept and set.
  std::vector<std::pair<std::string, at::Tensor>> state() const;

 private:
  std::vector<at::Tensor> parameters_, first_, second_, steps_;
  double weight_decay_, clip_norm_;
};

}  // namespace graphsieve
