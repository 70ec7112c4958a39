// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/fan_out.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/gather_rows/gather_rows.h"

namespace graphsieve::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kBlockElements = 1 << 15;  ///< elements that one item of work adds

/// Writes the sum of `first` and `others` to `to`, which may be the memory of `first`. All have rows of `width`
/// numbers; an entry of `others` may have fewer rows than `first`.
template <class T>
void add_rows(const Tensor& first, const std::vector<Tensor>& others, Tensor& to) {
  const int64_t width = first.size(1), block = std::max<int64_t>(1, kBlockElements / std::max<int64_t>(1, width));
  const T* from = first.const_data_ptr<T>();
  T* sum = to.mutable_data_ptr<T>();
  parallel_blocks(first.size(0), block, [&](int64_t begin, int64_t end) {
    if (sum != from) std::copy(from + begin * width, from + end * width, sum + begin * width);
    for (const Tensor& other : others) {
      const T* x = other.const_data_ptr<T>();
      const int64_t last = std::min(end, other.size(0)) * width;
      for (int64_t i = begin * width; i < last; ++i) sum[i] += x[i];
    }
  });
}

/// The autograd function of fan_out().
struct FanOut : torch::autograd::Function<FanOut> {
  static variable_list forward(AutogradContext* context, const Tensor& h, const std::vector<int64_t>& counts) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    context->saved_data["rows"] = h.size(0);
    variable_list parts;
    for (const int64_t count : counts) parts.push_back(h.narrow(0, 0, count));
    return parts;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    ops::check_first_derivative("fan_out");
    const int64_t rows = context->saved_data["rows"].toInt();
    // The first gradient of all rows takes the sum if nothing else holds it. A part that was not used has no gradient.
    Tensor first, to;
    std::vector<Tensor> others;
    for (const Tensor& grad : grads) {
      if (!grad.defined()) continue;
      const bool alone = grad.use_count() == 1 && grad.is_contiguous();
      if (!first.defined() && grad.size(0) == rows) {
        first = grad.contiguous();
        to = alone ? first : at::empty_like(first);
      } else {
        others.push_back(grad.contiguous());
      }
    }
    if (!first.defined()) {
      if (others.empty()) return {Tensor(), Tensor()};
      first = to = at::zeros({rows, others.front().size(1)}, others.front().options());
    }
    if (others.empty()) return {first, Tensor()};
    if (first.is_meta()) return {to, Tensor()};
    first.scalar_type() == at::kDouble ? add_rows<double>(first, others, to) : add_rows<float>(first, others, to);
    return {to, Tensor()};
  }
};

constexpr int64_t kBlockBytes = 1 << 17;  ///< bytes that one item of work writes

/// Writes zeros to a contiguous tensor.
void write_zeros(Tensor& t) {
  auto* data = static_cast<char*>(t.mutable_data_ptr());
  parallel_blocks(static_cast<int64_t>(t.nbytes()), kBlockBytes,
                  [&](int64_t begin, int64_t end) { std::memset(data + begin, 0, end - begin); });
}

/// Copies row i of `from` to row rows[i] of `to`, for every i. The rows are all different.
void scatter_rows(const Tensor& from, const Tensor& rows, Tensor& to) {
  const int64_t bytes = from.size(1) * static_cast<int64_t>(from.element_size());
  const auto* row = rows.const_data_ptr<int32_t>();
  const auto* data = static_cast<const char*>(from.const_data_ptr());
  auto* result = static_cast<char*>(to.mutable_data_ptr());
  parallel_blocks(rows.size(0), std::max<int64_t>(1, kBlockBytes / std::max<int64_t>(1, bytes)),
                  [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) std::memcpy(result + row[i] * bytes, data + i * bytes, bytes);
                  });
}

/// The autograd function of picked_rows().
struct PickedRows : torch::autograd::Function<PickedRows> {
  static Tensor forward(AutogradContext* context, const Tensor& h, const Tensor& rows) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    context->save_for_backward({rows});
    context->saved_data["rows"] = h.size(0);
    return ops::on_host(h) ? ops::gather_rows(h, rows) : h.index_select(0, rows);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    ops::check_first_derivative("picked_rows");
    const Tensor rows = context->get_saved_variables()[0].contiguous(), grad = grads[0].contiguous();
    Tensor to = at::empty({context->saved_data["rows"].toInt(), grad.size(1)}, grad.options());
    if (!grad.is_cpu()) return {to.zero_().index_copy_(0, rows.to(at::kLong), grad), Tensor()};
    write_zeros(to);
    scatter_rows(grad, rows, to);
    return {to, Tensor()};
  }
};

}  // namespace

Tensor picked_rows(const Tensor& h, const Tensor& rows) { return PickedRows::apply(h, rows); }

std::vector<Tensor> fan_out(const Tensor& h, const std::vector<int64_t>& counts) {
  if (h.requires_grad() && torch::GradMode::is_enabled() && ops::on_host(h)) return FanOut::apply(h, counts);
  std::vector<Tensor> parts;
  for (const int64_t count : counts) parts.push_back(count == h.size(0) ? h : h.narrow(0, 0, count));
  return parts;
}

}  // namespace graphsieve::nn
