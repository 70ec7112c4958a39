// SPDX-License-Identifier: Apache-2.0
// The entry points of node_norm with raw pointers. They do not use torch. README.md has the formulas.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

template <class T>
struct NodeNormArgs {
  int64_t n, columns;
  const T* x;           ///< [n, columns], contiguous
  const T* mean_scale;  ///< may be null, which means 1
  const T* weight;
  const T* bias;  ///< not used by the backward pass
  double eps;
};

/// The memory for the gradients; mean_scale may be null.
template <class T>
struct NodeNormGradients {
  T *x, *mean_scale, *weight, *bias;
};

/// The reference: slow and obvious, the oracle of the tests and the implementation for float64. Sums are in double.
template <class T>
void node_norm_statistics_reference(const NodeNormArgs<T>& a, T* mean, T* var);
template <class T>
void node_norm_apply_reference(const NodeNormArgs<T>& a, const T* mean, const T* var, T* y);
template <class T>
void node_norm_backward_reference(const NodeNormArgs<T>& a, const T* grad, const T* mean, const T* var,
                                  bool batch_stats, const NodeNormGradients<T>& to);

/// The vector code on the thread pool. The statistics and apply read memory once each, the backward pass twice.
void node_norm_statistics(const NodeNormArgs<float>& a, float* mean, float* var);
void node_norm_apply(const NodeNormArgs<float>& a, const float* mean, const float* var, float* y);
void node_norm_backward(const NodeNormArgs<float>& a, const float* grad, const float* mean, const float* var,
                        bool batch_stats, const NodeNormGradients<float>& to);

}  // namespace graphsieve::kernels
