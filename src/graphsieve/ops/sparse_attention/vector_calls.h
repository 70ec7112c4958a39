// SPDX-License-Identifier: Apache-2.0
// The calls of the vector code that the adapters of sparse_attention and absorbed_attention share. `o` is an adapter's
// operands: args<T, Sum>() and edges() give the arguments of the kernels. Rows are float32 or bfloat16.
#pragma once

#include <ATen/ATen.h>

#include "graphsieve/ops/common/scratch_tensors.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

namespace graphsieve::ops {

/// Calls call(T(), scratch) with the type T of the rows and scratch memory for one call of a kernel.
template <class Call>
void with_row_type(const at::Tensor& rows, const Call& call) {
  ScratchTensors held(rows);
  const kernels::Scratch scratch = [&](size_t bytes) { return held(bytes); };
  rows.scalar_type() == at::kFloat ? call(float(), scratch) : call(kernels::BFloat16(), scratch);
}

/// Writes the output and the logarithms of the denominators.
template <class Operands>
void run_forward(const Operands& o, at::Tensor& out, at::Tensor& log_sum) {
  with_row_type(out, [&]<class T>(T, const kernels::Scratch& scratch) {
    kernels::sparse_attention_forward(o.template args<T, float>(), o.edges(), static_cast<T*>(out.mutable_data_ptr()),
                                      log_sum.mutable_data_ptr<float>(), scratch);
  });
}

/// Computes the gradients. `gradients(T())` returns their memory; `out`, `log_sum` and `grad` are contiguous.
template <class Operands, class Gradients>
void run_backward(const Operands& o, const kernels::TypedEdges& by_source, const at::Tensor& out,
                  const at::Tensor& log_sum, const at::Tensor& grad, const Gradients& gradients) {
  with_row_type(out, [&]<class T>(T type, const kernels::Scratch& scratch) {
    kernels::sparse_attention_backward(o.template args<T, float>(), o.edges(), by_source,
                                       static_cast<const T*>(out.const_data_ptr()), log_sum.const_data_ptr<float>(),
                                       static_cast<const T*>(grad.const_data_ptr()), gradients(type), scratch);
  });
}

/// Writes the values of the softmax. `rows` has the type of the rows; `log_sum` is contiguous.
template <class Operands>
void run_scores(const Operands& o, const at::Tensor& rows, const at::Tensor& log_sum, at::Tensor& scores) {
  with_row_type(rows, [&]<class T>(T, const kernels::Scratch& scratch) {
    kernels::sparse_attention_scores(o.template args<T, float>(), o.edges(), log_sum.const_data_ptr<float>(),
                                     scores.mutable_data_ptr<float>(), scratch);
  });
}

}  // namespace graphsieve::ops
