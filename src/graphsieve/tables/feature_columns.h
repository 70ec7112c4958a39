// SPDX-License-Identifier: Apache-2.0
// The feature columns of a node table: learns their schema from the rows of the table, or takes the schema of a
// model's training data, and turns rows into features.
//
//   FeatureColumns columns(table, names, options);
//   table.read(columns.to_learn(), [&](const TableBatch& b) { columns.learn(b, 0); });   not with a given schema
//   columns.finish_learning();
//   table.read(columns.to_read(), [&](const TableBatch& b) { columns.put(b, 0, b.rows, rows, width); });
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "graphsieve/data/schema.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {

/// How features are made of columns.
struct FeatureOptions {
  std::optional<double>
      fill;  ///< in place of missing numbers, dates and times of all columns; absent: they are refused
  /// By column: "mean" or "median" of the column's values, or a number; it has precedence over `fill`.
  std::map<std::string, std::string> fills;
  std::vector<std::string> indicators;          ///< columns with a further feature that is 1 where the value is missing
  std::vector<std::string> cyclic;              ///< columns of dates and times that get cyclic features
  int64_t memory = int64_t{1} << 30;            ///< bytes for the values of which medians are taken
  UnknownTexts unknown = UnknownTexts::kZeros;  ///< with a given schema: what becomes of texts that it does not have
};

/// The feature columns of one table.
class FeatureColumns {
 public:
  /// The schema is learned from the table; find_kinds() has found the kinds of the columns `names`. Throws Error if
  /// `options` name a column that is not a feature, a fill that is no number, or a column whose type does not fit.
  FeatureColumns(const Table& table, const std::vector<std::string>& names, FeatureOptions options);
  /// The schema is given. Throws Error, naming the table, if a column is missing.
  FeatureColumns(const Table& table, std::vector<SchemaColumn> schema, FeatureOptions options);

  /// The columns that learn() expects, in this order from its column `first` on.
  std::vector<WantedColumn> to_learn() const;
  /// Learns from a batch. Throws Error if a text column has more than 1000 different texts.
  void learn(const TableBatch& batch, size_t first);
  /// Completes the schema after the last row. Throws Error if a text column has nearly as many texts as rows, or if the
  /// values of a column that is filled with their mean or median are all missing.
  void finish_learning();

  const std::vector<SchemaColumn>& schema() const { return schema_; }
  int64_t width() const { return width_; }  ///< number of features

  /// The columns that put() expects, in this order.
  std::vector<WantedColumn> to_read() const;
  /// Writes the features of the rows [begin, begin + count) of a batch to `rows`, whose rows are `stride` numbers
  /// apart. Throws Error, with row and column, for a missing or infinite value, or for a text that the given schema
  /// does not have if such texts are refused.
  void put(const TableBatch& batch, int64_t begin, int64_t count, float* rows, int64_t stride);

  /// Returns a sentence about each thing that put() filled or did not know.
  std::vector<std::string> notes() const;

 private:
  using TextSet = std::map<std::string, int64_t, std::less<>>;  // by text: its feature in the column
  /// What is learned or counted of one column.
  struct Column {
    std::string fill;                                           ///< "", "mean", "median" or a number
    TextSet texts;                                              ///< kCategory
    std::vector<double> values;                                 ///< for the median
    double sum = 0;                                             ///< for the mean
    double least = 0;                                           ///< for the origin of a date
    int64_t count = 0, rows = 0;                                ///< values that are not missing, and all
    int64_t filled = 0;                                         ///< missing values that put() filled
    int64_t unknown = 0;                                        ///< rows with an unknown text
    std::map<std::string, int64_t, std::less<>> unknown_texts;  ///< some of the unknown texts
  };

  bool learns(size_t c) const;
  void learn_texts(const TableBatch::Values& values, size_t c);
  void learn_numbers(const TableBatch::Values& values, size_t c);
  void check_texts(size_t c) const;
  [[noreturn]] void refuse_texts(size_t c, const std::string& why) const;
  void place();  ///< gives each column its first feature

  void put_text(const TableBatch& batch, const TableBatch::Values& values, size_t c, int64_t i, float* row);
  void put_number(const TableBatch& batch, const TableBatch::Values& values, size_t c, int64_t i, float* row);
  float checked(double value, int64_t row, size_t c) const;

  const Table& table_;
  FeatureOptions options_;
  std::vector<SchemaColumn> schema_;
  std::vector<Column> columns_;
  std::vector<int64_t> first_;  ///< by column: its first feature
  int64_t width_ = 0;
  bool given_;  ///< the schema was given
};

}  // namespace graphsieve
