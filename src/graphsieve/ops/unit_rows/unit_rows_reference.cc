// SPDX-License-Identifier: Apache-2.0
// The formula of README.md, row by row.
#include <algorithm>
#include <cmath>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/row_sums.h"
#include "graphsieve/ops/unit_rows/unit_rows_kernel.h"

namespace graphsieve::kernels {
namespace {

constexpr int64_t kUnitBlock = 1 << 14;  ///< elements of an item of work

template <class T>
int64_t block_rows(const UnitRowsArgs<T>& a) {
  return std::max<int64_t>(1, kUnitBlock / std::max<int64_t>(1, a.width));
}

template <class T>
T dot(const T* a, const T* b, int64_t width) {
  return row_sum<T>(width, [&](int64_t c) { return a[c] * b[c]; });
}

}  // namespace

template <class T>
void unit_rows(const UnitRowsArgs<T>& a, T* y, T* divisor) {
  parallel_blocks(a.n, block_rows(a), [&](int64_t begin, int64_t end) {
    const int64_t width = a.width - a.first;
    for (int64_t r = begin; r < end; ++r) {
      const T* from = a.x + r * a.width;
      T* to = std::copy_n(from, a.first, y + r * a.width);
      from += a.first;
      const T length = std::sqrt(dot(from, from, width));
      divisor[r] = length > a.least || std::isnan(length) ? length : a.least;
      const T factor = a.scale / divisor[r];
      for (int64_t c = 0; c < width; ++c) to[c] = from[c] * factor;
    }
  });
}

template <class T>
double unit_rows_backward(const UnitRowsArgs<T>& a, const T* divisor, const T* grad, T* dx) {
  const int64_t rows = block_rows(a);
  std::vector<double> along_blocks((a.n + rows - 1) / rows);
  parallel_blocks(a.n, rows, [&](int64_t begin, int64_t end) {
    const int64_t width = a.width - a.first;
    for (int64_t r = begin; r < end; ++r) {
      const T *g = grad + r * a.width, *x = a.x + r * a.width + a.first;
      T* to = std::copy_n(g, a.first, dx + r * a.width);
      g += a.first;
      const T along = dot(x, g, width) / divisor[r];  // of the gradient, the part along the row
      along_blocks[begin / rows] += along;
      // Where the divisor is the length, it depends on x, too: dx = scale · (g − u (u · g)) / length with u = x /
      // length.
      const T factor = a.scale / divisor[r], turned = divisor[r] > a.least ? along / divisor[r] : T(0);
      for (int64_t c = 0; c < width; ++c) to[c] = (g[c] - x[c] * turned) * factor;
    }
  });
  double sum = 0;
  for (const double block : along_blocks) sum += block;
  return sum;
}

#define GRAPHSIEVE_INSTANTIATE(T)                          \
  template void unit_rows(const UnitRowsArgs<T>&, T*, T*); \
  template double unit_rows_backward(const UnitRowsArgs<T>&, const T*, const T*, T*);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(double)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
