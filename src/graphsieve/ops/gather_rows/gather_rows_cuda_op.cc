// SPDX-License-Identifier: Apache-2.0
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/gather_rows/gather_rows_checks.h"
#include "graphsieve/ops/gather_rows/gather_rows_cuda.h"

namespace graphsieve::ops {

at::Tensor gather_rows_cuda(const at::Tensor& x, const at::Tensor& rows) {
  check_gather_rows(x, rows);
  TORCH_CHECK(x.device() == rows.device() || x.is_pinned(), "gather_rows: x is on ", x.device(), " and rows on ",
              rows.device(), "; x must be on the same device or in page-locked memory (pin_memory)");
  const DeviceOf device(rows);
  const at::Tensor from = x.contiguous(), picks = rows.contiguous(),
                   out = at::empty({rows.size(0), x.size(1)}, rows.options().dtype(x.scalar_type()));
  kernels::gather_rows_cuda(
      {static_cast<const std::byte*>(from.const_data_ptr()), x.size(1) * static_cast<int64_t>(x.element_size()),
       picks.const_data_ptr<int32_t>(), picks.size(0), static_cast<std::byte*>(out.mutable_data_ptr())},
      x.size(0), device.stream());
  return out;
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) { m.impl("gather_rows", graphsieve::ops::gather_rows_cuda); }
