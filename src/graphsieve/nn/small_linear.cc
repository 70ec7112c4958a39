// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/small_linear.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/torch.h>

#include "graphsieve/ops/common/torch_call.h"

namespace graphsieve::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The sizes of a call.
struct Sizes {
  int64_t rows, in, out;
  Sizes(const Tensor& x, const Tensor& weight) : rows(x.size(0)), in(x.size(1)), out(weight.size(0)) {}
};

template <class T>
void compute(const Tensor& x, const Tensor& weight, const Tensor& bias, T factor, Tensor& y) {
  const Sizes n(x, weight);
  const T *from = x.const_data_ptr<T>(), *w = weight.const_data_ptr<T>();
  const T* b = bias.defined() ? bias.const_data_ptr<T>() : nullptr;
  T* to = y.mutable_data_ptr<T>();
  for (int64_t r = 0; r < n.rows; ++r)
    for (int64_t o = 0; o < n.out; ++o) {
      T sum = b ? b[o] : T(0);
      for (int64_t c = 0; c < n.in; ++c) sum += from[r * n.in + c] * w[o * n.in + c];
      to[r * n.out + o] = factor * sum;
    }
}

/// Adds to dx, dweight and, if it is defined, dbias, which are zero before.
template <class T>
void differentiate(const Tensor& grad, const Tensor& x, const Tensor& weight, T factor, Tensor& dx, Tensor& dweight,
                   Tensor& dbias) {
  const Sizes n(x, weight);
  const T *g = grad.const_data_ptr<T>(), *from = x.const_data_ptr<T>(), *w = weight.const_data_ptr<T>();
  T *to_x = dx.mutable_data_ptr<T>(), *to_w = dweight.mutable_data_ptr<T>();
  T* to_b = dbias.defined() ? dbias.mutable_data_ptr<T>() : nullptr;
  for (int64_t r = 0; r < n.rows; ++r)
    for (int64_t o = 0; o < n.out; ++o) {
      const T scaled = factor * g[r * n.out + o];
      if (to_b) to_b[o] += scaled;
      for (int64_t c = 0; c < n.in; ++c) {
        to_x[r * n.in + c] += scaled * w[o * n.in + c];
        to_w[o * n.in + c] += scaled * from[r * n.in + c];
      }
    }
}

struct SmallLinear : torch::autograd::Function<SmallLinear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& given_bias, double factor) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    const Tensor bias = given_bias.value_or(Tensor());
    context->save_for_backward({x, weight});
    context->saved_data["factor"] = factor;
    context->saved_data["has_bias"] = bias.defined();
    Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
    if (x.is_meta()) return y;
    if (x.scalar_type() == at::kDouble)
      compute<double>(x.contiguous(), weight.contiguous(), bias, factor, y);
    else
      compute<float>(x.contiguous(), weight.contiguous(), bias, static_cast<float>(factor), y);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    ops::check_first_derivative("small_linear");
    const auto saved = context->get_saved_variables();
    const Tensor x = saved[0].contiguous(), weight = saved[1].contiguous(), grad = grads[0].contiguous();
    const double factor = context->saved_data["factor"].toDouble();
    Tensor dx = at::zeros_like(x), dweight = at::zeros_like(weight), dbias;
    if (context->saved_data["has_bias"].toBool()) dbias = at::zeros({weight.size(0)}, weight.options());
    if (!x.is_meta() && x.scalar_type() == at::kDouble)
      differentiate<double>(grad, x, weight, factor, dx, dweight, dbias);
    else if (!x.is_meta())
      differentiate<float>(grad, x, weight, static_cast<float>(factor), dx, dweight, dbias);
    return {dx, dweight, dbias, Tensor()};
  }
};

}  // namespace

Tensor small_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, double factor) {
  const std::optional<Tensor> given = bias.defined() ? std::optional(bias) : std::nullopt;
  if (ops::on_host(x)) return SmallLinear::apply(x, weight, given, factor);
  const Tensor y = at::linear(x, weight, given);
  return factor == 1 ? y : y * factor;
}

}  // namespace graphsieve::nn
