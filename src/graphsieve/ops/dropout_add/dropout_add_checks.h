// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share. They throw c10::Error.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

inline void check_dropout_add(const at::Tensor& x, const std::optional<at::Tensor>& residual, double p) {
  check_floating("dropout_add", "x", x);
  TORCH_CHECK(p >= 0 && p < 1, "dropout_add: p must be in [0, 1), got ", p);
  if (residual) check_like("dropout_add", "residual", *residual, "the shape of x", x.sym_sizes(), x);
}

}  // namespace graphsieve::ops
