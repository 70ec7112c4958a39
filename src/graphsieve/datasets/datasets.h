// Reading a data set from an .npz file, a .mat file or a graph folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "graphsieve/data/dataset.h"
#include "graphsieve/datasets/known_datasets.h"
#include "graphsieve/files/npy.h"

namespace graphsieve {

/// A graph folder is read as graph_folder.h says. Of a .mat file: edge_index [2, E], node_feat [n, d], label [1, n]. Of an .npz file, either of two layouts; other arrays are ignored.
///   heterophilous-graphs: node_features [n, d], node_labels [n] (or [n, labels] of 0, 1, missing), edges [E, 2] as
///     (source, destination), and all or none of train_masks, val_masks, test_masks [splits, n] (or [n, splits], or
///     [n]).
///   shchur: adj_indices, adj_indptr, adj_shape (row = source), attr_data, attr_indices, attr_indptr, attr_shape (or a
///     dense attr_matrix), labels. Weights of edges are not used.
/// A label of -1 or NaN is missing. Throws Error, beginning with the path, on everything that does not fit, with the
/// row and the value. Recognises the published data sets (see known_datasets.h); odd but valid contents go to
/// Dataset::notes.
Dataset load_dataset(const std::filesystem::path& path);

/// The same from arrays in memory, of either layout. `name` begins every message and is the data set's name, as a file's
/// stem is. Not `labelled`: labels may all be missing, as they are for prediction, and masks are left out.
Dataset dataset_of_arrays(std::map<std::string, NpyArray> arrays, const std::string& name, bool labelled);

/// A hash of nodes, edges, features and labels as they stand (order and storage count; names and masks do not). A graph
/// folder has that of the data set it was made of.
uint64_t fingerprint(const Dataset& data);

}  // namespace graphsieve
