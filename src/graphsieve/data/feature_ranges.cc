// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/feature_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

constexpr int64_t kBlock = 4096;       // nodes per parallel block
constexpr size_t kShownShifts = 5;     // sentences about columns
constexpr int64_t kFewestOutside = 3;  // nodes
constexpr double kShareOutside = 0.01;
constexpr double kShareChange = 0.1;

/// Calls take(part of the block, column, value) for the values of the nodes, block by block in parallel, and returns
/// the parts in the order of the blocks. Zeros of sparse features are left out.
template <class Part, class Take>
std::vector<Part> by_block(const Features& x, const std::vector<int32_t>* nodes, const Part& empty, Take take) {
  const int64_t count = nodes != nullptr ? std::ssize(*nodes) : x.rows;
  // Sparse and wide features are one block, and others at most 64, so that the parts take little memory.
  const bool wide = x.sparse() || x.cols > kBlock;
  const int64_t block = wide ? std::max<int64_t>(1, count) : std::max(kBlock, (count + 63) / 64);
  std::vector<Part> parts((count + block - 1) / block, empty);
  parallel_blocks(count, block, [&](int64_t begin, int64_t end) {
    Part& part = parts[begin / block];
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = nodes != nullptr ? (*nodes)[i] : i;
      if (x.sparse()) {
        for (int64_t e = x.row_start[row]; e < x.row_start[row + 1]; ++e) take(part, x.column[e], double{x.value[e]});
      } else {
        for (int64_t c = 0; c < x.cols; ++c) take(part, c, double{x.dense_value(row * x.cols + c)});
      }
    }
  });
  return parts;
}

/// Statistics of one column while they are summed up.
struct Column {
  double least = INFINITY, most = -INFINITY, sum = 0, squares = 0;
  int64_t count = 0;
};

}  // namespace

FeatureRanges feature_ranges(const Features& x, const std::vector<int32_t>* nodes) {
  FeatureRanges to;
  to.nodes = nodes != nullptr ? std::ssize(*nodes) : x.rows;
  std::vector<Column> all(x.cols);
  for (const auto& part : by_block(x, nodes, std::vector<Column>(x.cols), [](auto& columns, int64_t c, double value) {
         Column& column = columns[c];
         column.least = std::min(column.least, value), column.most = std::max(column.most, value);
         column.sum += value, column.squares += value * value;
         ++column.count;
       }))
    for (int64_t c = 0; c < x.cols; ++c) {
      all[c].least = std::min(all[c].least, part[c].least), all[c].most = std::max(all[c].most, part[c].most);
      all[c].sum += part[c].sum, all[c].squares += part[c].squares, all[c].count += part[c].count;
    }
  const auto n = static_cast<double>(std::max<int64_t>(1, to.nodes));
  for (Column& column : all) {
    // The values that were left out are zeros.
    if (column.count < to.nodes) column.least = std::min(column.least, 0.0), column.most = std::max(column.most, 0.0);
    if (to.nodes == 0) column.least = column.most = 0;
    to.least.push_back(column.least), to.most.push_back(column.most);
    to.mean.push_back(column.sum / n), to.size.push_back(std::sqrt(column.squares / n));
  }
  return to;
}

std::vector<bool> zero_one_columns(const FeatureRanges& ranges) {
  std::vector<bool> to(ranges.columns());
  // The mean square of zeros and ones is their mean; of other numbers from 0 to 1 it is smaller.
  for (int64_t c = 0; c < ranges.columns(); ++c)
    to[c] = ranges.least[c] == 0 && ranges.most[c] == 1 &&
            std::abs(ranges.size[c] * ranges.size[c] - ranges.mean[c]) <= 1e-9 * ranges.mean[c];
  return to;
}

double scale_ratio(const FeatureRanges& ranges) {
  const std::vector<bool> zero_one = zero_one_columns(ranges);
  double least = 1, most = 1;
  for (int64_t c = 0; c < ranges.columns(); ++c)
    if (!zero_one[c] && ranges.size[c] > 0)
      least = std::min(least, ranges.size[c]), most = std::max(most, ranges.size[c]);
  return most / least;
}

std::vector<ColumnShift> column_shifts(const FeatureRanges& then, const Features& now,
                                       const std::vector<int32_t>* nodes) {
  const int64_t count = nodes != nullptr ? std::ssize(*nodes) : now.rows;
  if (count == 0 || then.columns() != now.cols) return {};
  std::vector<int64_t> outside(now.cols, 0), values(now.cols, 0);
  std::vector<double> sum(now.cols, 0);
  struct Seen {
    std::vector<int64_t> outside, values;
    std::vector<double> sum;
  };
  for (const Seen& part : by_block(now, nodes, Seen{outside, values, sum}, [&](Seen& to, int64_t c, double value) {
         to.outside[c] += value < then.least[c] || value > then.most[c];
         ++to.values[c], to.sum[c] += value;
       }))
    for (int64_t c = 0; c < now.cols; ++c)
      outside[c] += part.outside[c], values[c] += part.values[c], sum[c] += part.sum[c];
  const std::vector<bool> zero_one = zero_one_columns(then);
  std::vector<ColumnShift> shifts;
  for (int64_t c = 0; c < now.cols; ++c) {
    if (then.least[c] > 0 || then.most[c] < 0) outside[c] += count - values[c];  // the zeros of sparse features
    ColumnShift shift{c, outside[c], then.mean[c], sum[c] / static_cast<double>(count), zero_one[c]};
    const bool many =
        outside[c] == count ||
        (outside[c] >= kFewestOutside && static_cast<double>(outside[c]) >= kShareOutside * static_cast<double>(count));
    const double a = shift.share_then, b = shift.share_now;
    const bool other_share = zero_one[c] && std::abs(a - b) >= kShareChange && (a > 2 * b || b > 2 * a);
    if (many || other_share) shifts.push_back(shift);
  }
  const auto weight = [&](const ColumnShift& s) {
    const double share = static_cast<double>(s.outside) / static_cast<double>(count);
    return s.zero_one ? std::max(share, std::abs(s.share_then - s.share_now)) : share;
  };
  std::stable_sort(shifts.begin(), shifts.end(),
                   [&](const ColumnShift& a, const ColumnShift& b) { return weight(a) > weight(b); });
  return shifts;
}

std::string feature_name(const std::optional<Schema>& schema, int64_t column) {
  if (!schema) return str("feature ", column);
  return schema->feature_names().at(static_cast<size_t>(column));
}

std::vector<std::string> shift_sentences(const std::vector<ColumnShift>& shifts, const FeatureRanges& then,
                                         int64_t nodes, const std::optional<Schema>& schema) {
  std::vector<std::string> to;
  for (size_t i = 0; i < std::min(kShownShifts, shifts.size()); ++i) {
    const ColumnShift& s = shifts[i];
    const std::string name = feature_name(schema, s.column);
    if (s.outside == 0)
      to.push_back(fmt::format("'{}' is 1 for {:.3g} % of the nodes, in training for {:.3g} %", name, 100 * s.share_now,
                               100 * s.share_then));
    else
      to.push_back(fmt::format("'{}' of {} of {} nodes is outside of training's range, {:.6g} to {:.6g}", name,
                               s.outside, nodes, then.least[s.column], then.most[s.column]));
  }
  if (shifts.size() > kShownShifts)
    to.push_back(str(shifts.size() - kShownShifts, " more columns differ from those of the training data"));
  return to;
}

}  // namespace graphsieve
