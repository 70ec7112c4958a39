// SPDX-License-Identifier: Apache-2.0
// The schema of a data set: what its feature columns mean. A model keeps the schema of its training data, so that it
// finds the columns of new data by name, whatever their order.
//
//   tables  ──convert──▶  graph folder with schema.json  ──run──▶  run folder with the same schema.json
//   new tables  ──convert under the run's schema, or match_schema()──▶  features as the network expects them
//
// Data without names (arrays in a file) has no schema; its columns are matched by their positions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// What the owner's column holds.
enum class ColumnType {
  kNumber,     ///< numbers; one feature, the number itself
  kTruth,      ///< true and false; one feature, 1 and 0
  kCategory,   ///< texts; one feature per text of the training data, 1 where the row has the text
  kDate,       ///< dates, or dates with a time; one feature, the days since `origin`
  kTimeOfDay,  ///< times of a day; one feature, the hours since midnight
  kDuration,   ///< lengths of time; one feature, in days
  kList,       ///< lists of numbers of one length; one feature per position
};

/// Returns the name of a type: "number", "truth", "category", "date", "time_of_day", "duration" or "list".
GRAPHSIEVE_API const char* column_type_name(ColumnType type);

/// One column of the owner's table, and how features are made of it.
struct GRAPHSIEVE_API SchemaColumn {
  std::string name;
  ColumnType type = ColumnType::kNumber;
  std::vector<std::string> categories = {};  ///< kCategory: the texts, ascending by bytes
  int64_t length = 0;                        ///< kList: numbers per row
  double origin = 0;                         ///< kDate: the day that counts as 0, in days since 1970-01-01
  bool cyclic = false;  ///< kDate, kTimeOfDay: further features for the sine and cosine of the time of the day and, for
                        ///< dates, of the week and of the year
  std::optional<double> fill = {};  ///< feature of a row without a value; absent: such a row is refused
  bool indicator = false;           ///< one further feature: 1 where the row has no value

  /// Returns the number of features.
  int64_t width() const;
  /// Returns the name of a feature, 0 ≤ i < width(): "size", "colour=red", "joined (sine of the week)", "size
  /// (missing)".
  std::string feature_name(int64_t i) const;
  /// Returns the number of features that are made of the value itself, before the cyclic ones and the indicator.
  int64_t value_width() const;
  bool operator==(const SchemaColumn&) const = default;
};

/// The names of the table columns that are no features, and how the tables are read. New tables are read alike.
struct TableNames {
  std::string id, source, destination;   ///< columns; empty if the data did not come from tables
  std::string edge_type;                 ///< column; empty: the edges have no types
  std::vector<std::string> labels;       ///< columns; empty: none
  bool regression = false;               ///< the labels are numbers to predict
  bool text_ids = false;                 ///< the ids are texts, otherwise integers
  bool directed = false;                 ///< an edge is one direction, otherwise both
  std::vector<std::string> missing;      ///< texts of cells that count as missing, beside the empty cell
  std::string delimiter;                 ///< one character; empty: by the file's name
  std::string decimal = ".", thousands;  ///< one character each; no separator of thousands if empty
  bool operator==(const TableNames&) const = default;
};

/// The schema of a data set.
struct GRAPHSIEVE_API Schema {
  std::vector<SchemaColumn> columns;  ///< in the order of their features
  /// True if the last features are logarithms of degrees, ln(1 + d): the number of in-edges, then, in a directed graph,
  /// of out-edges. With edge types, each type has its own features, in the order of the types.
  bool degree_features = false;
  std::vector<std::string> degree_types;  ///< names of the edge types of the degree features; empty: all edges together
  bool degree_directed = false;           ///< in-degrees and out-degrees are features of their own
  TableNames table;

  /// Returns the number of features.
  int64_t width() const;
  /// Returns the number of features that count degrees.
  int64_t degree_width() const;
  /// Returns the names of all features, in order.
  std::vector<std::string> feature_names() const;
  bool operator==(const Schema&) const = default;
};

/// What becomes of a text of a category that the training data did not have: zeros in all features of the category,
/// with a note, or an Error.
enum class UnknownTexts { kZeros, kRefuse };

/// Write and read a schema as a JSON text. Reading throws Error, beginning with `where`, if the text is not a schema.
GRAPHSIEVE_API std::string schema_text(const Schema& schema);
GRAPHSIEVE_API Schema parse_schema(std::string_view text, const std::string& where);

/// The name of the file of a graph folder or run folder that has the schema.
constexpr const char* kSchemaFile = "schema.json";

/// Reads the schema of a folder's kSchemaFile.
GRAPHSIEVE_API Schema read_schema(const std::filesystem::path& file);

}  // namespace graphsieve
