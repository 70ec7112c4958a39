// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/gather_rows/gather_rows.h"
#include "graphsieve/ops/gather_rows/gather_rows_checks.h"
#include "graphsieve/ops/gather_rows/gather_rows_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;

Tensor gather_meta(const Tensor& x, const Tensor& rows) {
  check_gather_rows(x, rows);
  return at::empty_symint({rows.sym_size(0), x.sym_size(1)}, x.options());
}

Tensor gather_cpu(const Tensor& x, const Tensor& rows) {
  check_gather_rows(x, rows);
  const Tensor from = x.contiguous(), picks = rows.contiguous(),
               out = at::empty({rows.size(0), x.size(1)}, x.options());
  const auto* pick = picks.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < picks.size(0); ++i)
    TORCH_CHECK_INDEX(pick[i] >= 0 && pick[i] < x.size(0), "gather_rows: rows[", i, "] is ", pick[i],
                      ", expected 0 to ", x.size(0) - 1);
  kernels::gather_rows({static_cast<const std::byte*>(from.const_data_ptr()),
                        x.size(1) * static_cast<int64_t>(x.element_size()), pick, picks.size(0),
                        static_cast<std::byte*>(out.mutable_data_ptr())});
  return out;
}

}  // namespace

Tensor gather_rows(const Tensor& x, const Tensor& rows) {
  static const auto op = find_operator<Tensor(const Tensor&, const Tensor&)>("graphsieve::gather_rows");
  return op.call(x, rows);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) { m.def("gather_rows(Tensor x, Tensor rows) -> Tensor"); }
TORCH_LIBRARY_IMPL(graphsieve, CPU, m) { m.impl("gather_rows", graphsieve::ops::gather_cpu); }
TORCH_LIBRARY_IMPL(graphsieve, Meta, m) { m.impl("gather_rows", graphsieve::ops::gather_meta); }
