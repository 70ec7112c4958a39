// SPDX-License-Identifier: Apache-2.0
// Conversion of a node table and an edge table to a graph folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/half.h"
#include "graphsieve/data/schema.h"

namespace graphsieve {

/// The tables to convert, and how. An absent or empty name of a column is that of `like`, or else the default.
struct TablesRequest {
  std::filesystem::path nodes, edges, out;
  std::string id;                   ///< column of the node table; default "id"
  std::string source, destination;  ///< columns of the edge table; default "source" and "destination"
  std::string edge_type;            ///< column of the edge table: types, integers or texts; default: none
  /// Columns of the node table. One: classes (integers or texts); several: 0 or 1 each; an empty list: no labels.
  /// Default: "label" if there is such a column.
  std::optional<std::vector<std::string>> labels;
  bool regression = false;  ///< the labels are numbers to predict
  std::string split;        ///< column of train, val (valid, validation), test or nothing; "": none
  /// Column of dates that makes the split; "": none. Nodes up to `train_until` are for training, those up to
  /// `validate_until` for validation, and later ones for testing. Without `validate_until`, the last fifth of the
  /// training nodes by date is for validation. A date without a time stands for its whole day.
  std::string split_by, train_until, validate_until;
  std::vector<std::string> features;  ///< columns; empty: all columns without another use, save those in `drop`
  std::vector<std::string> drop;      ///< columns of the node table that are not used
  std::string id_type;                ///< "integer" or "text"; "": as the ids look

  /// The schema of a model's training data. The features are then those that the model was trained with; the options
  /// of features below are not allowed, save `unknown`.
  std::optional<Schema> like;
  UnknownTexts unknown = UnknownTexts::kZeros;  ///< with `like`: what becomes of texts that the model does not know

  std::optional<double> fill;                ///< value for missing numbers, else refused; missing texts: no category
  std::map<std::string, std::string> fills;  ///< by column: "mean", "median" or a number
  std::vector<std::string> indicators;       ///< columns with a further feature, 1 where the value is missing
  std::vector<std::string> cyclic;           ///< columns of dates and times with features for day, week and year
  bool degree_features = false;              ///< further features: ln(1 + degree), per edge type (data/schema.h)

  std::optional<char> delimiter, decimal, thousands;  ///< characters of CSV files (tables/table.h)
  std::optional<std::vector<std::string>> missing;    ///< texts of cells that count as missing, beside the empty cell

  bool drop_dangling = false;  ///< omit edges with an unknown id, which are otherwise refused
  bool directed = false, overwrite = false;
  FloatType type = FloatType::kFloat32;
  int64_t memory = int64_t{1} << 30;          ///< bytes for node ids and for sorting edges, at least 64 KiB
  std::string name;                           ///< name of the graph; "": the name of the folder `out`
  std::function<void(double)> progress = {};  ///< is called with the finished share, 0 to 1; may throw to stop
  std::function<void(const std::string&)> note = {};
};

/// Converts the tables. Reads the node table three times (for the kinds of its columns, for ids, labels and the schema,
/// and for the features), or twice with `like`, and the edge table once (and its column of edge types once before). A
/// text column among the features becomes one 0/1 column for each of its texts (at most 1000), in ascending order;
/// docs/tables.md says how other columns become features. Columns that hold the index of a pandas table are left out.
/// Needs memory for `memory` bytes and for each node's label and split. If the ids need more than half of `memory`
/// (node_ids.h), they are joined with the edges on disk (id_join.h). Throws Error, with file and row, for a missing
/// column, a repeated or missing id, an edge whose ids are of another kind or unknown, a missing or infinite number,
/// and an invalid label or split.
void convert_tables(const TablesRequest& request);

}  // namespace graphsieve

/// Calls convert_tables(). The program looks up this function when it loads the library.
extern "C" GRAPHSIEVE_API void graphsieve_convert_tables(const graphsieve::TablesRequest& request);
