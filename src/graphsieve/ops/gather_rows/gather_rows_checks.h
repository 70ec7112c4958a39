// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share. They throw c10::Error.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

inline void check_gather_rows(const at::Tensor& x, const at::Tensor& rows) {
  TORCH_CHECK(x.dim() == 2, "gather_rows: x must be [n, d], got ", x.sym_sizes());
  TORCH_CHECK(rows.dim() == 1 && rows.scalar_type() == at::kInt, "gather_rows: rows must be int32 [r], got ",
              rows.scalar_type(), " ", rows.sym_sizes());
}

}  // namespace graphsieve::ops
