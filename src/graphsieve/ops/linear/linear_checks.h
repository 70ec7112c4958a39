// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share. They throw c10::Error.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

inline void check_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && x.sym_size(1) == weight.sym_size(1),
              "linear: x must be [n, in] and weight [out, in], got ", x.sym_sizes(), " and ", weight.sym_sizes());
  check_floating("linear", "weight", weight);
  const bool half = x.scalar_type() == at::kHalf || x.scalar_type() == at::kBFloat16;
  TORCH_CHECK(x.scalar_type() == weight.scalar_type() || (half && weight.scalar_type() == at::kFloat),
              "linear: x must be ", weight.scalar_type(), " as weight is, or float16 or bfloat16 with float32, got ",
              x.scalar_type());
  if (bias) check_like("linear", "bias", *bias, "[out]", {weight.sym_size(0)}, weight);
}

inline void check_linear_backward(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& weight) {
  check_linear(x, weight, std::nullopt);
  check_like("linear_backward", "grad", grad, "[n, out]", {x.sym_size(0), weight.sym_size(0)}, weight);
}

}  // namespace graphsieve::ops
