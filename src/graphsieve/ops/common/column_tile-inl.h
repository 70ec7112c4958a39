// How a matrix of `columns` columns is walked in whole vectors whatever the width.
//
// A tile is a few whole rows, walked with vectors that always meet the same columns at the same place: per-column
// numbers (a mean, an accumulator) are kept once per tile position. Narrow matrices (columns < 8 vectors): the smallest
// multiple of both the row and the vector with 8 vectors or more, so that no lane idles and sums do not wait for each
// other. Wide ones: one row, its last vector pulled back to end with the row. Example, 4 lanes, 3 columns, positions of
// one tile's columns: 0120 1201 2012 | 0120 1201 2012 | 0120 1201 2012 (9 vectors, 12 rows).
//
// Sums over rows: in float32 per block of rows (64 to 128 numbers per lane with 16 lanes), folded to float64 per block,
// the blocks in order.
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

struct ColumnTile {
  ColumnTile(int64_t column_count, int64_t lane_count) : columns(column_count), lanes(lane_count) {
    const int64_t step = std::lcm(columns, lanes);
    length = columns >= 8 * lanes ? columns : step * ((8 * lanes + step - 1) / step);
    vectors = (length + lanes - 1) / lanes;
    const int64_t rows = length / columns;
    block_rows = std::max<int64_t>(rows * (kBlockElements / length), columns >= 8 * lanes ? 64 : rows);
  }

  /// Repeats per-column numbers over a tile.
  template <class T>
  AlignedVector<T> expand(const T* per_column) const {
    AlignedVector<T> tile(length);
    for (int64_t i = 0; i < length; i += columns) std::copy(per_column, per_column + columns, tile.begin() + i);
    return tile;
  }

  /// Adds a tile of accumulators, vector v at v * lanes, to per-column sums.
  template <class T>
  void fold(const T* accumulators, double* sums) const {
    const int64_t overlap = vectors * lanes - length;  // only where a tile is one row
    const int64_t direct = overlap == 0 ? length : length - length % lanes;
    for (int64_t row = 0; row < direct; row += columns) {
      const int64_t count = std::min(columns, direct - row);
      for (int64_t c = 0; c < count; ++c) sums[c] += accumulators[row + c];
    }
    for (int64_t c = direct; c < length; ++c) sums[c] += accumulators[c + overlap];
  }

  static constexpr int64_t kBlockElements = 8192;  // 32 KiB of float32: a second sweep finds it in the first cache
  int64_t columns, lanes, length, vectors, block_rows;
};

/// Calls on_vector(at, slot, offset) for every whole vector of `rows` rows (element index, accumulator index, index in
/// the tile) and on_element(at, column) for what is left after the last whole tile.
template <class OnVector, class OnElement>
HWY_INLINE void WalkTiles(const ColumnTile& tile, int64_t rows, const OnVector& on_vector, const OnElement& on_element) {
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

/// sums += the column sums of a block of rows.
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
