// SPDX-License-Identifier: Apache-2.0
// Checks that the adapters of every device share.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {

inline void check_expand_block(const at::Tensor& destinations, const at::Tensor& index, const at::Tensor& type,
                               const at::Tensor& local) {
  TORCH_CHECK(destinations.dim() == 1 && destinations.scalar_type() == at::kInt,
              "expand_block: destinations must be int32 [d], got ", destinations.scalar_type(), " ",
              destinations.sym_sizes());
  TORCH_CHECK(index.dim() == 2 && index.scalar_type() == at::kInt && index.sym_size(0) == destinations.sym_size(0),
              "expand_block: index must be int32 [", destinations.sym_size(0), ", k], got ", index.scalar_type(), " ",
              index.sym_sizes());
  TORCH_CHECK(type.scalar_type() == at::kByte && type.sym_sizes().equals(index.sym_sizes()),
              "expand_block: type must be uint8 ", index.sym_sizes());
  TORCH_CHECK(local.dim() == 1 && local.scalar_type() == at::kInt, "expand_block: local must be int32 [n]");
}

}  // namespace graphsieve::ops
