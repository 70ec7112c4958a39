// A data set of the Open Graph Benchmark (Hu et al. 2020, node property prediction) as its users have it on disk: a folder
// such as ogbn_products with raw/ and split/ in it.
//
//   raw/num-node-list.csv.gz   n                         split/NAME/train.csv.gz   node ids
//   raw/edge.csv.gz            source, destination       split/NAME/valid.csv.gz
//   raw/node-feat.csv.gz       d numbers a node          split/NAME/test.csv.gz
//   raw/node-label.csv.gz      a class, or labels of 0 and 1; nan for none
//   raw/edge-feat.csv.gz       numbers an edge, where nodes have none (ogbn-proteins)
//
// or, in the place of raw/*.csv.gz (ogbn-papers100M), the same as arrays: raw/data.npz with num_nodes_list, edge_index [2, m],
// node_feat [n, d], and raw/node-label.npz with node_label.
#pragma once

#include "graphsieve/tables/convert_tables.h"

namespace graphsieve {

/// `request` gives out, directed, overwrite, type, features_from_edges, memory, name, progress and note; `nodes` is the data
/// set's folder. Reads every file once, in pieces. Memory: `memory`, each node's label and split, and, where its features
/// come from the edges, those. Throws Error, with file and row, on a file that is missing or does not fit.
void convert_ogb(const TablesRequest& request);

}  // namespace graphsieve

/// As graphsieve_convert_tables.
extern "C" void graphsieve_convert_ogb(const graphsieve::TablesRequest& request);
