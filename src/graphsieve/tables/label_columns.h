// SPDX-License-Identifier: Apache-2.0
// The label columns of a node table: one column of classes, several columns of 0 and 1, or columns of numbers to
// predict.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {

/// Reads labels batch by batch. One column of texts makes a class of each text, in ascending order. One column of
/// integers holds the classes 0, 1, …; if the integers are not all of 0 … C − 1, each of them is a class whose name it
/// is, in ascending order. Truth values are the classes "false" and "true". Several columns are several labels per
/// node. A missing cell, −1 and −100 (the convention of torch) are no label. For regression, the columns are numbers to
/// predict; a missing cell is no number.
class LabelColumns {
 public:
  /// No columns: no node has a label. Throws Error if the column's values are neither integers nor texts or, for
  /// `regression`, no numbers.
  LabelColumns(const Table& table, std::vector<std::string> names, bool regression);

  /// The columns that take() expects, in this order from its column `first` on.
  std::vector<WantedColumn> wanted() const;
  /// Takes the labels of a batch. Throws Error, with row and value, for an invalid label.
  void take(const TableBatch& batch, size_t first);

  /// Returns the labels of all rows. A column without any label gives none, or an Error if labels are `required`.
  /// Throws Error if the labels are −1 and 1, which probably are two classes. Sets `names` to the names of the classes
  /// or labels; empty: they are numbered. Adds a sentence to `notes` if integers became names.
  Labels finish(int64_t nodes, bool required, std::vector<std::string>& names, std::vector<std::string>& notes);

 private:
  void take_texts(const TableBatch::Values& values);
  void take_integers(const TableBatch& batch, const TableBatch::Values& values);
  void take_several(const TableBatch& batch, size_t first);
  void take_numbers(const TableBatch& batch, size_t first);
  int32_t class_of_text(std::string_view text);
  /// Renumbers the classes, which are numbered by their first appearance, by the order of `names`.
  template <class Names>
  void renumber(const Names& names, std::vector<std::string>& out);

  const Table& table_;
  std::vector<std::string> names_;
  const bool regression_;
  ColumnKind kind_ = ColumnKind::kInteger;
  std::map<std::string, int32_t, std::less<>> texts_;  ///< number of each text, by first appearance
  std::map<int64_t, int32_t> integers_;                ///< number of each integer, by first appearance
  bool minus_one_ = false;                             ///< −1 was read
  std::vector<int32_t> classes_;
  std::vector<float> several_;
};

}  // namespace graphsieve
