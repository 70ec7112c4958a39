// SPDX-License-Identifier: Apache-2.0
// Checks that the adapters of every device share.
#pragma once

#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"

namespace graphsieve::ops {

inline void check_sample(const at::Tensor& row_start, const at::Tensor& index, const at::Tensor& type,
                         const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& rows, int64_t k,
                         int64_t rule) {
  TORCH_CHECK(row_start.dim() == 1 && row_start.scalar_type() == at::kLong && row_start.sym_size(0) > 0,
              "reservoir_sample: row_start must be int64 [n + 1], got ", row_start.scalar_type(), " ",
              row_start.sym_sizes());
  TORCH_CHECK(index.dim() == 1 && index.scalar_type() == at::kInt,
              "reservoir_sample: index must be int32 [edges], got ", index.scalar_type(), " ", index.sym_sizes());
  TORCH_CHECK(type.scalar_type() == at::kByte && type.sym_sizes().equals(index.sym_sizes()),
              "reservoir_sample: type must be uint8 ", index.sym_sizes(), ", got ", type.scalar_type(), " ",
              type.sym_sizes());
  TORCH_CHECK(rule >= 0 && rule <= 2, "reservoir_sample: rule must be 0 (weighted), 1 (uniform) or 2 (largest), got ",
              rule);
  TORCH_CHECK(rule == static_cast<int64_t>(SampleRule::kUniform) || weight.has_value(),
              "reservoir_sample: weighted and largest draws need weights");
  TORCH_CHECK(!weight || (weight->scalar_type() == at::kFloat && weight->sym_sizes().equals(index.sym_sizes())),
              "reservoir_sample: weight must be float32 ", index.sym_sizes());
  TORCH_CHECK(!rows || (rows->dim() == 1 && rows->scalar_type() == at::kInt),
              "reservoir_sample: rows must be int32 [r]");
  TORCH_CHECK(k >= 1, "reservoir_sample: k must be at least 1, got ", k);
}

}  // namespace graphsieve::ops
