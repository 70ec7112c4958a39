// SPDX-License-Identifier: Apache-2.0
// The formula of README.md, row by row.
#include <algorithm>
#include <cmath>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/row_sums.h"
#include "graphsieve/ops/norm_relu_unit/norm_relu_unit_kernel.h"

namespace graphsieve::kernels {
/// The rows of a call, and what a column needs for them.
template <class T>
class NormReluUnitRows {
 public:
  explicit NormReluUnitRows(const NormReluUnitArgs<T>& args) : a(args), factor(args.columns) {
    for (int64_t c = 0; c < a.columns; ++c) factor[c] = static_cast<T>(a.weight[c] / std::sqrt(a.var[c] + a.eps));
  }

  /// Writes relu(z) of row r and returns the divisor of the row. NaN stays NaN.
  T positive_part(int64_t r, T* to) const {
    const T *x = a.x + r * a.columns, *mean = a.mean, *by = factor.data(), *bias = a.bias;
    for (int64_t c = 0; c < a.columns; ++c) {
      const T z = (x[c] - mean[c]) * by[c] + bias[c];
      to[c] = z < 0 ? T(0) : z;
    }
    const T length = std::sqrt(row_sum<T>(a.columns, [to](int64_t c) { return to[c] * to[c]; }));
    return length > a.least || std::isnan(length) ? length : a.least;
  }

  /// What the gradient of z of a row needs besides relu(z) and the gradient g of y: it is (g − relu(z) · turned) ·
  /// scale.
  struct Factors {
    T scale, turned;
  };

  /// Writes the gradient of z of row r for the gradient `grad` of y, and returns the row's factors.
  Factors gradient(int64_t r, const T* grad, T* to) const {
    const T divisor = positive_part(r, to), *g = grad + r * a.columns;
    const T along = row_sum<T>(a.columns, [to, g](int64_t c) { return to[c] * g[c]; }) / divisor;
    // Where the divisor is the length, it depends on the row, too (unit_rows).
    const T turned = divisor > a.least ? along / divisor : T(0), scale = 1 / divisor;
    for (int64_t c = 0; c < a.columns; ++c) {
      const T passes = to[c] > 0 ? T(1) : T(0);  // a factor instead of a branch, so that the loop becomes vectors
      to[c] = (g[c] - to[c] * turned) * scale * passes;
    }
    return {scale, turned};
  }

  const NormReluUnitArgs<T>& a;
  std::vector<T> factor;  ///< weight / √(var + eps)
};

namespace {

constexpr int64_t kReluUnitBlock = 1 << 14;   ///< elements of an item of work
constexpr int64_t kMostReluUnitBlocks = 256;  ///< most blocks whose sums over rows are kept until all are done
constexpr int64_t kSummedRows = 64;           ///< rows that are summed in T before the sum is added in float64

template <class T>
int64_t rows_of_item(const NormReluUnitArgs<T>& a) {
  return std::max<int64_t>(1, kReluUnitBlock / std::max<int64_t>(1, a.columns));
}

/// Returns Σ dz, then Σ dz · (x − mean) over the rows, per column, and writes the factors of each row.
template <class T>
std::vector<double> gradient_sums(const NormReluUnitRows<T>& rows, const T* grad,
                                  typename NormReluUnitRows<T>::Factors* factors) {
  const NormReluUnitArgs<T>& a = rows.a;
  const int64_t D = a.columns, step = std::max(rows_of_item(a), (a.n + kMostReluUnitBlocks - 1) / kMostReluUnitBlocks);
  std::vector<double> sums((a.n + step - 1) / step * 2 * D);
  parallel_blocks(a.n, step, [&](int64_t begin, int64_t end) {
    double* of_block = sums.data() + begin / step * 2 * D;
    std::vector<T> dz(D), sum(2 * D);
    for (int64_t r = begin; r < end;) {
      std::fill(sum.begin(), sum.end(), T(0));
      for (const int64_t last = std::min(end, r + kSummedRows); r < last; ++r) {
        factors[r] = rows.gradient(r, grad, dz.data());
        const T *x = a.x + r * D, *mean = a.mean, *d = dz.data();
        T *plain = sum.data(), *times = plain + D;
        for (int64_t c = 0; c < D; ++c) {
          plain[c] += d[c];
          times[c] += d[c] * (x[c] - mean[c]);
        }
      }
      for (int64_t c = 0; c < 2 * D; ++c) of_block[c] += static_cast<double>(sum[c]);
    }
  });
  std::vector<double> all(2 * D);
  for (size_t i = 0; i < sums.size(); ++i) all[i % all.size()] += sums[i];
  return all;
}

}  // namespace

template <class T>
void norm_relu_unit(const NormReluUnitArgs<T>& a, T* y) {
  const NormReluUnitRows<T> rows(a);
  parallel_blocks(a.n, rows_of_item(a), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      T* to = y + r * a.columns;
      const T scale = 1 / rows.positive_part(r, to);
      for (int64_t c = 0; c < a.columns; ++c) to[c] *= scale;
    }
  });
}

template <class T>
void norm_relu_unit_backward(const NormReluUnitArgs<T>& a, const T* grad, bool batch_stats,
                             const NormReluUnitGradients<T>& to) {
  if (a.columns == 0) return;
  const NormReluUnitRows<T> rows(a);
  const int64_t D = a.columns;
  std::vector<typename NormReluUnitRows<T>::Factors> factors(a.n);
  const std::vector<double> sums = gradient_sums(rows, grad, factors.data());
  const double n = static_cast<double>(std::max<int64_t>(a.n, 1));
  // dx = factor · dz + per_z · (x − mean) + constant, as in node_norm; given statistics are constants.
  std::vector<T> per_z(D), constant(D);
  for (int64_t c = 0; c < D; ++c) {
    const double r = 1 / std::sqrt(a.var[c] + a.eps), factor = a.weight[c] * r;
    per_z[c] = static_cast<T>(batch_stats ? -factor * r * r * sums[D + c] / n : 0);
    constant[c] = static_cast<T>(batch_stats ? -factor * sums[c] / n : 0);
    to.weight[c] = static_cast<T>(sums[D + c] * r);
    to.bias[c] = static_cast<T>(sums[c]);
  }
  parallel_blocks(a.n, rows_of_item(a), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const auto [scale, turned] = factors[r];
      const T *x = a.x + r * D, *g = grad + r * D, *mean = a.mean, *bias = a.bias;
      const T *by = rows.factor.data(), *z_by = per_z.data(), *plus = constant.data();
      T* dx = to.x + r * D;
      for (int64_t c = 0; c < D; ++c) {
        const T centred = x[c] - mean[c], z = centred * by[c] + bias[c];
        const T passes = z > 0 ? T(1) : T(0), dz = (g[c] - z * turned) * scale * passes;
        dx[c] = dz * by[c] + (centred * z_by[c] + plus[c]);
      }
    }
  });
}

#define GRAPHSIEVE_INSTANTIATE(T)                               \
  template void norm_relu_unit(const NormReluUnitArgs<T>&, T*); \
  template void norm_relu_unit_backward(const NormReluUnitArgs<T>&, const T*, bool, const NormReluUnitGradients<T>&);
GRAPHSIEVE_INSTANTIATE(float)
GRAPHSIEVE_INSTANTIATE(double)
#undef GRAPHSIEVE_INSTANTIATE

}  // namespace graphsieve::kernels
