// SPDX-License-Identifier: Apache-2.0
// Conversion of a node table and an edge table to a graph folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/half.h"

namespace graphsieve {

/// The tables to convert, and how.
struct TablesRequest {
  std::filesystem::path nodes, edges, out;
  std::string id = "id";                                       ///< column of the node table
  std::string source = "source", destination = "destination";  ///< columns of the edge table
  std::string edge_type;                        ///< column of the edge table: types, integers or texts; "": none
  std::vector<std::string> labels = {"label"};  ///< one column: classes (integers or texts); several: 0 or 1 each
  std::string split;                            ///< column of train, val (valid, validation), test or nothing; "": none
  std::vector<std::string> features;            ///< columns; empty: all columns without another use
  std::optional<double> fill;                   ///< value for missing numbers, else refused; missing texts: no category
  std::string features_from_edges;              ///< OGB only: "mean" or "sum" of the edges' features; "": the nodes'
  bool drop_dangling = false;                   ///< omit edges with an unknown id, which are otherwise refused
  bool directed = false, overwrite = false;
  FloatType type = FloatType::kFloat32;
  int64_t memory = int64_t{1} << 30;          ///< bytes for node ids and for sorting edges, at least 64 KiB
  std::string name;                           ///< name of the graph; "": the name of the folder `out`
  std::function<void(double)> progress = {};  ///< is called with the finished share, 0 to 1; may throw to stop
  std::function<void(const std::string&)> note = {};
};

/// Converts the tables. Reads the node table twice and the edge table once (and its column of edge types once before).
/// A text column among the features becomes one 0/1 column for each of its texts (at most 1000), in ascending order.
/// Needs memory for `memory` bytes and for each node's label and split. If the ids need more than half of `memory`
/// (node_ids.h), they are joined with the edges on disk (id_join.h). Throws Error, with file and row, for a missing
/// column, a repeated or missing id, an edge whose ids are of another kind or unknown, a missing or infinite number,
/// and an invalid label or split.
void convert_tables(const TablesRequest& request);

}  // namespace graphsieve

/// Calls convert_tables(). The program looks up this function when it loads the library.
extern "C" GRAPHSIEVE_API void graphsieve_convert_tables(const graphsieve::TablesRequest& request);
