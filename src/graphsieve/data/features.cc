// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/features.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/data/feature_ranges.h"

namespace graphsieve {
namespace {

constexpr int64_t kFeatureBlock = 2048;  // rows per parallel block
constexpr int64_t kMostDenseBytes = int64_t{4} << 30;

std::span<float> values_of(Features& features) {
  return features.sparse() ? std::span<float>(features.value) : std::span<float>(features.dense);
}

/// Returns the position of row i's first stored value; for i = rows, the number of stored values.
int64_t value_start(const Features& features, int64_t i) {
  return features.sparse() ? features.row_start[i] : i * features.cols;
}

/// Sets positive values to 1 and leaves all others.
void make_binary(Features& features) {
  for (float& value : values_of(features))
    if (value > 0) value = 1;
}

/// Divides every row by the sum of its values. A row whose sum is 0 stays as it is and is counted in `notes`.
void divide_rows(Features& features, FeatureNotes& notes) {
  const std::span<float> values = values_of(features);
  for (int64_t i = 0; i < features.rows; ++i) {
    const int64_t begin = value_start(features, i), end = value_start(features, i + 1);
    double sum = 0;
    for (int64_t e = begin; e < end; ++e) sum += values[e];
    if (sum == 0) ++notes.zero_rows;
    for (int64_t e = begin; sum != 0 && e < end; ++e) values[e] = static_cast<float>(values[e] / sum);
  }
}

/// True if dense float32 features of this size take at most kMostDenseBytes.
bool fits_dense(const Features& features) {
  int64_t bytes = 0;
  return !__builtin_mul_overflow(features.rows, features.cols * 4, &bytes) && bytes <= kMostDenseBytes;
}

/// Reads the rows of a file into memory, so that they can be changed.
void read_stored(Features& features) {
  if (!fits_dense(features))
    throw Error("features: ", features.rows, " x ", features.cols,
                " numbers take more than 4 GiB in memory; store them treated, and use as_found");
  features.dense.resize(features.rows * features.cols);
  const StoredRows& stored = features.stored;
  parallel_blocks(features.rows, kFeatureBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * features.cols; i < end * features.cols; ++i) features.dense[i] = stored[i];
  });
  features.stored = {};
}

/// Converts sparse features to dense ones.
void make_dense(Features& features) {
  if (!features.sparse()) return;
  if (!fits_dense(features))
    throw Error("standardised features: ", features.rows, " x ", features.cols,
                " numbers take more than 4 GiB; leave the sparse features as_found, binary or row_sum");
  features.dense.resize(features.rows * features.cols);
  write_dense_rows(sparse_rows(features), nullptr, features.rows, features.dense.data());
  features.row_start = {};
  features.column = {};
  features.value = {};
}

/// Returns the sum over the rows of term(column, value) for each column. Blocks of rows are summed in parallel, and the
/// sums of the blocks are then added in their order.
template <class Term>
std::vector<double> column_sums(const Features& features, Term term) {
  const int64_t block = std::max(kFeatureBlock, (features.rows + 63) / 64);
  std::vector<std::vector<double>> partial((features.rows + block - 1) / block);
  parallel_blocks(features.rows, block, [&](int64_t begin, int64_t end) {
    std::vector<double> sums(features.cols, 0);
    for (int64_t i = begin; i < end; ++i)
      for (int64_t c = 0; c < features.cols; ++c)
        sums[c] += term(c, double{features.dense_value(i * features.cols + c)});
    partial[begin / block] = std::move(sums);
  });
  std::vector<double> out(features.cols, 0);
  for (const std::vector<double>& sums : partial)
    for (int64_t c = 0; c < features.cols; ++c) out[c] += sums[c];
  return out;
}

/// Returns the mean of each column and the reciprocal of its standard deviation (divisor n).
FeatureScales scales_of(const Features& features, FeatureNotes& notes) {
  const auto n = static_cast<double>(features.rows);
  // Every block compares its rows with the first row of the matrix, not with its own first row, so that a column is
  // constant if it changes in no block.
  const std::vector<double> changes =
      column_sums(features, [&](int64_t c, double x) { return x != double{features.dense_value(c)}; });
  FeatureScales scales;
  scales.mean = column_sums(features, [](int64_t, double x) { return x; });
  for (double& m : scales.mean) m /= n;
  // The variance takes a pass of its own over the differences from the mean: the mean of the squares minus the square
  // of the mean would lose the variance of a column with a large mean. A constant column becomes 0.
  scales.factor =
      column_sums(features, [&](int64_t c, double x) { return (x - scales.mean[c]) * (x - scales.mean[c]); });
  for (int64_t c = 0; c < features.cols; ++c) {
    notes.constant_columns += changes[c] == 0;
    scales.factor[c] = changes[c] == 0 ? 0 : 1 / std::sqrt(scales.factor[c] / n);
  }
  return scales;
}

void standardise(Features& features, std::optional<FeatureScales>& scales, FeatureNotes& notes) {
  make_dense(features);
  if (features.rows == 0) return;
  if (!scales) scales = scales_of(features, notes);
  if (std::ssize(scales->mean) != features.cols)
    throw Error("features: ", features.cols, " columns, the scales of the training data are of ", scales->mean.size());
  const std::vector<double>&mean = scales->mean, &factor = scales->factor;
  parallel_blocks(features.rows, kFeatureBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t c = 0; c < features.cols; ++c) {
        float& value = features.dense[i * features.cols + c];
        value = static_cast<float>((value - mean[c]) * factor[c]);
      }
  });
}

}  // namespace

SparseRows sparse_rows(const Features& x) { return {x.row_start.data(), x.column.data(), x.value.data(), x.cols}; }

void write_dense_rows(const SparseRows& rows, const int32_t* picked, int64_t count, float* to) {
  parallel_blocks(count, kFeatureBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = picked ? picked[i] : i;
      float* const dense = to + i * rows.cols;
      std::fill_n(dense, rows.cols, 0.f);
      for (int64_t e = rows.row_start[row]; e < rows.row_start[row + 1]; ++e) dense[rows.column[e]] = rows.value[e];
    }
  });
}

FeatureTreatment feature_treatment(const std::string& name) {
  const std::pair<const char*, FeatureTreatment> known[] = {{"as_found", FeatureTreatment::kAsFound},
                                                            {"binary", FeatureTreatment::kBinary},
                                                            {"row_sum", FeatureTreatment::kRowSum},
                                                            {"standardised", FeatureTreatment::kStandardised},
                                                            {"auto", FeatureTreatment::kAuto}};
  for (const auto& [text, treatment] : known)
    if (name == text) return treatment;
  throw Error("feature treatment '", name, "', expected as_found, binary, row_sum, standardised or auto");
}

FeatureTreatment treatment_for(const Features& features, FeatureTreatment asked, std::optional<FeatureScales>& scales,
                               double& scale_ratio) {
  if (asked != FeatureTreatment::kAuto) return asked;
  if (features.sparse() || features.rows == 0 || !fits_dense(features)) return FeatureTreatment::kAsFound;
  const FeatureRanges ranges = feature_ranges(features);
  scale_ratio = graphsieve::scale_ratio(ranges);
  if (scale_ratio <= kScaleRatio) return FeatureTreatment::kAsFound;
  FeatureNotes notes;
  scales = scales_of(features, notes);
  const std::vector<bool> zero_one = zero_one_columns(ranges);
  for (int64_t c = 0; c < features.cols; ++c)
    if (zero_one[c]) scales->mean[c] = 0, scales->factor[c] = 1;
  return FeatureTreatment::kStandardised;
}

Features treated(Features features, FeatureTreatment treatment, FeatureNotes* notes,
                 std::optional<FeatureScales>* scales) {
  FeatureNotes counted;
  std::optional<FeatureScales> own;
  if (features.in_file() && treatment != FeatureTreatment::kAsFound) read_stored(features);
  if (treatment == FeatureTreatment::kBinary) make_binary(features);
  if (treatment == FeatureTreatment::kRowSum) divide_rows(features, counted);
  if (treatment == FeatureTreatment::kStandardised) standardise(features, scales != nullptr ? *scales : own, counted);
  if (notes != nullptr) *notes = counted;
  return features;
}

}  // namespace graphsieve
