// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/linear/linear_kernel.h"

namespace graphsieve::kernels {

template <class T>
void linear_reference(const T* x, const T* weight, const T* bias, int64_t n, int64_t in, int64_t out, T* y) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t o = 0; o < out; ++o) {
      double sum = bias ? bias[o] : 0;
      for (int64_t c = 0; c < in; ++c) sum += static_cast<double>(x[i * in + c]) * weight[o * in + c];
      y[i * out + o] = static_cast<T>(sum);
    }
  }
}

template <class T>
void linear_backward_reference(const T* grad, const T* x, const T* weight, int64_t n, int64_t in, int64_t out, T* dx,
                               T* dweight, T* dbias) {
  for (int64_t i = 0; dx && i < n; ++i) {
    for (int64_t c = 0; c < in; ++c) {
      double sum = 0;
      for (int64_t o = 0; o < out; ++o) sum += static_cast<double>(grad[i * out + o]) * weight[o * in + c];
      dx[i * in + c] = static_cast<T>(sum);
    }
  }
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t c = 0; dweight && c < in; ++c) {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(grad[i * out + o]) * x[i * in + c];
      dweight[o * in + c] = static_cast<T>(sum);
    }
    if (!dbias) continue;
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += grad[i * out + o];
    dbias[o] = static_cast<T>(sum);
  }
}

template void linear_reference(const float*, const float*, const float*, int64_t, int64_t, int64_t, float*);
template void linear_reference(const double*, const double*, const double*, int64_t, int64_t, int64_t, double*);
template void linear_backward_reference(const float*, const float*, const float*, int64_t, int64_t, int64_t, float*,
                                        float*, float*);
template void linear_backward_reference(const double*, const double*, const double*, int64_t, int64_t, int64_t, double*,
                                        double*, double*);

}  // namespace graphsieve::kernels
