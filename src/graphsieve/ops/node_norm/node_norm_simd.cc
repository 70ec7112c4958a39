// SPDX-License-Identifier: Apache-2.0
// Every pass walks x in tiles, see common/column_tile-inl.h. Per-column numbers are stored once per position of the
// tile.
#include <cmath>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/targets.h"
#include "graphsieve/ops/node_norm/node_norm_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/node_norm/node_norm_simd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "graphsieve/ops/common/column_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {

using Args = NodeNormArgs<float>;
using FloatTag = hn::ScalableTag<float>;

ColumnTile TileOf(const Args& a) { return ColumnTile(a.columns, hn::Lanes(FloatTag())); }

/// Returns the number that every pass subtracts: mean_scale · mean, rounded once.
std::vector<float> Centres(const Args& a, const float* mean) {
  std::vector<float> centres(a.columns);
  for (int64_t c = 0; c < a.columns; ++c) centres[c] = a.mean_scale ? a.mean_scale[c] * mean[c] : mean[c];
  return centres;
}

/// The moments of the columns over a block of rows: a shift near their average, and the sums of x - shift and of its
/// square.
struct BlockMoments {
  double rows;
  const double *shift, *sum, *squares;
};

/// Computes the moments of a block. `out` has `columns` shifts, then `columns` sums, then `columns` sums of squares.
/// The first pass over the block finds the shift; the second finds the block in the first cache.
void Moments(const ColumnTile& tile, const float* x, int64_t rows, double* out) {
  const FloatTag d;
  double *shift = out, *sum = out + tile.columns, *squares = out + 2 * tile.columns;
  sum_block(tile, x, rows, shift);
  std::vector<float> shifts(tile.columns);
  for (int64_t c = 0; c < tile.columns; ++c) {
    shifts[c] = static_cast<float>(shift[c] / static_cast<double>(rows));
    shift[c] = shifts[c];
  }
  // The second pass sums differences from the shift. They are about as small as the spread of the column, so float32
  // sums of their squares do not lose the variance of a column with a large mean.
  const AlignedVector<float> shift_tile = tile.expand(shifts.data());
  const int64_t places = tile.vectors * tile.lanes;
  AlignedVector<float> accumulators(2 * places);
  float* HWY_RESTRICT acc = accumulators.data();
  float* HWY_RESTRICT acc2 = acc + places;
  WalkTiles(
      tile, rows,
      [&](int64_t at, int64_t slot, int64_t offset) HWY_ATTR {
        const auto z = hn::Sub(hn::LoadU(d, x + at), hn::LoadU(d, shift_tile.data() + offset));
        hn::StoreU(hn::Add(hn::LoadU(d, acc + slot), z), d, acc + slot);
        hn::StoreU(hn::MulAdd(z, z, hn::LoadU(d, acc2 + slot)), d, acc2 + slot);
      },
      [&](int64_t at, int64_t column) {
        const double z = x[at] - shifts[column];
        sum[column] += z;
        squares[column] += z * z;
      });
  tile.fold(acc, sum);
  tile.fold(acc2, squares);
}

/// Computes the moments of all blocks in parallel, then combines them in float64 and in order: first the mean, then,
/// around the centre that follows from it, the variance.
void Statistics(const Args& a, float* mean, float* var) {
  const ColumnTile tile = TileOf(a);
  const int64_t D = a.columns, blocks = (a.n + tile.block_rows - 1) / tile.block_rows;
  std::vector<double> moments(blocks * 3 * D);
  parallel_blocks(a.n, tile.block_rows, [&](int64_t begin, int64_t end) {
    Moments(tile, a.x + begin * D, end - begin, moments.data() + begin / tile.block_rows * 3 * D);
  });
  const auto for_each_block = [&](const auto& body) {
    for (int64_t b = 0; b < blocks; ++b) {
      const double* m = moments.data() + b * 3 * D;
      const int64_t rows = std::min(tile.block_rows, a.n - b * tile.block_rows);
      body(BlockMoments{static_cast<double>(rows), m, m + D, m + 2 * D});
    }
  };
  const double n = static_cast<double>(std::max<int64_t>(a.n, 1));
  std::vector<double> total(D), squares(D);
  for_each_block([&](const BlockMoments& m) {
    for (int64_t c = 0; c < D; ++c) total[c] += m.rows * m.shift[c] + m.sum[c];
  });
  for (int64_t c = 0; c < D; ++c) mean[c] = static_cast<float>(total[c] / n);
  const std::vector<float> centres = Centres(a, mean);
  // Moves each block's sum of squares from its own shift to the common centre:
  for_each_block([&](const BlockMoments& m) {
    for (int64_t c = 0; c < D; ++c) {
      const double away = m.shift[c] - centres[c];
      squares[c] += m.squares[c] + away * (2 * m.sum[c] + m.rows * away);
    }
  });
  for (int64_t c = 0; c < D; ++c) var[c] = static_cast<float>(squares[c] / n);
}

/// Computes y = (x - centre) * factor + bias.
void ApplyRows(const ColumnTile& tile, const float* x, int64_t rows, const float* centre, const float* factor,
               const float* bias, float* y) {
  const FloatTag d;
  WalkTiles(
      tile, rows,
      [&](int64_t at, int64_t, int64_t offset) HWY_ATTR {
        const auto z = hn::Sub(hn::LoadU(d, x + at), hn::LoadU(d, centre + offset));
        hn::StoreU(hn::MulAdd(z, hn::LoadU(d, factor + offset), hn::LoadU(d, bias + offset)), d, y + at);
      },
      [&](int64_t at, int64_t column) { y[at] = std::fma(x[at] - centre[column], factor[column], bias[column]); });
}

/// Normalises all rows with the given statistics. Weight and standard deviation are combined into one factor per
/// column, so that a row takes one subtraction and one multiply-add per number.
void Apply(const Args& a, const float* mean, const float* var, float* y) {
  const ColumnTile tile = TileOf(a);
  std::vector<float> factors(a.columns);
  for (int64_t c = 0; c < a.columns; ++c) factors[c] = static_cast<float>(a.weight[c] / std::sqrt(var[c] + a.eps));
  const AlignedVector<float> centre = tile.expand(Centres(a, mean).data()), factor = tile.expand(factors.data()),
                             bias = tile.expand(a.bias);
  parallel_blocks(a.n, tile.block_rows, [&](int64_t begin, int64_t end) {
    ApplyRows(tile, a.x + begin * a.columns, end - begin, centre.data(), factor.data(), bias.data(),
              y + begin * a.columns);
  });
}

/// Computes the sums of a block. `out` has `columns` sums of grad, then `columns` sums of grad * (x - centre).
void GradientSums(const ColumnTile& tile, const float* grad, const float* x, int64_t rows, const float* centre,
                  double* out) {
  const FloatTag d;
  double *sum = out, *sum_z = out + tile.columns;
  const int64_t places = tile.vectors * tile.lanes;
  AlignedVector<float> accumulators(2 * places);
  float* HWY_RESTRICT acc = accumulators.data();
  float* HWY_RESTRICT acc_z = acc + places;
  WalkTiles(
      tile, rows,
      [&](int64_t at, int64_t slot, int64_t offset) HWY_ATTR {
        const auto g = hn::LoadU(d, grad + at);
        const auto z = hn::Sub(hn::LoadU(d, x + at), hn::LoadU(d, centre + offset));
        hn::StoreU(hn::Add(hn::LoadU(d, acc + slot), g), d, acc + slot);
        hn::StoreU(hn::MulAdd(g, z, hn::LoadU(d, acc_z + slot)), d, acc_z + slot);
      },
      [&](int64_t at, int64_t column) {
        sum[column] += grad[at];
        sum_z[column] += static_cast<double>(grad[at]) * (x[at] - centre[column]);
      });
  tile.fold(acc, sum);
  tile.fold(acc_z, sum_z);
}

/// Computes dx = per_grad * grad + (per_z * (x - centre) + constant).
void GradientRows(const ColumnTile& tile, const float* grad, const float* x, int64_t rows, const float* centre,
                  const float* per_grad, const float* per_z, const float* constant, float* dx) {
  const FloatTag d;
  WalkTiles(
      tile, rows,
      [&](int64_t at, int64_t, int64_t offset) HWY_ATTR {
        const auto z = hn::Sub(hn::LoadU(d, x + at), hn::LoadU(d, centre + offset));
        const auto rest = hn::MulAdd(z, hn::LoadU(d, per_z + offset), hn::LoadU(d, constant + offset));
        hn::StoreU(hn::MulAdd(hn::LoadU(d, grad + at), hn::LoadU(d, per_grad + offset), rest), d, dx + at);
      },
      [&](int64_t at, int64_t column) {
        const float rest = std::fma(x[at] - centre[column], per_z[column], constant[column]);
        dx[at] = std::fma(grad[at], per_grad[column], rest);
      });
}

/// The first pass sums grad and grad · z. The coefficients of dx follow from these sums, and the second pass applies
/// them.
void Backward(const Args& a, const float* grad, const float* mean, const float* var, bool batch_stats,
              const NodeNormGradients<float>& to) {
  const ColumnTile tile = TileOf(a);
  const int64_t D = a.columns, blocks = (a.n + tile.block_rows - 1) / tile.block_rows;
  const std::vector<float> centres = Centres(a, mean);
  const AlignedVector<float> centre = tile.expand(centres.data());
  std::vector<double> partial((blocks + 1) * 2 * D);
  parallel_blocks(a.n, tile.block_rows, [&](int64_t begin, int64_t end) {
    GradientSums(tile, grad + begin * D, a.x + begin * D, end - begin, centre.data(),
                 partial.data() + begin / tile.block_rows * 2 * D);
  });
  // The blocks are added one after the other, so the sums do not depend on the number of threads.
  double* total = partial.data() + blocks * 2 * D;
  for (int64_t b = 0; b < blocks; ++b) {
    for (int64_t c = 0; c < 2 * D; ++c) total[c] += partial[b * 2 * D + c];
  }

  std::vector<float> per_grad(D), per_z(D), constant(D);
  const double n = static_cast<double>(std::max<int64_t>(a.n, 1));
  for (int64_t c = 0; c < D; ++c) {
    const double sum_grad = total[c], sum_grad_z = total[D + c];
    const double r = 1 / std::sqrt(var[c] + a.eps), factor = a.weight[c] * r;
    const double scale = a.mean_scale ? a.mean_scale[c] : 1;
    const double var_part = batch_stats ? -factor * r * r * sum_grad_z / n : 0;  // 2 dL/dvar / n
    // Σ z over the column follows from the mean, so no pass sums z. Given statistics are constants: the gradient then
    // has no part through the variance or the mean.
    const double sum_z = n * (static_cast<double>(mean[c]) - centres[c]);
    const double sum_dz = factor * sum_grad + var_part * sum_z;
    per_grad[c] = static_cast<float>(factor);
    per_z[c] = static_cast<float>(var_part);
    constant[c] = static_cast<float>(batch_stats ? -scale * sum_dz / n : 0);
    to.weight[c] = static_cast<float>(sum_grad_z * r);
    to.bias[c] = static_cast<float>(sum_grad);
    if (to.mean_scale) to.mean_scale[c] = static_cast<float>(-static_cast<double>(mean[c]) * sum_dz);
  }
  const AlignedVector<float> grad_tile = tile.expand(per_grad.data()), z_tile = tile.expand(per_z.data()),
                             constant_tile = tile.expand(constant.data());
  parallel_blocks(a.n, tile.block_rows, [&](int64_t begin, int64_t end) {
    GradientRows(tile, grad + begin * D, a.x + begin * D, end - begin, centre.data(), grad_tile.data(), z_tile.data(),
                 constant_tile.data(), to.x + begin * D);
  });
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {

HWY_EXPORT(Statistics);
HWY_EXPORT(Apply);
HWY_EXPORT(Backward);

void node_norm_statistics(const NodeNormArgs<float>& a, float* mean, float* var) {
  if (a.columns > 0) HWY_DYNAMIC_DISPATCH(Statistics)(a, mean, var);
}

void node_norm_apply(const NodeNormArgs<float>& a, const float* mean, const float* var, float* y) {
  if (a.columns > 0) HWY_DYNAMIC_DISPATCH(Apply)(a, mean, var, y);
}

void node_norm_backward(const NodeNormArgs<float>& a, const float* grad, const float* mean, const float* var,
                        bool batch_stats, const NodeNormGradients<float>& to) {
  if (a.columns > 0) HWY_DYNAMIC_DISPATCH(Backward)(a, grad, mean, var, batch_stats, to);
}

}  // namespace graphsieve::kernels
#endif  // HWY_ONCE
