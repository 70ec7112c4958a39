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

#include "graphsieve/tables/convert_tables.h"

namespace graphsieve {

/// Converts a data set to a graph folder. Of `request`, the members out, directed, overwrite, type,
/// features_from_edges, memory, name, progress and note are used; `nodes` is the folder of the data set. Reads every
/// file once, in pieces. Needs memory for `memory` bytes, each node's label and split and, if features are made of the
/// edges, the features. Throws Error, with file and row, if a file is missing or does not fit.
void convert_ogb(const TablesRequest& request);

}  // namespace graphsieve

/// Calls convert_ogb(). The program looks up this function when it loads the library.
extern "C" GRAPHSIEVE_API void graphsieve_convert_ogb(const graphsieve::TablesRequest& request);
