// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/dropout_add/dropout_add_kernel.h"

namespace graphsieve::kernels {

template <class T>
void dropout_add_reference(const T* x, const T* residual, int64_t count, double p, uint64_t key, T* y) {
  const uint32_t threshold = dropout_threshold(p);
  const T scale = static_cast<T>(dropout_scale(p));
  for (int64_t e = 0; e < count; ++e) {
    const T kept = dropout_keeps(key, threshold, e) ? x[e] * scale : T(0);
    y[e] = residual ? residual[e] + kept : kept;
  }
}

template void dropout_add_reference(const float*, const float*, int64_t, double, uint64_t, float*);
template void dropout_add_reference(const double*, const double*, int64_t, double, uint64_t, double*);

}  // namespace graphsieve::kernels
