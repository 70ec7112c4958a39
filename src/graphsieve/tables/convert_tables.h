// A node table and an edge table into a graph folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graphsieve/base/half.h"

namespace graphsieve {

struct TablesRequest {
  std::filesystem::path nodes, edges, out;
  std::string id = "id";                        ///< column of the node table
  std::string source = "source", destination = "destination";  ///< columns of the edge table
  std::string edge_type;                        ///< column of the edge table: types by integer or text; "" = none
  std::vector<std::string> labels = {"label"};  ///< one: classes, by integer or text; several: 0 or 1 each
  std::string split;                            ///< column of train, val (valid, validation), test or nothing; "" = none
  std::vector<std::string> features;            ///< columns; empty: all that have no other use
  std::optional<double> fill;                   ///< for missing numbers; without it they are refused. Texts: no category
  std::string features_from_edges;              ///< of OGB alone: "mean" or "sum" of the edges' features; "" = the nodes' own
  bool drop_dangling = false;                   ///< leave out edges with an id that no node has; else they are refused
  bool directed = false, overwrite = false;
  FloatType type = FloatType::kFloat32;
  int64_t memory = int64_t{1} << 30;            ///< bytes for node ids and sorting edges, at least 64 KiB
  std::string name;                             ///< of the graph; "" = the out folder's
  std::function<void(double)> progress = {};    ///< told the share done; may throw to stop
  std::function<void(const std::string&)> note = {};
};

/// Reads the node table twice and the edge table once (and the column of edge types before). Text columns among the features become one column for each of
/// their texts, in order (at most 1000). Memory: `memory`, and for each node its label and split: ids
/// that take more than half of `memory` (node_ids.h) are joined with the edges on disk (id_join.h). Throws
/// Error, with file and row, on a column that is not there, an id that stands twice or is missing, ids of another kind in
/// the edges, dangling edges, missing or infinite numbers, a label or split that is none.
void convert_tables(const TablesRequest& request);

}  // namespace graphsieve

/// What the program looks up in this library when it loads it.
extern "C" void graphsieve_convert_tables(const graphsieve::TablesRequest& request);
