// SPDX-License-Identifier: Apache-2.0
// Both passes are a product of a sparse matrix with a dense matrix whose rows are whole vectors: forward X · Wᵀ (W is
// transposed into the scratch memory first), backward Xᵀ · grad (the result is transposed into dW last). One thread
// computes the sum of a row in the order of its entries, so the division of the rows into items, which is by work, does
// not change a bit.
#include <algorithm>
#include <cstring>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/targets.h"
#include "graphsieve/ops/sparse_linear/sparse_linear_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/sparse_linear/sparse_linear_simd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef GRAPHSIEVE_SPARSE_LINEAR_SIMD_ONCE
#define GRAPHSIEVE_SPARSE_LINEAR_SIMD_ONCE
namespace graphsieve::kernels {

/// The product y[r, :] = start + Σ value · dense[index, :]. `dense` and `start` (which may be null: 0) have `width`
/// numbers per row, which are whole vectors. y has y_width <= width numbers per row.
struct SparseProduct {
  SparseRows<float> x;
  const float* dense;
  const float* start;
  int64_t width;
  float* y;
  int64_t y_width;
};

}  // namespace graphsieve::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Entries that are summed before their sum is added to the row's total. The column of a frequent word has tens of
/// thousands of terms, and one chain of float32 additions through all of them loses two more digits than two levels do.
constexpr int64_t kRun = 512;

/// Computes the columns [at, at + V vectors) of the rows [begin, end). U entries are read at a time, each with its own
/// sums, because a single chain of multiply-adds would wait for itself.
template <int V, int U, class D>
void Panel(D d, const SparseProduct& p, int64_t begin, int64_t end, int64_t at) {
  const int64_t lanes = hn::Lanes(d);
  const float* HWY_RESTRICT dense = p.dense + at;
  for (int64_t r = begin; r < end; ++r) {
    // Arrays of vectors are possible with the fixed vector sizes of x86 and NEON, but not with SVE.
    hn::Vec<D> total[V], sum[V * U];
    for (int v = 0; v < V; ++v) total[v] = p.start ? hn::LoadU(d, p.start + at + v * lanes) : hn::Zero(d);
    const int64_t row_end = p.x.row_start[r + 1];
    for (int64_t e = p.x.row_start[r]; e < row_end;) {
      const int64_t stop = std::min(e + kRun, row_end);
      for (auto& s : sum) s = hn::Zero(d);
      for (; e + U <= stop; e += U) {
        for (int u = 0; u < U; ++u) {
          const float* row = dense + p.x.index[e + u] * p.width;
          const auto value = hn::Set(d, p.x.value[e + u]);
          for (int v = 0; v < V; ++v) sum[u * V + v] = hn::MulAdd(value, hn::LoadU(d, row + v * lanes), sum[u * V + v]);
        }
      }
      for (; e < stop; ++e) {
        const float* row = dense + p.x.index[e] * p.width;
        const auto value = hn::Set(d, p.x.value[e]);
        for (int v = 0; v < V; ++v) sum[v] = hn::MulAdd(value, hn::LoadU(d, row + v * lanes), sum[v]);
      }
      // The U sums of a vector are added in a fixed order, so the result depends on the row's entries alone.
      for (int i = 0; i < V * U; ++i) total[i % V] = hn::Add(total[i % V], sum[i]);
    }
    float* y = p.y + r * p.y_width + at;
    for (int v = 0; v < V; ++v) {
      // The rows of y may be narrower than whole vectors. The last vector is then cut, so that it does not overwrite
      // the next row, which another thread may be writing.
      const int64_t room = p.y_width - at - v * lanes;
      if (room >= lanes) {
        hn::StoreU(total[v], d, y + v * lanes);
      } else {
        HWY_ALIGN float last[HWY_MAX_BYTES / sizeof(float)];
        hn::Store(total[v], d, last);
        std::memcpy(y + v * lanes, last, std::max<int64_t>(room, 0) * sizeof(float));
      }
    }
  }
}

/// Computes whole rows, up to 8 vectors of them at a time. The wider the panel, the fewer entries it reads at a time,
/// so that the sums fit in the registers.
template <class D>
void Rows(D d, const SparseProduct& p, int64_t begin, int64_t end) {
  const int64_t lanes = hn::Lanes(d);
  for (int64_t at = 0; at < p.width;) {
    const int64_t vectors = std::min<int64_t>((p.width - at) / lanes, 8);
    switch (vectors) {
      case 1:
        Panel<1, 4>(d, p, begin, end, at);
        break;
      case 2:
        Panel<2, 4>(d, p, begin, end, at);
        break;
      case 3:
        Panel<3, 2>(d, p, begin, end, at);
        break;
      case 4:
        Panel<4, 2>(d, p, begin, end, at);
        break;
      case 5:
        Panel<5, 1>(d, p, begin, end, at);
        break;
      case 6:
        Panel<6, 1>(d, p, begin, end, at);
        break;
      case 7:
        Panel<7, 1>(d, p, begin, end, at);
        break;
      default:
        Panel<8, 1>(d, p, begin, end, at);
    }
    at += vectors * lanes;
  }
}

/// Chooses the vector length. Narrow rows use short vectors: 16 lanes for 4 numbers would read four times as many
/// bytes.
void ProductRows(const SparseProduct& p, int64_t begin, int64_t end) {
  if (p.width <= 4) return Rows(hn::CappedTag<float, 4>(), p, begin, end);
  if (p.width <= 8) return Rows(hn::CappedTag<float, 8>(), p, begin, end);
  Rows(hn::ScalableTag<float>(), p, begin, end);
}

int64_t ScratchWidth(int64_t out) {
  int64_t lanes = hn::Lanes(hn::ScalableTag<float>());
  if (out <= 8) lanes = hn::Lanes(hn::CappedTag<float, 8>());
  if (out <= 4) lanes = hn::Lanes(hn::CappedTag<float, 4>());
  return (out + lanes - 1) / lanes * lanes;
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {
namespace {

HWY_EXPORT(ProductRows);
HWY_EXPORT(ScratchWidth);

constexpr int64_t kItemWork = 16384;       // entries and rows per item of work: about 0.1 ms at 64 columns
constexpr int64_t kTransposeColumns = 64;  // columns of the source per item of work

/// Returns the first row of item `item`. Rows are divided where the number of entries and rows before them passes a
/// multiple of kItemWork.
int64_t item_begin(const SparseRows<float>& x, int64_t item) {
  int64_t low = 0, high = x.rows;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (x.row_start[middle] + middle < item * kItemWork)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// Computes a product in parallel. The number of items is such that the last item ends with the last row.
void multiply(const SparseProduct& p) {
  if (p.x.rows == 0) return;
  const int64_t items = (p.x.row_start[p.x.rows] + p.x.rows) / kItemWork + 1;
  parallel_for(items, [&](int64_t item) {
    HWY_DYNAMIC_DISPATCH(ProductRows)(p, item_begin(p.x, item), item_begin(p.x, item + 1));
  });
}

/// Computes to[c, r] = from[r, c]. `to` has to_width >= rows numbers per row, filled up with zeros.
void transpose(const float* from, int64_t rows, int64_t columns, int64_t from_width, float* to, int64_t to_width) {
  constexpr int64_t kRows = 16;  // a cache line of the result, written as a whole
  parallel_blocks(columns, kTransposeColumns, [&](int64_t begin, int64_t end) {
    for (int64_t r0 = 0; r0 < to_width; r0 += kRows) {
      const int64_t r_end = std::min(r0 + kRows, to_width), r_stop = std::min(r_end, rows);
      for (int64_t c = begin; c < end; ++c) {
        for (int64_t r = r0; r < r_stop; ++r) to[c * to_width + r] = from[r * from_width + c];
        for (int64_t r = std::max(r0, r_stop); r < r_end; ++r) to[c * to_width + r] = 0;
      }
    }
  });
}

/// Copies rows of `out` numbers to rows of `width` numbers, filled up with zeros.
void widen(const float* from, int64_t rows, int64_t out, float* to, int64_t width) {
  parallel_blocks(rows, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      std::copy(from + r * out, from + (r + 1) * out, to + r * width);
      std::fill(to + r * width + out, to + (r + 1) * width, 0.f);
    }
  });
}

}  // namespace

int64_t sparse_linear_scratch_width(int64_t out) { return HWY_DYNAMIC_DISPATCH(ScratchWidth)(out); }

void sparse_linear(const SparseRows<float>& x, const float* weight, const float* bias, int64_t in, int64_t out,
                   float* scratch, float* y) {
  // The scratch memory has Wᵀ in rows of whole vectors, then the bias in one such row.
  const int64_t width = sparse_linear_scratch_width(out);
  float* start = scratch + in * width;
  transpose(weight, out, in, in, scratch, width);
  if (bias) widen(bias, 1, out, start, width);
  multiply({x, scratch, bias ? start : nullptr, width, y, out});
}

void sparse_linear_backward(const SparseRows<float>& x_t, const float* grad, int64_t n, int64_t out, float* scratch,
                            float* dweight) {
  const int64_t width = sparse_linear_scratch_width(out), in = x_t.rows;
  float* wide_grad = scratch + in * width;
  if (width != out) widen(grad, n, out, wide_grad, width);
  multiply({x_t, width == out ? grad : wide_grad, nullptr, width, scratch, width});
  transpose(scratch, in, out, width, dweight, in);
}

}  // namespace graphsieve::kernels
#endif  // HWY_ONCE
