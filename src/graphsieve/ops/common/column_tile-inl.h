// SPDX-License-Identifier: Apache-2.0
// Walks a matrix in whole vectors, whatever its number of columns.
//
// A tile is a few whole rows. Walking a tile, each vector always meets the same columns at the same position, so
// per-column numbers (a mean, an accumulator) are stored once per position of the tile. In a narrow matrix (fewer
// columns than 8 vectors have lanes), the tile is the smallest common multiple of row and vector that has at least 8
// vectors: no lane idles, and sums do not wait for each other. In a wide matrix, the tile is one row, and its last
// vector overlaps the one before so that it ends with the row. Example with 4 lanes and 3 columns, the columns by
// position: 0120 1201 2012 | 0120 1201 2012 | 0120 1201 2012 (9 vectors, 12 rows).
//
// Sums over rows are made in float32 within a block of rows (64 to 128 numbers per lane with 16 lanes) and added in
// float64 from block to block, in order.
#if defined(GRAPHSIEVE_OPS_COMMON_COLUMN_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_COLUMN_TILE_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_COLUMN_TILE_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_COLUMN_TILE_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "graphsieve/ops/common/aligned.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The tile of a matrix with `columns` columns on a target with `lanes` lanes. `length` is its number of elements,
/// `vectors` its number of vectors, and `block_rows` the number of rows summed in float32.
struct ColumnTile {
  ColumnTile(int64_t column_count, int64_t lane_count) : columns(column_count), lanes(lane_count) {
    const int64_t step = std::lcm(columns, lanes);
    length = columns >= 8 * lanes ? columns : step * ((8 * lanes + step - 1) / step);
    vectors = (length + lanes - 1) / lanes;
    const int64_t rows = length / columns;
    block_rows = std::max<int64_t>(rows * (kBlockElements / length), columns >= 8 * lanes ? 64 : rows);
  }

  /// Returns per-column numbers, repeated over a tile.
  template <class T>
  AlignedVector<T> expand(const T* per_column) const {
    AlignedVector<T> tile(length);
    for (int64_t i = 0; i < length; i += columns) std::copy(per_column, per_column + columns, tile.begin() + i);
    return tile;
  }

  /// Adds a tile of accumulators, vector v at v * lanes, to the sums of the columns. If the last vector overlaps the
  /// one before, its first lanes repeat columns of that vector, so only its other lanes count.
  template <class T>
  void fold(const T* accumulators, double* sums) const {
    const int64_t overlap = vectors * lanes - length;  // not 0 only if the tile is one row
    const int64_t direct = overlap == 0 ? length : length - length % lanes;
    for (int64_t row = 0; row < direct; row += columns) {
      const int64_t count = std::min(columns, direct - row);
      for (int64_t c = 0; c < count; ++c) sums[c] += accumulators[row + c];
    }
    for (int64_t c = direct; c < length; ++c) sums[c] += accumulators[c + overlap];
  }

  static constexpr int64_t kBlockElements = 8192;  // 32 KiB of float32, which a second pass finds in the first cache
  int64_t columns, lanes, length, vectors, block_rows;
};

/// Walks `rows` rows. Calls on_vector(at, slot, offset) for every whole vector (index of its first element, index in
/// the accumulators, index in the tile), and on_element(at, column) for the elements after the last whole tile.
template <class OnVector, class OnElement>
HWY_INLINE void WalkTiles(const ColumnTile& tile, int64_t rows, const OnVector& on_vector,
                          const OnElement& on_element) {
  const int64_t count = rows * tile.columns;
  int64_t at = 0;
  for (; at + tile.length <= count; at += tile.length) {
    const int64_t last = (tile.vectors - 1) * tile.lanes;
    for (int64_t slot = 0; slot < last; slot += tile.lanes) on_vector(at + slot, slot, slot);
    const int64_t offset = tile.length - tile.lanes;
    on_vector(at + offset, last, offset);
  }
  for (int64_t column = 0; at < count; ++at) {
    on_element(at, column);
    if (++column == tile.columns) column = 0;
  }
}

/// Adds the column sums of a block of rows to `sums`.
template <class T>
void sum_block(const ColumnTile& tile, const T* x, int64_t rows, double* sums) {
  const hn::ScalableTag<T> d;
  AlignedVector<T> accumulators(tile.vectors * tile.lanes);
  T* HWY_RESTRICT acc = accumulators.data();
  WalkTiles(
      tile, rows,
      [&](int64_t at, int64_t slot, int64_t)
          HWY_ATTR { hn::StoreU(hn::Add(hn::LoadU(d, acc + slot), hn::LoadU(d, x + at)), d, acc + slot); },
      [&](int64_t at, int64_t column) { sums[column] += x[at]; });
  tile.fold(acc, sums);
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // include guard
