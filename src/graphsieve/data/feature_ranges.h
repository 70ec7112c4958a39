// SPDX-License-Identifier: Apache-2.0
// Statistics of the feature columns, and how far the columns of other data differ from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Statistics of each feature column over some nodes.
struct FeatureRanges {
  int64_t nodes = 0;                ///< nodes that were looked at
  std::vector<double> least, most;  ///< smallest and largest value
  std::vector<double> mean;
  std::vector<double> size;  ///< root of the mean square
  int64_t columns() const { return static_cast<int64_t>(mean.size()); }
};

/// Returns the statistics over `nodes`, or over all nodes if `nodes` is null. Blocks of nodes are summed in parallel
/// and in one order, so that the result does not depend on the number of threads.
FeatureRanges feature_ranges(const Features& features, const std::vector<int32_t>* nodes = nullptr);

/// True for each column of 0 and 1 alone, such as a category of a text column.
std::vector<bool> zero_one_columns(const FeatureRanges& ranges);

/// Returns the largest ratio of two columns' sizes, where the size 1 counts as a column of its own. Columns of 0 alone
/// and of 0 and 1 alone do not count.
double scale_ratio(const FeatureRanges& ranges);

/// A column in which other data differs from what a model was trained on.
struct ColumnShift {
  int64_t column = 0;
  int64_t outside = 0;                   ///< nodes with a value outside of the training data's range
  double share_then = 0, share_now = 0;  ///< of a column of 0 and 1: shares of ones in training, and now
  bool zero_one = false;
};

/// Returns the columns that differ: those with at least three nodes, and 1 % of the nodes, outside of the range of
/// `then` (or with all nodes outside), and columns of 0 and 1 whose share of ones has changed by at least 0.1 and to
/// less than half or more than double. The columns that differ most come first.
std::vector<ColumnShift> column_shifts(const FeatureRanges& then, const Features& now,
                                       const std::vector<int32_t>* nodes = nullptr);

/// Returns a sentence for people about each of the first few shifts, and one about the number of others. `nodes` is the
/// number of nodes that were looked at, and `schema` names the columns.
std::vector<std::string> shift_sentences(const std::vector<ColumnShift>& shifts, const FeatureRanges& then,
                                         int64_t nodes, const std::optional<Schema>& schema);

/// Returns the name of a feature: the schema's, or its number.
std::string feature_name(const std::optional<Schema>& schema, int64_t column);

}  // namespace graphsieve
