#include "graphsieve/ops/reservoir_sample/reservoir_sample.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using Sample = std::tuple<Tensor, Tensor>;

void check(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
           const OptionalTensor& rows, int64_t k, int64_t rule) {
  TORCH_CHECK(row_start.dim() == 1 && row_start.scalar_type() == at::kLong && row_start.sym_size(0) > 0,
              "reservoir_sample: row_start must be int64 [n + 1], got ", row_start.scalar_type(), " ",
              row_start.sym_sizes());
  TORCH_CHECK(index.dim() == 1 && index.scalar_type() == at::kInt, "reservoir_sample: index must be int32 [edges], got ",
              index.scalar_type(), " ", index.sym_sizes());
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

Sample sample_meta(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
                   const OptionalTensor& rows, int64_t k, int64_t rule, int64_t) {
  check(row_start, index, type, weight, rows, k, rule);
  const auto count = rows ? rows->sym_size(0) : row_start.sym_size(0) - 1;
  return {at::empty_symint({count, k}, index.options()), at::empty_symint({count, k}, type.options())};
}

Sample sample_cpu(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
                  const OptionalTensor& rows, int64_t k, int64_t rule, int64_t key) {
  check(row_start, index, type, weight, rows, k, rule);
  const Tensor start = row_start.contiguous(), sources = index.contiguous(), types = type.contiguous();
  const OptionalTensor weights = contiguous(weight), nodes = contiguous(rows);
  const int64_t count = nodes ? nodes->size(0) : start.size(0) - 1;
  Tensor out = at::empty({count, k}, index.options()), out_type = at::empty({count, k}, type.options());
  kernels::reservoir_sample({start.const_data_ptr<int64_t>(), sources.const_data_ptr<int32_t>(),
                             types.const_data_ptr<uint8_t>(), pointer_or_null<float>(weights),
                             pointer_or_null<int32_t>(nodes), count, sources.size(0), k, static_cast<SampleRule>(rule),
                             static_cast<uint64_t>(key)},
                            out.mutable_data_ptr<int32_t>(), out_type.mutable_data_ptr<uint8_t>());
  return {out, out_type};
}

}  // namespace

Sample reservoir_sample(const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& weight,
                        const OptionalTensor& rows, int64_t k, SampleRule rule, int64_t key) {
  static const auto op = find_operator<Sample(const Tensor&, const Tensor&, const Tensor&, const OptionalTensor&,
                                              const OptionalTensor&, int64_t, int64_t, int64_t)>(
      "graphsieve::reservoir_sample");
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
