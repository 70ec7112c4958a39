// SPDX-License-Identifier: Apache-2.0
// The vector code of sparse_attention_simd.cc for calls with features of edges or with dropout. It is in a file of its
// own because the two take minutes to compile.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/sparse_attention/sparse_attention_more_simd.cc"
#include "graphsieve/ops/common/targets.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <type_traits>

#include "graphsieve/ops/sparse_attention/backward-inl.h"
#include "graphsieve/ops/sparse_attention/forward-inl.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

void forward_more_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, float* out, float* log_sum,
                        const Scratch& scratch) {
  Forward<float, true>(a, edges, out, log_sum, scratch).run();
}
void forward_more_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, BFloat16* out, float* log_sum,
                       const Scratch& scratch) {
  Forward<BFloat16, true>(a, edges, out, log_sum, scratch).run();
}
void backward_more_float(const SparseAttentionArgs<float>& a, const TypedEdges& edges, const TypedEdges& by_source,
                         const float* out, const float* log_sum, const float* grad,
                         const SparseAttentionGradients<float>& to, const Scratch& scratch) {
  Backward<float, true>(a, edges, by_source, out, log_sum, grad, to, scratch).run();
}
void backward_more_half(const SparseAttentionArgs<BFloat16>& a, const TypedEdges& edges, const TypedEdges& by_source,
                        const BFloat16* out, const float* log_sum, const BFloat16* grad,
                        const SparseAttentionGradients<BFloat16>& to, const Scratch& scratch) {
  Backward<BFloat16, true>(a, edges, by_source, out, log_sum, grad, to, scratch).run();
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {

HWY_EXPORT(forward_more_float);
HWY_EXPORT(forward_more_half);
HWY_EXPORT(backward_more_float);
HWY_EXPORT(backward_more_half);

template <class T>
void sparse_attention_forward_more(const SparseAttentionArgs<T>& a, const TypedEdges& edges, T* out, float* log_sum,
                                   const Scratch& scratch) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(forward_more_float)(a, edges, out, log_sum, scratch);
  else
    HWY_DYNAMIC_DISPATCH(forward_more_half)(a, edges, out, log_sum, scratch);
}

template <class T>
void sparse_attention_backward_more(const SparseAttentionArgs<T>& a, const TypedEdges& edges,
                                    const TypedEdges& by_source, const T* out, const float* log_sum, const T* grad,
                                    const SparseAttentionGradients<T>& to, const Scratch& scratch) {
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(backward_more_float)(a, edges, by_source, out, log_sum, grad, to, scratch);
  else
    HWY_DYNAMIC_DISPATCH(backward_more_half)(a, edges, by_source, out, log_sum, grad, to, scratch);
}

#define GRAPHSIEVE_INSTANTIATE(T)                                                                                    \
  template void sparse_attention_forward_more(const SparseAttentionArgs<T>&, const TypedEdges&, T*, float*,          \
                                              const Scratch&);                                                       \
  template void sparse_attention_backward_more(const SparseAttentionArgs<T>&, const TypedEdges&, const TypedEdges&,  \
                                               const T*, const float*, const T*, const SparseAttentionGradients<T>&, \
                                               const Scratch&);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(BFloat16)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
#endif
