// What there is to know about a graph before training on it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

constexpr size_t kMostListedColumns = 1000;

struct GraphReport {
  std::string name, source;
  int64_t nodes = 0;
  bool directed = false;
  int64_t edges = 0;                    ///< of the simple graph: pairs of nodes, or directed edges; each type by itself
  std::vector<std::string> edge_types;  ///< names; empty where edges have no types
  std::vector<int64_t> edge_type_counts;  ///< edges of each, counted as `edges` are
  int64_t loops = 0, duplicates = 0;      ///< listed and dropped; 0 for a graph folder, which holds none
  int64_t isolated = 0;                   ///< nodes without an edge
  std::vector<int64_t> degrees;           ///< in-degrees: smallest, 10 %, median, 90 %, 99 %, 99.9 %, largest
  std::vector<int64_t> degree_bins;       ///< nodes of in-degree 0, 1, 2 to 3, 4 to 7, … up to the largest degree's bin
  int64_t largest_node = 0;               ///< the lowest node of the largest degree
  double homophily = 0;  ///< share of edges between labelled nodes whose labels are equal; NaN: several labels a node
  double chance_homophily = 0;  ///< the same for edges drawn at random with these degrees (Platonov et al. 2023)

  int64_t columns = 0;
  bool sparse = false;
  double nonzero_share = 0;               ///< of the stored dense features, or of a sparse matrix
  int64_t constant_column_count = 0;      ///< columns with the same value in every node
  std::vector<int64_t> constant_columns;  ///< the first of them, kMostListedColumns at most
  int64_t zero_rows = 0;                  ///< nodes whose features are all 0

  int64_t classes = 0;
  bool multi_label = false;
  std::vector<int64_t> class_counts;  ///< nodes of every class (or with that label)
  int64_t unlabelled = 0;
  struct SplitSize {
    int64_t train, val, test;
  };
  std::vector<SplitSize> splits;
  std::vector<std::string> notes;  ///< odd things, a sentence each
};

/// Reads the whole graph once, features only where they are asked for. Throws Error as the readers do, naming file and
/// row.
GraphReport check_graph(const Dataset& data, bool features = true);

/// `degrees` by name: min, p10, median, p90, p99, p99.9, max.
nlohmann::json degrees_json(const GraphReport& r);

}  // namespace graphsieve
