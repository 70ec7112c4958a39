// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"

namespace graphsieve::kernels {

template <class T>
void sparse_linear_reference(const SparseRows<T>& x, const T* weight, const T* bias, int64_t in, int64_t out, T* y) {
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t o = 0; o < out; ++o) {
      double sum = bias ? bias[o] : 0;
      for (int64_t e = x.row_start[i]; e < x.row_start[i + 1]; ++e) {
        sum += static_cast<double>(x.value[e]) * weight[o * in + x.index[e]];
      }
      y[i * out + o] = static_cast<T>(sum);
    }
  }
}

template <class T>
void sparse_linear_backward_reference(const SparseRows<T>& x_t, const T* grad, int64_t out, T* dweight) {
  for (int64_t f = 0; f < x_t.rows; ++f) {
    for (int64_t o = 0; o < out; ++o) {
      double sum = 0;
      for (int64_t e = x_t.row_start[f]; e < x_t.row_start[f + 1]; ++e) {
        sum += static_cast<double>(x_t.value[e]) * grad[x_t.index[e] * out + o];
      }
      dweight[o * x_t.rows + f] = static_cast<T>(sum);
    }
  }
}

template void sparse_linear_reference(const SparseRows<float>&, const float*, const float*, int64_t, int64_t, float*);
template void sparse_linear_reference(const SparseRows<double>&, const double*, const double*, int64_t, int64_t,
                                      double*);
template void sparse_linear_backward_reference(const SparseRows<float>&, const float*, int64_t, float*);
template void sparse_linear_backward_reference(const SparseRows<double>&, const double*, int64_t, double*);

}  // namespace graphsieve::kernels
