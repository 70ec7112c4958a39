// SPDX-License-Identifier: Apache-2.0
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_checks.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_cuda.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace graphsieve::ops {

std::tuple<at::Tensor, at::Tensor> reservoir_sample_cuda(const at::Tensor& row_start, const at::Tensor& index,
                                                         const at::Tensor& type,
                                                         const std::optional<at::Tensor>& weight,
                                                         const std::optional<at::Tensor>& rows, int64_t k, int64_t rule,
                                                         int64_t key) {
  check_sample(row_start, index, type, weight, rows, k, rule);
  TORCH_CHECK(k <= kernels::kMostSampled, "reservoir_sample: k is ", k, ", expected up to ", kernels::kMostSampled,
              " on a GPU");
  check_one_device("reservoir_sample", index, {row_start, type, weight, rows});
  const DeviceOf device(index);
  const at::Tensor start = row_start.contiguous(), sources = index.contiguous(), types = type.contiguous();
  const auto weights = contiguous(weight), nodes = contiguous(rows);
  const int64_t count = nodes ? nodes->size(0) : start.size(0) - 1;
  at::Tensor out = at::empty({count, k}, index.options()), position = at::empty({count, k}, index.options());
  kernels::reservoir_sample_cuda(
      {start.const_data_ptr<int64_t>(), sources.const_data_ptr<int32_t>(), types.const_data_ptr<uint8_t>(),
       pointer_or_null<float>(weights), pointer_or_null<int32_t>(nodes), count, sources.size(0), k,
       static_cast<SampleRule>(rule), static_cast<uint64_t>(key)},
      out.mutable_data_ptr<int32_t>(), position.mutable_data_ptr<int32_t>(), device.stream());
  return {out, position};
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("reservoir_sample", graphsieve::ops::reservoir_sample_cuda);
}
