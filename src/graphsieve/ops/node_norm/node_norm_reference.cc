// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "graphsieve/ops/node_norm/node_norm_kernel.h"

namespace graphsieve::kernels {
namespace {

/// Returns GraphNorm's α of a column; 1 for BatchNorm.
template <class T>
double scale_of(const NodeNormArgs<T>& a, int64_t c) {
  return a.mean_scale ? a.mean_scale[c] : 1;
}

}  // namespace

template <class T>
void node_norm_statistics_reference(const NodeNormArgs<T>& a, T* mean, T* var) {
  for (int64_t c = 0; c < a.columns; ++c) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < a.n; ++i) sum += a.x[i * a.columns + c];
    const double average = a.n ? sum / a.n : 0;
    for (int64_t i = 0; i < a.n; ++i) {
      const double z = a.x[i * a.columns + c] - scale_of(a, c) * average;
      squares += z * z;
    }
    mean[c] = static_cast<T>(average);
    var[c] = static_cast<T>(a.n ? squares / a.n : 0);
  }
}

template <class T>
void node_norm_apply_reference(const NodeNormArgs<T>& a, const T* mean, const T* var, T* y) {
  for (int64_t i = 0; i < a.n; ++i) {
    for (int64_t c = 0; c < a.columns; ++c) {
      const double z = a.x[i * a.columns + c] - scale_of(a, c) * mean[c];
      y[i * a.columns + c] = static_cast<T>(z / std::sqrt(var[c] + a.eps) * a.weight[c] + a.bias[c]);
    }
  }
}

/// Applies the formulas of README.md one column at a time.
template <class T>
void node_norm_backward_reference(const NodeNormArgs<T>& a, const T* grad, const T* mean, const T* var,
                                  bool batch_stats, const NodeNormGradients<T>& to) {
  for (int64_t c = 0; c < a.columns; ++c) {
    const double scale = scale_of(a, c), r = 1 / std::sqrt(var[c] + a.eps), w = a.weight[c];
    const auto z = [&](int64_t i) { return a.x[i * a.columns + c] - scale * mean[c]; };
    double sum_grad = 0, sum_grad_z = 0, sum_z = 0;
    for (int64_t i = 0; i < a.n; ++i) {
      sum_grad += grad[i * a.columns + c];
      sum_grad_z += grad[i * a.columns + c] * z(i);
      sum_z += z(i);
    }
    // dL/dvar, then dL/dz (with the part that goes through the variance), then dL/dmean.
    const double dvar = batch_stats ? -0.5 * w * r * r * r * sum_grad_z : 0;
    const double per_z = a.n ? 2 * dvar / a.n : 0;
    const double sum_dz = w * r * sum_grad + per_z * sum_z;
    const double dmean = batch_stats && a.n ? -scale * sum_dz / a.n : 0;
    for (int64_t i = 0; i < a.n; ++i) {
      to.x[i * a.columns + c] = static_cast<T>(grad[i * a.columns + c] * w * r + per_z * z(i) + dmean);
    }
    to.weight[c] = static_cast<T>(sum_grad_z * r);
    to.bias[c] = static_cast<T>(sum_grad);
    if (to.mean_scale) to.mean_scale[c] = static_cast<T>(-mean[c] * sum_dz);
  }
}

template void node_norm_statistics_reference(const NodeNormArgs<float>&, float*, float*);
template void node_norm_statistics_reference(const NodeNormArgs<double>&, double*, double*);
template void node_norm_apply_reference(const NodeNormArgs<float>&, const float*, const float*, float*);
template void node_norm_apply_reference(const NodeNormArgs<double>&, const double*, const double*, double*);
template void node_norm_backward_reference(const NodeNormArgs<float>&, const float*, const float*, const float*, bool,
                                           const NodeNormGradients<float>&);
template void node_norm_backward_reference(const NodeNormArgs<double>&, const double*, const double*, const double*,
                                           bool, const NodeNormGradients<double>&);

}  // namespace graphsieve::kernels
