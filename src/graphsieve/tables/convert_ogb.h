// SPDX-License-Identifier: Apache-2.0
// Conversion of a data set of the Open Graph Benchmark (Hu et al. 2020, node property prediction) in the form in which
// its users have it on disk: a folder such as ogbn_products that contains raw/ and split/.
//
//   raw/num-node-list.csv.gz   n                         split/NAME/train.csv.gz   node ids
//   raw/edge.csv.gz            source, destination       split/NAME/valid.csv.gz
//   raw/node-feat.csv.gz       d numbers per node        split/NAME/test.csv.gz
//   raw/node-label.csv.gz      a class, or labels of 0 and 1; nan for none
//   raw/edge-feat.csv.gz       numbers per edge, if nodes have none (ogbn-proteins)
//
// Instead of raw/*.csv.gz, the folder can have the same data as arrays (ogbn-papers100M): raw/data.npz with
// num_nodes_list, edge_index [2, m] and node_feat [n, d], and raw/node-label.npz with node_label.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "graphsieve/base/export.h"
#include "graphsieve/base/half.h"

namespace graphsieve {

/// The data set to convert, and how.
struct OgbRequest {
  std::filesystem::path folder, out;  ///< folder of the data set, and the new graph folder
  std::string features_from_edges;    ///< "mean" or "sum" of the edges' features; "": the nodes' features
  bool directed = false, overwrite = false;
  FloatType type = FloatType::kFloat32;
  int64_t memory = int64_t{1} << 30;          ///< bytes for sorting edges
  std::string name;                           ///< name of the graph; "": the name of the data set's folder
  std::function<void(double)> progress = {};  ///< is called with the finished share, 0 to 1; may throw to stop
  std::function<void(const std::string&)> note = {};
};

/// Converts a data set to a graph folder. Reads every file once, in pieces. Needs memory for `memory` bytes, each
/// node's label and split and, if features are made of the edges, the features. Throws Error, with file and row, if a
/// file is missing or does not fit.
void convert_ogb(const OgbRequest& request);

}  // namespace graphsieve

/// Calls convert_ogb(). The program looks up this function when it loads the library.
extern "C" GRAPHSIEVE_API void graphsieve_convert_ogb(const graphsieve::OgbRequest& request);
