// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share. They throw c10::Error.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

inline void check_relu_dropout(const at::Tensor& x, double p) {
  check_floating("relu_dropout", "x", x);
  TORCH_CHECK(p >= 0 && p < 1, "relu_dropout: p must be in [0, 1), got ", p);
}

}  // namespace graphsieve::ops
