// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/common/sums.h"

#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/common/sums_simd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "graphsieve/ops/common/column_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {

/// Sums blocks of rows in parallel, then adds the sums of the blocks in order.
template <class T>
void ColumnSums(const T* x, int64_t rows, int64_t columns, T* out) {
  const ColumnTile tile(columns, hn::Lanes(hn::ScalableTag<T>()));
  const int64_t blocks = (rows + tile.block_rows - 1) / tile.block_rows;
  std::vector<double> sums((blocks + 1) * columns);
  parallel_blocks(rows, tile.block_rows, [&](int64_t begin, int64_t end) {
    sum_block(tile, x + begin * columns, end - begin, sums.data() + (begin / tile.block_rows) * columns);
  });
  double* total = sums.data() + blocks * columns;
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t c = 0; c < columns; ++c) total[c] += sums[b * columns + c];
  }
  for (int64_t c = 0; c < columns; ++c) out[c] = static_cast<T>(total[c]);
}

/// Adds the parts, element by element, for the elements [begin, end). Whole vectors come first, then single elements;
/// each element is added in the order of the parts.
template <class T>
void AddParts(const T* parts, int64_t count, int64_t size, int64_t begin, int64_t end, T* out) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = hn::Lanes(d);
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    auto sum = hn::LoadU(d, parts + i);
    for (int64_t p = 1; p < count; ++p) sum = hn::Add(sum, hn::LoadU(d, parts + p * size + i));
    hn::StoreU(sum, d, out + i);
  }
  for (; i < end; ++i) {
    T sum = parts[i];
    for (int64_t p = 1; p < count; ++p) sum += parts[p * size + i];
    out[i] = sum;
  }
}

void ColumnSums32(const float* x, int64_t rows, int64_t columns, float* out) { ColumnSums(x, rows, columns, out); }
void ColumnSums64(const double* x, int64_t rows, int64_t columns, double* out) { ColumnSums(x, rows, columns, out); }
void AddParts32(const float* parts, int64_t count, int64_t size, int64_t begin, int64_t end, float* out) {
  AddParts(parts, count, size, begin, end, out);
}
void AddParts64(const double* parts, int64_t count, int64_t size, int64_t begin, int64_t end, double* out) {
  AddParts(parts, count, size, begin, end, out);
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {

HWY_EXPORT(ColumnSums32);
HWY_EXPORT(ColumnSums64);
HWY_EXPORT(AddParts32);
HWY_EXPORT(AddParts64);

template <>
void column_sums(const float* x, int64_t rows, int64_t columns, float* out) {
  if (columns > 0) HWY_DYNAMIC_DISPATCH(ColumnSums32)(x, rows, columns, out);
}
template <>
void column_sums(const double* x, int64_t rows, int64_t columns, double* out) {
  if (columns > 0) HWY_DYNAMIC_DISPATCH(ColumnSums64)(x, rows, columns, out);
}

namespace {
constexpr int64_t kPartBlock = 8192;
}

template <>
void add_parts(const float* parts, int64_t count, int64_t size, float* out) {
  parallel_blocks(size, kPartBlock, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(AddParts32)(parts, count, size, begin, end, out);
  });
}
template <>
void add_parts(const double* parts, int64_t count, int64_t size, double* out) {
  parallel_blocks(size, kPartBlock, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(AddParts64)(parts, count, size, begin, end, out);
  });
}

}  // namespace graphsieve::kernels
#endif  // HWY_ONCE
