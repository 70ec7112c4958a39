// Raw-pointer entry points of node_norm; no torch from here down. Formulas: README.md.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

template <class T>
struct NodeNormArgs {
  int64_t n, columns;
  const T* x;           ///< n x columns, contiguous
  const T* mean_scale;  ///< may be null: 1
  const T* weight;
  const T* bias;        ///< not used by the backward pass
  double eps;
};

/// Where the gradients go; mean_scale may be null.
template <class T>
struct NodeNormGradients {
  T *x, *mean_scale, *weight, *bias;
};

/// Slow and obvious: the oracle, and the float64 path. Sums are in double.
template <class T>
void node_norm_statistics_reference(const NodeNormArgs<T>& a, T* mean, T* var);
template <class T>
void node_norm_apply_reference(const NodeNormArgs<T>& a, const T* mean, const T* var, T* y);
template <class T>
void node_norm_backward_reference(const NodeNormArgs<T>& a, const T* grad, const T* mean, const T* var,
                                  bool batch_stats, const NodeNormGradients<T>& to);

/// Vector code on the pool. The statistics read memory once, apply once, backward twice.
void node_norm_statistics(const NodeNormArgs<float>& a, float* mean, float* var);
void node_norm_apply(const NodeNormArgs<float>& a, const float* mean, const float* var, float* y);
void node_norm_backward(const NodeNormArgs<float>& a, const float* grad, const float* mean, const float* var,
                        bool batch_stats, const NodeNormGradients<float>& to);

}  // namespace graphsieve::kernels
