// SPDX-License-Identifier: Apache-2.0
// The adapter for NVIDIA GPUs. Rows in a form that the kernels do not accept are copied once and padded with zeros.
#include <torch/library.h>

#include <array>
#include <bit>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/common/scratch_tensors.h"
#include "graphsieve/ops/sparse_attention/sparse_attention.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_checks.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_cuda.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;
using kernels::BFloat16;
using kernels::Float16;

/// The heads and their width in the call, and the padded ones for the kernels.
struct HeadShape {
  int64_t heads, keys, values;  ///< widths per head
  int64_t padded_heads, padded_width;

  HeadShape(const Tensor& query, const Tensor& key_value, int64_t heads)
      : heads(heads), keys(query.size(1) / heads), values((key_value.size(1) - query.size(1)) / heads) {
    const auto power = [](int64_t x) { return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(x))); };
    padded_heads = power(heads);
    // Keys and values get the same width, and a head at least 16 bytes.
    padded_width = power(std::max({keys, values, 16 / query.element_size()}));
    TORCH_CHECK(kernels::sparse_attention_cuda_takes(padded_heads, padded_width, query.element_size()),
                "sparse_attention: ", heads, " heads of ", std::max(keys, values), " columns: a row of up to ",
                1024 / query.element_size(), " columns of ", query.scalar_type(),
                " is taken on a GPU, heads and their width counted as powers of two");
  }
  int64_t width() const { return padded_heads * padded_width; }
  bool fits(int64_t head_width) const { return heads == padded_heads && head_width == padded_width; }
};

/// True if the rows are contiguous and begin at multiples of 16 bytes, as the kernels require.
bool aligned(const Tensor& t) {
  const int64_t row = t.stride(0) * t.element_size();
  return (t.size(1) == 1 || t.stride(1) == 1) && (t.size(0) <= 1 || row % 16 == 0) &&
         reinterpret_cast<uintptr_t>(t.const_data_ptr()) % 16 == 0;
}

/// Returns the columns of t, which are one part per number of head_widths, in the form that the kernels use: a copy
/// with zeros in between, or t itself if it already has this form.
Tensor padded(const Tensor& t, const HeadShape& s, std::initializer_list<int64_t> head_widths) {
  bool fits = true;
  for (const int64_t w : head_widths) fits = fits && s.fits(w);
  if (fits) return aligned(t) ? t : t.clone(at::MemoryFormat::Contiguous);
  // Padding does not change results: a column of zeros in query, key and scale adds nothing to a logit, and a column of
  // zeros in the value adds a column of zeros to the output, which unpadded() removes.
  Tensor to =
      at::zeros({t.size(0), static_cast<int64_t>(head_widths.size()), s.padded_heads, s.padded_width}, t.options());
  int64_t part = 0, column = 0;
  for (const int64_t w : head_widths) {
    to.select(1, part++)
        .narrow(1, 0, s.heads)
        .narrow(2, 0, w)
        .copy_(t.narrow(1, column, s.heads * w).unflatten(1, {s.heads, w}));
    column += s.heads * w;
  }
  return to.view({t.size(0), -1});
}

/// Returns t without the zeros that padded() inserted.
Tensor unpadded(const Tensor& t, const HeadShape& s, std::initializer_list<int64_t> head_widths) {
  bool fits = true;
  for (const int64_t w : head_widths) fits = fits && s.fits(w);
  if (fits) return t;
  const Tensor heads = t.view({t.size(0), static_cast<int64_t>(head_widths.size()), s.padded_heads, s.padded_width});
  std::vector<Tensor> parts;
  for (const int64_t w : head_widths)
    parts.push_back(
        heads.select(1, static_cast<int64_t>(parts.size())).narrow(1, 0, s.heads).narrow(2, 0, w).flatten(1));
  return parts.size() == 1 ? parts[0].contiguous() : at::cat(parts, 1);
}

/// Returns the biases per type with zeros for the heads that padded() adds. The results of these heads are removed
/// again.
Tensor padded_bias(const Tensor& bias, const HeadShape& s) {
  return s.heads == s.padded_heads ? bias.contiguous() : at::constant_pad_nd(bias, {0, s.padded_heads - s.heads});
}

kernels::DeviceEdges device_edges(const Tensor& row_start, const Tensor& index, const Tensor& type) {
  return {row_start.size(0) - 1, index.size(0), row_start.const_data_ptr<int64_t>(), index.const_data_ptr<int32_t>(),
          type.const_data_ptr<uint8_t>()};
}

/// The tensors of a call in the form that the kernels use.
struct DeviceOperands {
  HeadShape shape;
  Tensor query, key_value, row_start, index, type, type_scale, type_bias;
  double clamp;

  kernels::DeviceEdges edges() const { return device_edges(row_start, index, type); }

  template <class T>
  kernels::SparseAttentionArgs<T> args() const {
    return {query.size(0),
            key_value.size(0),
            static_cast<int>(shape.padded_heads),
            shape.padded_width,
            shape.padded_width,
            static_cast<const T*>(query.const_data_ptr()),
            query.stride(0),
            static_cast<const T*>(key_value.const_data_ptr()),
            key_value.stride(0),
            static_cast<int>(type_scale.size(0)),
            type_scale.const_data_ptr<float>(),
            type_bias.const_data_ptr<float>(),
            static_cast<float>(clamp)};
  }
};

/// Checks the arguments and brings them into the kernels' form.
DeviceOperands device_operands(const Tensor& query, const Tensor& key_value, const Tensor& row_start,
                               const Tensor& index, const Tensor& type, const Tensor& type_scale,
                               const Tensor& type_bias, int64_t heads, double clamp, const OptionalTensor& log_weight,
                               double negative_slope, const OptionalTensor& features) {
  TORCH_CHECK(!features, "sparse_attention: features are given, which are for the CPU alone");
  check_attention(query, key_value, row_start, index, type, type_scale, type_bias, heads, clamp, 0, true);
  TORCH_CHECK(!log_weight, "sparse_attention: log_weight is given, which is for the CPU alone");
  TORCH_CHECK(negative_slope == 1, "sparse_attention: negative_slope is ", negative_slope,
              ", which is for the CPU alone");
  check_one_device("sparse_attention", query, {key_value, row_start, index, type, type_scale, type_bias});
  TORCH_CHECK(
      query.scalar_type() != at::kDouble,
      "sparse_attention: query is float64, which is for the CPU; expected float32, bfloat16 or float16 on a GPU");
  const HeadShape s(query, key_value, heads);
  return {s,
          padded(query, s, {s.keys}),
          padded(key_value, s, {s.keys, s.values}),
          row_start.contiguous(),
          index.contiguous(),
          type.contiguous(),
          padded(type_scale, s, {s.keys}).contiguous(),
          padded_bias(type_bias, s),
          clamp};
}

/// Calls f with a null pointer of the kernels' type for the rows.
template <class F>
void for_type(const Tensor& rows, const F& f) {
  if (rows.scalar_type() == at::kFloat) return f(static_cast<float*>(nullptr));
  rows.scalar_type() == at::kBFloat16 ? f(static_cast<BFloat16*>(nullptr)) : f(static_cast<Float16*>(nullptr));
}

}  // namespace

std::tuple<Tensor, Tensor> sparse_attention_cuda(const Tensor& query, const Tensor& key_value, const Tensor& row_start,
                                                 const Tensor& index, const Tensor& type, const OptionalTensor&,
                                                 const OptionalTensor&, const OptionalTensor&, const Tensor& type_scale,
                                                 const Tensor& type_bias, int64_t heads, double clamp,
                                                 const OptionalTensor& log_weight, double negative_slope,
                                                 const OptionalTensor& features, const OptionalTensor&,
                                                 const OptionalTensor&, double dropout, int64_t) {
  TORCH_CHECK(dropout == 0, "sparse_attention: dropout is ", dropout, ", which is for the CPU alone");
  const DeviceOf device(query);
  const DeviceOperands o = device_operands(query, key_value, row_start, index, type, type_scale, type_bias, heads,
                                           clamp, log_weight, negative_slope, features);
  // The kernels write padded rows and heads; the padding is removed from the results.
  const Tensor out = at::empty({query.size(0), o.shape.width()}, query.options());
  const Tensor log_sum = at::empty({query.size(0), o.shape.padded_heads}, query.options().dtype(at::kFloat));
  ScratchTensors scratch(query);
  for_type(query, [&]<class T>(T*) {
    kernels::sparse_attention_forward_cuda(o.args<T>(), o.edges(), static_cast<T*>(out.mutable_data_ptr()),
                                           log_sum.mutable_data_ptr<float>(), std::ref(scratch), device.stream());
  });
  return {unpadded(out, o.shape, {o.shape.values}), log_sum.narrow(1, 0, heads).contiguous()};
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> sparse_attention_backward_cuda(
    const Tensor& grad, const Tensor& query, const Tensor& key_value, const Tensor& out, const Tensor& log_sum,
    const Tensor& row_start, const Tensor& index, const Tensor& type, const OptionalTensor& t_row_start,
    const OptionalTensor& t_index, const OptionalTensor& t_type, const Tensor& type_scale, const Tensor& type_bias,
    int64_t heads, double clamp, std::array<bool, 5> mask, const OptionalTensor& log_weight, double negative_slope,
    const OptionalTensor& features, const OptionalTensor&, const OptionalTensor&, double, int64_t) {
  const DeviceOf device(query);
  const DeviceOperands o = device_operands(query, key_value, row_start, index, type, type_scale, type_bias, heads,
                                           clamp, log_weight, negative_slope, features);
  const HeadShape& s = o.shape;
  TORCH_CHECK(t_row_start.has_value() || query.size(0) == key_value.size(0),
              "sparse_attention_backward: without a transpose the graph must be square, got ", query.size(0),
              " destinations and ", key_value.size(0), " sources");
  check_one_device("sparse_attention_backward", query, {grad, out, log_sum, t_row_start, t_index, t_type});
  // A symmetric graph is its own transpose, so its edges by destination serve as its edges by source.
  const Tensor start = t_row_start ? t_row_start->contiguous() : o.row_start;
  const Tensor other = t_index ? t_index->contiguous() : o.index, types = t_type ? t_type->contiguous() : o.type;
  check_attention_edges("t_", start, other, types);
  TORCH_CHECK(start.size(0) == key_value.size(0) + 1 && other.size(0) == o.index.size(0),
              "sparse_attention_backward: t_row_start must have ", key_value.size(0) + 1, " entries and t_index ",
              o.index.size(0), ", got ", start.size(0), " and ", other.size(0));
  const Tensor rows_out = padded(out, s, {s.values}).contiguous(), rows_grad = padded(grad, s, {s.values}).contiguous();
  const Tensor sums =
      s.heads == s.padded_heads ? log_sum.contiguous() : at::constant_pad_nd(log_sum, {0, s.padded_heads - s.heads});
  // The kernels write gradients of padded rows; the padding is removed from the results.
  const Tensor d_query = at::empty({query.size(0), s.width()}, query.options()),
               d_key_value = at::empty({key_value.size(0), 2 * s.width()}, query.options());
  const Tensor d_scale = at::empty({type_scale.size(0), s.width()}, type_scale.options()),
               d_bias = at::empty({type_bias.size(0), s.padded_heads}, type_bias.options());
  ScratchTensors scratch(query);
  for_type(query, [&]<class T>(T*) {
    kernels::sparse_attention_backward_cuda(
        o.args<T>(), o.edges(), device_edges(start, other, types), static_cast<const T*>(rows_out.const_data_ptr()),
        sums.const_data_ptr<float>(), static_cast<const T*>(rows_grad.const_data_ptr()),
        {static_cast<T*>(d_query.mutable_data_ptr()), static_cast<T*>(d_key_value.mutable_data_ptr()),
         mask[2] ? d_scale.mutable_data_ptr<float>() : nullptr, mask[3] ? d_bias.mutable_data_ptr<float>() : nullptr},
        std::ref(scratch), device.stream());
  });
  return {unpadded(d_query, s, {s.keys}), unpadded(d_key_value, s, {s.keys, s.values}), unpadded(d_scale, s, {s.keys}),
          d_bias.narrow(1, 0, heads).contiguous(), at::empty({0}, query.options())};
}

Tensor sparse_attention_scores_cuda(const Tensor& query, const Tensor& key_value, int64_t value_width,
                                    const Tensor& row_start, const Tensor& index, const Tensor& type,
                                    const Tensor& type_scale, const Tensor& type_bias, int64_t heads, double clamp,
                                    const Tensor& log_sum, const OptionalTensor& log_weight, double negative_slope,
                                    const OptionalTensor& features, const OptionalTensor&) {
  const DeviceOf device(query);
  TORCH_CHECK(key_value.size(1) == query.size(1) + value_width, "sparse_attention_scores: key_value must have ",
              query.size(1) + value_width, " columns, got ", key_value.size(1));
  const DeviceOperands o = device_operands(query, key_value, row_start, index, type, type_scale, type_bias, heads,
                                           clamp, log_weight, negative_slope, features);
  check_one_device("sparse_attention_scores", query, {log_sum});
  const Tensor sums = o.shape.heads == o.shape.padded_heads
                          ? log_sum.contiguous()
                          : at::constant_pad_nd(log_sum, {0, o.shape.padded_heads - heads});
  const Tensor scores = at::empty({index.size(0), o.shape.padded_heads}, query.options().dtype(at::kFloat));
  for_type(query, [&]<class T>(T*) {
    kernels::sparse_attention_scores_cuda(o.args<T>(), o.edges(), sums.const_data_ptr<float>(),
                                          scores.mutable_data_ptr<float>(), device.stream());
  });
  return scores.narrow(1, 0, heads).contiguous();
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) {
  m.impl("sparse_attention", graphsieve::ops::sparse_attention_cuda);
  m.impl("sparse_attention_backward", graphsieve::ops::sparse_attention_backward_cuda);
  m.impl("sparse_attention_scores", graphsieve::ops::sparse_attention_scores_cuda);
}
