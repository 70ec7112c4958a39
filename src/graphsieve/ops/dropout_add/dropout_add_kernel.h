// Raw-pointer entry points of dropout_add; no torch from here down.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// y[e] = residual[e] + (kept e ? x[e] / (1 - p) : 0); residual may be null. The gradient of x is the same function of
/// the gradient of y, without residual.
template <class T>
void dropout_add_reference(const T* x, const T* residual, int64_t count, double p, uint64_t key, T* y);

/// The same bits as the reference, in vector code on the pool.
void dropout_add(const float* x, const float* residual, int64_t count, double p, uint64_t key, float* y);

}  // namespace graphsieve::kernels
