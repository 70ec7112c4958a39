// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_checks.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using Sample = std::tuple<Tensor, Tensor>;

Sample sample_meta(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
                   const OptionalTensor& rows, int64_t k, int64_t rule, int64_t) {
  check_sample(row_start, index, type, weight, rows, k, rule);
  const auto count = rows ? rows->sym_size(0) : row_start.sym_size(0) - 1;
  return {at::empty_symint({count, k}, index.options()), at::empty_symint({count, k}, index.options())};
}

Sample sample_cpu(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
                  const OptionalTensor& rows, int64_t k, int64_t rule, int64_t key) {
  check_sample(row_start, index, type, weight, rows, k, rule);
  const Tensor start = row_start.contiguous(), sources = index.contiguous(), types = type.contiguous();
  const OptionalTensor weights = contiguous(weight), nodes = contiguous(rows);
  const int64_t count = nodes ? nodes->size(0) : start.size(0) - 1;
  Tensor out = at::empty({count, k}, index.options()), position = at::empty({count, k}, index.options());
  kernels::reservoir_sample(
      {start.const_data_ptr<int64_t>(), sources.const_data_ptr<int32_t>(), types.const_data_ptr<uint8_t>(),
       pointer_or_null<float>(weights), pointer_or_null<int32_t>(nodes), count, sources.size(0), k,
       static_cast<SampleRule>(rule), static_cast<uint64_t>(key)},
      out.mutable_data_ptr<int32_t>(), position.mutable_data_ptr<int32_t>());
  return {out, position};
}

}  // namespace

Sample reservoir_sample(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
                        const OptionalTensor& rows, int64_t k, SampleRule rule, int64_t key) {
  static const auto op =
      find_operator<Sample(const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&, const OptionalTensor&,
                           int64_t, int64_t, int64_t)>("graphsieve::reservoir_sample");
  return op.call(row_start, index, type, weight, rows, k, static_cast<int64_t>(rule), key);
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "reservoir_sample(Tensor row_start, Tensor index, Tensor type, Tensor? weight, Tensor? rows, int k, int rule, "
      "int key) -> (Tensor, Tensor)");
}
TORCH_LIBRARY_IMPL(graphsieve, CPU, m) { m.impl("reservoir_sample", graphsieve::ops::sample_cpu); }
TORCH_LIBRARY_IMPL(graphsieve, Meta, m) { m.impl("reservoir_sample", graphsieve::ops::sample_meta); }
