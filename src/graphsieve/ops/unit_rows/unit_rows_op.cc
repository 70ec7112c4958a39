// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/unit_rows/unit_rows.h"
#include "graphsieve/ops/unit_rows/unit_rows_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;

void check_unit_rows(const Tensor& x, double least, int64_t first, const Optional& scale) {
  check_floating("unit_rows", "x", x);
  TORCH_CHECK(x.dim() == 2, "unit_rows: x must be [n, width], got ", x.sym_sizes());
  TORCH_CHECK(least > 0, "unit_rows: least must be above 0, got ", least);
  TORCH_CHECK(first >= 0 && x.sym_size(1) >= first, "unit_rows: first must be 0 to ", x.sym_size(1), ", got ", first);
  if (scale) check_like("unit_rows", "scale", *scale, "[1]", {1}, x);
}

template <class T>
kernels::UnitRowsArgs<T> arguments(const Tensor& x, double least, int64_t first, const Optional& scale) {
  return {x.const_data_ptr<T>(),
          x.size(0),
          x.size(1),
          first,
          static_cast<T>(least),
          scale ? *scale->const_data_ptr<T>() : T(1)};
}

std::tuple<Tensor, Tensor> unit_rows_meta(const Tensor& x, double least, int64_t first, const Optional& scale) {
  check_unit_rows(x, least, first, scale);
  return {at::empty_symint(x.sym_sizes(), x.options()), at::empty_symint({x.sym_size(0)}, x.options())};
}

std::tuple<Tensor, Tensor> unit_rows_cpu(const Tensor& x_any, double least, int64_t first, const Optional& scale) {
  check_unit_rows(x_any, least, first, scale);
  const Tensor x = x_any.contiguous();
  Tensor y = at::empty(x.sizes(), x.options()), divisor = at::empty({x.size(0)}, x.options());
  const auto run = [&]<class T>(T) {
    kernels::unit_rows<T>(arguments<T>(x, least, first, scale), y.mutable_data_ptr<T>(), divisor.mutable_data_ptr<T>());
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(double());
  return {y, divisor};
}

std::tuple<Tensor, Tensor> unit_rows_backward_meta(const Tensor&, const Tensor& x, const Tensor&, double, int64_t,
                                                   const Optional&) {
  return {at::empty_symint(x.sym_sizes(), x.options()), at::empty_symint({1}, x.options())};
}

std::tuple<Tensor, Tensor> unit_rows_backward_cpu(const Tensor& grad_any, const Tensor& x_any, const Tensor& divisor,
                                                  double least, int64_t first, const Optional& scale) {
  check_unit_rows(x_any, least, first, scale);
  check_like("unit_rows_backward", "grad", grad_any, "the shape of x", x_any.sym_sizes(), x_any);
  const Tensor grad = grad_any.contiguous(), x = x_any.contiguous(), by = divisor.contiguous();
  Tensor dx = at::empty(x.sizes(), x.options()), dscale = at::empty({1}, x.options());
  const auto run = [&]<class T>(T) {
    *dscale.mutable_data_ptr<T>() =
        static_cast<T>(kernels::unit_rows_backward<T>(arguments<T>(x, least, first, scale), by.const_data_ptr<T>(),
                                                      grad.const_data_ptr<T>(), dx.mutable_data_ptr<T>()));
  };
  x.scalar_type() == at::kFloat ? run(float()) : run(double());
  return {dx, dscale};
}

}  // namespace

Tensor unit_rows(const Tensor& x, double least, int64_t first, const Optional& scale) {
  if (!on_host(x)) {
    const Tensor rows = x.slice(1, first), unit = rows / rows.norm(2, {1}, true).clamp_min(least);
    const Tensor scaled = scale ? unit * *scale : unit;
    return first == 0 ? scaled : at::cat({x.narrow(1, 0, first), scaled}, 1);
  }
  static const auto op = find_operator<std::tuple<Tensor, Tensor>(const Tensor&, double, int64_t, const Optional&)>(
      "graphsieve::unit_rows");
  return std::get<0>(op.call(x, least, first, scale));
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def("unit_rows(Tensor x, float least, int first=0, Tensor? scale=None) -> (Tensor y, Tensor divisor)");
  m.def(
      "unit_rows_backward(Tensor grad, Tensor x, Tensor divisor, float least, int first, Tensor? scale) -> (Tensor, "
      "Tensor)");
}

TORCH_LIBRARY_IMPL(graphsieve, CPU, m) {
  m.impl("unit_rows", graphsieve::ops::unit_rows_cpu);
  m.impl("unit_rows_backward", graphsieve::ops::unit_rows_backward_cpu);
}

TORCH_LIBRARY_IMPL(graphsieve, Meta, m) {
  m.impl("unit_rows", graphsieve::ops::unit_rows_meta);
  m.impl("unit_rows_backward", graphsieve::ops::unit_rows_backward_meta);
}
