// What is done to the features before training.
#pragma once

#include <cstdint>
#include <string>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

enum class FeatureTreatment {
  kAsFound,
  kBinary,        ///< positive values become 1, others stay
  kRowSum,        ///< each row divided by its sum; rows whose sum is 0 stay
  kStandardised,  ///< each column to mean 0 and variance 1 (over n) over all nodes; constant columns become 0; dense
};

/// "as_found", "binary", "row_sum", "standardised"; throws Error on another name.
FeatureTreatment feature_treatment(const std::string& name);

struct FeatureNotes {
  int64_t zero_rows = 0;         ///< row sum: rows left as they are
  int64_t constant_columns = 0;  ///< standardised: columns set to 0
};

/// Throws Error where the standardised features of sparse ones would take more than 4 GiB. `notes` may be null.
Features treated(Features features, FeatureTreatment treatment, FeatureNotes* notes = nullptr);

}  // namespace graphsieve
