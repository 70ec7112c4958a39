// SPDX-License-Identifier: Apache-2.0
// The formula of README.md, row by row.
#include <algorithm>
#include <cmath>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/row_sums.h"
#include "graphsieve/ops/layer_norm/layer_norm_kernel.h"

namespace graphsieve::kernels {
namespace {

constexpr int64_t kLayerNormBlock = 1 << 14;  ///< elements of an item of work
constexpr int64_t kMostBlocks = 256;          ///< most blocks whose sums over rows are kept until all are done

template <class T>
int64_t rows_of_item(const LayerNormArgs<T>& a) {
  return std::max<int64_t>(1, kLayerNormBlock / std::max<int64_t>(1, a.width));
}

}  // namespace

template <class T>
void layer_norm(const LayerNormArgs<T>& a, T* y, T* mean, T* inverse) {
  const T width = static_cast<T>(a.width);
  parallel_blocks(a.n, rows_of_item(a), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* x = a.x + r * a.width;
      T* to = y + r * a.width;
      const T m = row_sum<T>(a.width, [x](int64_t c) { return x[c]; }) / width;
      const T variance = row_sum<T>(a.width, [x, m](int64_t c) { return (x[c] - m) * (x[c] - m); }) / width;
      const T factor = 1 / std::sqrt(variance + a.eps);
      for (int64_t c = 0; c < a.width; ++c) to[c] = (x[c] - m) * factor * a.weight[c] + a.bias[c];
      mean[r] = m, inverse[r] = factor;
    }
  });
}

template <class T>
void layer_norm_backward(const LayerNormArgs<T>& a, const T* mean, const T* inverse, const T* grad, T* dx, T* dweight,
                         T* dbias) {
  const T width = static_cast<T>(a.width);
  const int64_t rows = std::max(rows_of_item(a), (a.n + kMostBlocks - 1) / kMostBlocks);
  std::vector<double> sums((a.n + rows - 1) / rows * 2 * a.width);  // of the weight and of the bias, by block
  parallel_blocks(a.n, rows, [&](int64_t begin, int64_t end) {
    double *of_weight = sums.data() + begin / rows * 2 * a.width, *of_bias = of_weight + a.width;
    for (int64_t r = begin; r < end; ++r) {
      const T *x = a.x + r * a.width, *g = grad + r * a.width, *w = a.weight, m = mean[r], factor = inverse[r];
      T* to = dx + r * a.width;
      const T along = row_sum<T>(a.width, [=](int64_t c) { return g[c] * w[c] * (x[c] - m); }) * factor / width;
      const T level = row_sum<T>(a.width, [=](int64_t c) { return g[c] * w[c]; }) / width;
      for (int64_t c = 0; c < a.width; ++c) {
        const T scaled = (x[c] - m) * factor;
        to[c] = (g[c] * w[c] - level - scaled * along) * factor;
        of_weight[c] += static_cast<double>(g[c] * scaled);
        of_bias[c] += static_cast<double>(g[c]);
      }
    }
  });
  std::vector<double> all(2 * a.width, 0.0);
  for (size_t i = 0; i < sums.size(); ++i) all[i % all.size()] += sums[i];
  std::copy_n(all.begin(), a.width, dweight);
  std::copy_n(all.begin() + a.width, a.width, dbias);
}

#define GRAPHSIEVE_INSTANTIATE(T)                                \
  template void layer_norm(const LayerNormArgs<T>&, T*, T*, T*); \
  template void layer_norm_backward(const LayerNormArgs<T>&, const T*, const T*, const T*, T*, T*, T*);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(double)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
