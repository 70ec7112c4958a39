// SPDX-License-Identifier: Apache-2.0
// Treatments of the features before training.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// A treatment of the features.
enum class FeatureTreatment {
  kAsFound,       ///< unchanged
  kBinary,        ///< positive values become 1, others stay
  kRowSum,        ///< each row is divided by its sum; a row whose sum is 0 stays
  kStandardised,  ///< scaled to mean 0 and variance 1 (divisor n) per column; constant columns become 0
  kAuto,          ///< one of the others, chosen by treatment_for()
};

/// The ratio of two columns' sizes (data/feature_ranges.h) above which kAuto standardises.
constexpr double kScaleRatio = 100;

/// Returns the treatment named "as_found", "binary", "row_sum", "standardised" or "auto". Throws Error if the name is
/// another one.
FeatureTreatment feature_treatment(const std::string& name);

/// The statistics of kStandardised: a feature x of column c becomes (x − mean[c]) · factor[c]. The factor of a constant
/// column is 0.
struct FeatureScales {
  std::vector<double> mean, factor;
};

/// Parts of the features that a treatment had to leave out.
struct FeatureNotes {
  int64_t zero_rows = 0;         ///< kRowSum: rows whose sum is 0
  int64_t constant_columns = 0;  ///< kStandardised: columns with one value, set to 0
};

/// Rows of a sparse matrix (CSR) with `cols` columns.
struct SparseRows {
  const int64_t* row_start;
  const int32_t* column;
  const float* value;
  int64_t cols;
};

/// Writes `count` rows as dense ones, row-major: the rows `picked`, or the first ones in order if `picked` is null.
void write_dense_rows(const SparseRows& rows, const int32_t* picked, int64_t count, float* to);

/// The rows of sparse features.
SparseRows sparse_rows(const Features& features);

/// Returns the treatment to use where `asked` is kAuto, and otherwise `asked`. Dense features of at most 4 GiB whose
/// scales differ by more than kScaleRatio are standardised, save columns of 0 and 1: `scales` are then set. All other
/// features stay as they are. `scale_ratio` is set to the ratio of the scales if it was computed.
FeatureTreatment treatment_for(const Features& features, FeatureTreatment asked, std::optional<FeatureScales>& scales,
                               double& scale_ratio);

/// Returns the features after the treatment. Features in a file are read into memory if they change. kStandardised uses
/// `scales` if they have a value, which are then those of a model's training data, and otherwise sets them to the
/// statistics of these features. Throws Error if the dense result of sparse features, or of features in a file, would
/// take more than 4 GiB, or if `scales` have another number of columns. `notes` and `scales` may be null. The
/// treatment is not kAuto.
Features treated(Features features, FeatureTreatment treatment, FeatureNotes* notes = nullptr,
                 std::optional<FeatureScales>* scales = nullptr);

}  // namespace graphsieve
