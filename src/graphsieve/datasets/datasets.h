// SPDX-License-Identifier: Apache-2.0
// Reading of a data set from an .npz file, a .mat file or a graph folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/files/npy.h"

namespace graphsieve {

/// Reads a data set. A graph folder is read as graph_folder.h says. A .mat file holds edge_index [2, E], node_feat [n,
/// d] and label [1, n]. An .npz file has one of two layouts; other arrays in it are ignored.
///   heterophilous-graphs: node_features [n, d], node_labels [n] (or [n, labels] of 0, 1, missing), edges [E, 2] as
///     (source, destination), and all or none of train_masks, val_masks, test_masks [splits, n] (or [n, splits], or
///     [n]).
///   shchur: adj_indices, adj_indptr, adj_shape (row = source), attr_data, attr_indices, attr_indptr, attr_shape (or a
///     dense attr_matrix), labels. Weights of edges are not used.
/// Numbers to predict, node_numbers [n] or [n, numbers], stand in place of the labels of either layout; NaN is missing.
/// A label of -1 or NaN is missing. Published data sets are recognised (see known_datasets.h). Odd but valid contents
/// are reported in Dataset::notes. Throws Error, beginning with the path and naming the row and the value, if anything
/// does not fit.
GRAPHSIEVE_API Dataset load_dataset(const std::filesystem::path& path);

/// Makes a data set of arrays in memory in either layout of an .npz file. `name` begins every message and is the name
/// of the data set, as the stem of a file would be. If `labelled` is false, the labels may all be missing, as they are
/// for prediction, and the masks are ignored.
GRAPHSIEVE_API Dataset dataset_of_arrays(std::map<std::string, NpyArray> arrays, const std::string& name,
                                         bool labelled);

/// Returns a copy of the data set with other labels and splits, which come from arrays as dataset_of_arrays() takes
/// them: node_labels or node_numbers, and all or none of train_masks, val_masks and test_masks. Without new labels, the
/// old ones stay, with their names; new classes have the names `class_names`, or none. Splits of the old data set do
/// not stay. `name` begins every message. Throws Error if anything does not fit.
GRAPHSIEVE_API Dataset relabelled(const Dataset& data, std::map<std::string, NpyArray> arrays,
                                  std::vector<std::string> class_names, const std::string& name);

/// Returns a hash of the nodes, edges, features and labels as they are stored. Their order and storage count; names and
/// masks do not. A graph folder has the fingerprint of the data set that it was made of.
GRAPHSIEVE_API uint64_t fingerprint(const Dataset& data);

}  // namespace graphsieve
