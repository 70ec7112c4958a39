// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_kernel.h"

namespace graphsieve::kernels {

template <class T>
void relu_dropout_reference(const T* x, int64_t count, double p, uint64_t key, T* y) {
  const uint32_t threshold = dropout_threshold(p);
  const T scale = static_cast<T>(dropout_scale(p));
  for (int64_t e = 0; e < count; ++e) {
    const bool zero = x[e] <= 0 || !dropout_keeps(key, threshold, e);
    y[e] = zero ? T(0) : x[e] * scale;
  }
}

template <class T>
void relu_dropout_backward_reference(const T* grad, const T* y, int64_t count, double p, T* dx) {
  const T scale = static_cast<T>(dropout_scale(p));
  for (int64_t e = 0; e < count; ++e) dx[e] = y[e] <= 0 ? T(0) : grad[e] * scale;
}

template void relu_dropout_reference(const float*, int64_t, double, uint64_t, float*);
template void relu_dropout_reference(const double*, int64_t, double, uint64_t, double*);
template void relu_dropout_backward_reference(const float*, const float*, int64_t, double, float*);
template void relu_dropout_backward_reference(const double*, const double*, int64_t, double, double*);

}  // namespace graphsieve::kernels
