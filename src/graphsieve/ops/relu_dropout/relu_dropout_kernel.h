// Raw-pointer entry points of relu_dropout; no torch from here down.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// y[e] = kept e and not x[e] <= 0 ? x[e] / (1 - p) : 0.
template <class T>
void relu_dropout_reference(const T* x, int64_t count, double p, uint64_t key, T* y);
/// dx[e] = y[e] <= 0 ? 0 : grad[e] / (1 - p).
template <class T>
void relu_dropout_backward_reference(const T* grad, const T* y, int64_t count, double p, T* dx);

/// The same bits as the reference, in vector code on the pool.
void relu_dropout(const float* x, int64_t count, double p, uint64_t key, float* y);
void relu_dropout_backward(const float* grad, const float* y, int64_t count, double p, float* dx);

}  // namespace graphsieve::kernels
