// Raw-pointer entry points of sparse_attention; no torch from here down. Shapes and formula: README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "graphsieve/ops/common/bfloat16.h"

namespace graphsieve::kernels {

/// In-edges by destination (or, transposed, out-edges by source): row r's neighbours are
/// index[row_start[r] … row_start[r + 1]), with a type each.
struct TypedEdges {
  int64_t rows;
  const int64_t* row_start;
  const int32_t* index;
  const uint8_t* type;
};

/// T is float, double or BFloat16; the small per-type arrays and all sums are in `Sum`.
template <class T, class Sum = float>
struct SparseAttentionArgs {
  int64_t destinations, sources;
  int heads;
  int64_t key_width, value_width;    ///< per head
  const T* query;                    ///< destinations rows of heads * key_width
  int64_t query_stride;
  const T* key_value;                ///< sources rows: heads * key_width keys, then heads * value_width values
  int64_t key_value_stride;
  int types;
  const Sum* type_scale;             ///< types x (heads * key_width)
  const Sum* type_bias;              ///< types x heads
  Sum clamp;                         ///< logits are clamped to ±clamp; infinity for none
};

/// Where the gradients go; type_scale and type_bias may be null.
template <class T, class Sum = float>
struct SparseAttentionGradients {
  T* query;       ///< destinations x heads * key_width
  T* key_value;   ///< sources x heads * (key_width + value_width)
  Sum* type_scale;
  Sum* type_bias;
};

/// Gives scratch memory, 64-byte aligned, that lives until the call has returned.
using Scratch = std::function<void*(size_t bytes)>;

/// Slow and obvious, double loops over edges: the oracle of tests and benchmarks, and the float64 path. T = Sum.
template <class T>
void sparse_attention_forward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, T* out, T* log_sum);
template <class T>
void sparse_attention_backward_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* out,
                                         const T* log_sum, const T* grad, const SparseAttentionGradients<T, T>& to);
template <class T>
void sparse_attention_scores_reference(const SparseAttentionArgs<T, T>& a, const TypedEdges& edges, const T* log_sum,
                                       T* scores);

/// Vector code, chosen at run time; T is float or BFloat16. `out` has destinations rows of heads * value_width,
/// `log_sum` destinations x heads (minus infinity for a row without edges).
template <class T>
void sparse_attention_forward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum,
                              const Scratch& scratch);
/// `by_source` is the transpose of `edges`.
template <class T>
void sparse_attention_backward(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const TypedEdges& by_source,
                               const T* out, const float* log_sum, const T* grad, const SparseAttentionGradients<T>& to,
                               const Scratch& scratch);
/// scores: edges x heads, the softmax's values.
template <class T>
void sparse_attention_scores(const SparseAttentionArgs<T>& a, const TypedEdges& edges, const float* log_sum,
                             float* scores, const Scratch& scratch);

/// True if the vector code of this machine covers so many heads.
bool sparse_attention_vectorised(int heads);

}  // namespace graphsieve::kernels
