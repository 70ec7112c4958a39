// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share. They throw c10::Error.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

inline void check_node_norm(const at::Tensor& x, const std::optional<at::Tensor>& mean_scale, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& mean,
                            const std::optional<at::Tensor>& var) {
  TORCH_CHECK(x.dim() == 2, "node_norm: x must be [n, D], got ", x.sym_sizes());
  check_floating("node_norm", "x", x);
  TORCH_CHECK(mean.has_value() == var.has_value(), "node_norm: mean and var must be both given or both absent");
  const auto check_column = [&](const char* name, const std::optional<at::Tensor>& t) {
    if (t) check_like("node_norm", name, *t, "[D]", {x.sym_size(1)}, x);
  };
  check_column("mean_scale", mean_scale);
  check_column("weight", weight);
  check_column("bias", bias);
  check_column("mean", mean);
  check_column("var", var);
}

inline void check_node_norm_backward(const at::Tensor& grad, const at::Tensor& x,
                                     const std::optional<at::Tensor>& mean_scale, const at::Tensor& weight,
                                     const at::Tensor& mean, const at::Tensor& var) {
  check_node_norm(x, mean_scale, weight, std::nullopt, mean, var);
  check_like("node_norm_backward", "grad", grad, "[n, D]", x.sym_sizes(), x);
}

}  // namespace graphsieve::ops
