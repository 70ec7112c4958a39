// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/label_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"

namespace graphsieve {
namespace {

constexpr int64_t kIgnored = -100;  // torch's ignore_index

}  // namespace

LabelColumns::LabelColumns(const Table& table, std::vector<std::string> names, bool regression)
    : table_(table), names_(std::move(names)), regression_(regression) {
  if (regression_ || names_.size() > 1) kind_ = ColumnKind::kNumber;
  for (const std::string& name : names_) {
    const ColumnKind kind = table_.column(name, "labels").kind;
    if (regression_ && kind != ColumnKind::kInteger && kind != ColumnKind::kNumber)
      throw Error(table_.path(), ": column '", name, "' is not a column of numbers, which regression predicts");
  }
  if (regression_) return;
  if (names_.size() != 1) return;
  const TableColumn& column = table_.column(names_[0], "labels");
  kind_ = column.kind;
  // A column without any value has no kind of its own; finish() refuses it.
  if (kind_ == ColumnKind::kNumber) kind_ = ColumnKind::kInteger;
  if (column.digits_matter) kind_ = ColumnKind::kText;
  if (kind_ != ColumnKind::kInteger && kind_ != ColumnKind::kTruth && kind_ != ColumnKind::kText)
    throw Error(table_.path(), ": column '", names_[0],
                "' holds dates, times or lists, expected classes (integers or texts)");
}

std::vector<WantedColumn> LabelColumns::wanted() const {
  std::vector<WantedColumn> wanted;
  // Integers are read as numbers, so that 1.0 is the class 1 and 1.5 gets a message about classes.
  const ColumnKind kind = kind_ == ColumnKind::kInteger ? ColumnKind::kNumber : kind_;
  for (const std::string& name : names_) wanted.push_back({name, kind});
  return wanted;
}

void LabelColumns::take(const TableBatch& batch, size_t first) {
  if (names_.empty()) return;
  if (regression_) return take_numbers(batch, first);
  if (names_.size() > 1) return take_several(batch, first);
  const TableBatch::Values& values = batch.columns[first];
  values.kind == ColumnKind::kNumber ? take_integers(batch, values) : take_texts(values);
}

int32_t LabelColumns::class_of_text(std::string_view text) {
  auto found = texts_.find(text);
  if (found == texts_.end()) found = texts_.emplace(text, static_cast<int32_t>(texts_.size())).first;
  if (std::ssize(texts_) > kMostClasses)
    throw Error(table_.path(), ": more than ", kMostClasses, " classes in column '", names_[0], "'");
  return found->second;
}

void LabelColumns::take_texts(const TableBatch::Values& values) {
  const bool truths = values.kind == ColumnKind::kTruth;
  for (size_t i = 0; i < values.missing.size(); ++i)
    classes_.push_back(values.missing[i] ? -1
                       : truths          ? class_of_text(values.integers[i] ? "true" : "false")
                                         : class_of_text(values.texts[i]));
}

void LabelColumns::take_integers(const TableBatch& batch, const TableBatch::Values& values) {
  for (int64_t i = 0; i < batch.rows; ++i) {
    const double value = values.missing[i] ? kIgnored : values.numbers[i];
    if (value == -1 || value == kIgnored) {
      minus_one_ |= value == -1;
      classes_.push_back(-1);
      continue;
    }
    if (value != std::trunc(value) || value < 0 || value >= static_cast<double>(kMostClasses))
      throw Error(table_.place(batch.first_row + i), ", column '", names_[0], "': ", value,
                  ", expected a class from 0 to ", kMostClasses - 1, ", or -1 or nothing for none; ",
                  option("task", "regression"), " predicts numbers");
    classes_.push_back(
        integers_.try_emplace(static_cast<int64_t>(value), static_cast<int32_t>(integers_.size())).first->second);
  }
}

void LabelColumns::take_several(const TableBatch& batch, size_t first) {
  for (int64_t i = 0; i < batch.rows; ++i)
    for (size_t l = 0; l < names_.size(); ++l) {
      const TableBatch::Values& values = batch.columns[first + l];
      const double value = values.missing[i] ? kIgnored : values.numbers[i];
      const bool none = value == -1 || value == kIgnored;
      if (!none && value != 0 && value != 1)
        throw Error(table_.place(batch.first_row + i), ", column '", names_[l], "': ", value,
                    ", expected 0, 1, or -1 or nothing for none");
      several_.push_back(none ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(value));
    }
}

void LabelColumns::take_numbers(const TableBatch& batch, size_t first) {
  for (int64_t i = 0; i < batch.rows; ++i)
    for (size_t l = 0; l < names_.size(); ++l) {
      const TableBatch::Values& values = batch.columns[first + l];
      const auto value =
          values.missing[i] ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(values.numbers[i]);
      if (std::isinf(value))
        throw Error(table_.place(batch.first_row + i), ", column '", names_[l], "': ", values.numbers[i],
                    ", expected a number that fits in 32 bits, or nothing for none");
      several_.push_back(value);
    }
}

template <class Names>
void LabelColumns::renumber(const Names& names, std::vector<std::string>& out) {
  std::vector<int32_t> order(names.size());
  int32_t next = 0;
  for (const auto& [name, first] : names) order[first] = next++, out.push_back(str(name));
  for (int32_t& c : classes_) c = c < 0 ? c : order[c];
}

Labels LabelColumns::finish(int64_t nodes, bool required, std::vector<std::string>& names,
                            std::vector<std::string>& notes) {
  Labels labels;
  const bool none = regression_ ? std::all_of(several_.begin(), several_.end(), [](float v) { return std::isnan(v); })
                                : names_.size() == 1 && texts_.empty() && integers_.empty();
  if (names_.empty() || (none && !required)) {
    labels.single.assign(nodes, -1);
    return labels;
  }
  if (names_.size() > 1 || (regression_ && !none)) {
    names = names_;
    labels.numbers = regression_;
    labels.classes = std::ssize(names_);
    labels.values = std::move(several_);
    return labels;
  }
  if (none)
    throw Error(table_.path(), ": no node has a label in column '", names_[0], "'; ", option("drop", names_[0]),
                " leaves the column out, and data without labels can still be scored");
  texts_.empty() ? renumber(integers_, names) : renumber(texts_, names);
  labels.classes = std::ssize(names);
  labels.single = std::move(classes_);
  if (!texts_.empty()) return labels;
  if (integers_.size() == 1 && integers_.begin()->first == 1 && minus_one_)
    throw Error(table_.path(), ": column '", names_[0],
                "' holds -1 and 1 alone, and -1 means that a node has no label; write two classes as 0 and 1");
  if (integers_.rbegin()->first == labels.classes - 1) {
    names.clear();  // the classes are 0 … C − 1, and their numbers are their names
  } else {
    notes.push_back(str("the labels are not all of 0, 1, …, ", integers_.rbegin()->first, ": the ", labels.classes,
                        " integers of column '", names_[0], "' are the names of the classes"));
  }
  return labels;
}

}  // namespace graphsieve
