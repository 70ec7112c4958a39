// SPDX-License-Identifier: Apache-2.0
// The facts about a graph that a user should know before training on it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"
#include "graphsieve/graph/degree_counts.h"

namespace graphsieve {

/// Most constant columns that a report lists by their numbers.
constexpr size_t kMostListedColumns = 1000;

/// The result of check_graph().
struct GraphReport {
  std::string name, source;
  int64_t nodes = 0;
  bool directed = false;
  int64_t edges = 0;                      ///< pairs of nodes, or directed edges; each type counts separately
  std::vector<std::string> edge_types;    ///< names of the edge types; empty if edges have no types
  std::vector<int64_t> edge_type_counts;  ///< edges of each type, counted as `edges` are
  double returned_share = 1;          ///< share of the listed edges whose reverse is listed too; 1 if it is not known
  int64_t loops = 0, duplicates = 0;  ///< listed edges that were dropped; 0 for a graph folder, which has none
  int64_t isolated = 0;               ///< nodes without an edge in either direction
  std::vector<int64_t> degrees;       ///< in-degrees: smallest, quantiles 10, 50, 90, 99 and 99.9 %, largest
  DegreeCounts degree_counts;         ///< nodes of each in-degree
  std::vector<int64_t> degree_bins;   ///< nodes of in-degree 0, 1, 2 to 3, 4 to 7, … up to the largest
  int64_t largest_node = 0;           ///< lowest index of a node with the largest in-degree
  double homophily =
      0;  ///< share of the edges between labelled nodes whose labels are equal; NaN unless each node has one class
  double chance_homophily = 0;  ///< that share by chance, for these degrees (Platonov et al. 2023)

  int64_t columns = 0;
  bool sparse = false;
  double nonzero_share = 0;               ///< share of nonzero numbers among all features
  int64_t constant_column_count = 0;      ///< columns with the same value in every node
  std::vector<int64_t> constant_columns;  ///< numbers of the first constant columns, at most kMostListedColumns
  int64_t zero_rows = 0;                  ///< nodes whose features are all 0
  double scale_ratio = 1;                 ///< of dense features (data/feature_ranges.h)
  bool has_degree_features = false;       ///< the schema has features of degrees

  int64_t classes = 0;
  LabelKind label_kind = LabelKind::kClasses;
  std::vector<int64_t> class_counts;  ///< nodes of each class (or with each label); empty for numbers
  /// The numbers to predict of one column.
  struct Numbers {
    int64_t known = 0;  ///< nodes with a number
    double mean = 0, deviation = 0, least = 0, most = 0;
  };
  std::vector<Numbers> numbers;  ///< by column; empty unless the labels are numbers
  int64_t unlabelled = 0;
  struct SplitSize {
    int64_t train, val, test;
  };
  std::vector<SplitSize> splits;
  std::vector<std::string> notes;  ///< odd things, one sentence each
};

/// Checks a graph. Reads the whole graph once, and the features and the directions of listed edges only if `whole` is
/// set. Throws Error as the readers do, naming the file and row.
GraphReport check_graph(const Dataset& data, bool whole = true);

/// Returns `degrees` as an object with the keys min, p10, median, p90, p99, p99.9 and max.
nlohmann::json degrees_json(const GraphReport& r);

}  // namespace graphsieve
