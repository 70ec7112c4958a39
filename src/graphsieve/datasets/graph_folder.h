// A graph on disk as a folder of .npy files, which NumPy and the program both map into memory, and a card.
//
//   graph.json        the card: format, version, name, recipe, counts, types, and of every file its bytes and checksum
//   row_start.npy     int64 [n + 1]       node i's in-edges are source[row_start[i] … row_start[i + 1])
//   source.npy        int32 [m]           ascending in a row; no duplicates, no loops
//   edge_type.npy     uint8 [m]           only where the edges have types: a row then goes by (type, source)
//   features.npy      float32, float16 or uint16 (the bits of bfloat16) [n, d]
//     or, sparse      features_row_start.npy int64 [n + 1], features_column.npy int32, features_value.npy float32
//   labels.npy        int32 [n], −1 = none; or, several a node, float32 [n, labels], NaN = none
//   node_id.npy       int64 [n]: the user's ids, where they are not 0 … n − 1
//     or, texts       node_id_start.npy int64 [n + 1], node_id_text.npy uint8 (UTF-8)
//   splits.npy        uint8 [splits, n]: 0 none, 1 train, 2 val, 3 test; only where there are given splits
//
// Undirected graphs hold every edge in both directions. docs/graph-folder.md draws it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// True if the path is a folder with a graph.json. Throws Error where the system cannot tell.
bool is_graph_folder(const std::filesystem::path& path);

struct GraphFolderOptions {
  FloatType features = FloatType::kFloat32;  ///< of dense features
  bool directed = false;                     ///< keep the directions of the data's edges
  bool overwrite = false;                    ///< replace an existing graph folder (and nothing that is not one)
};

/// Writes `data` as a folder that appears when it is complete. Throws Error where a feature does not fit the type
/// (naming node and column), where something stands under that name, or the disk is full.
void write_graph_folder(const Dataset& data, const std::filesystem::path& folder, const GraphFolderOptions& options);

/// Edges and dense features stay in their files. Checked: the card, every file's length, type and shape, rows, labels and
/// splits; not checksums, features, and whether every edge is there in both directions (see verify_graph_folder). Throws Error,
/// naming the file, on everything that does not fit, and on a folder of a later version.
Dataset read_graph_folder(const std::filesystem::path& folder);

/// Reads every byte: also checksums, both directions of every edge, every feature (finite). Throws Error naming
/// file and row. `progress` is told the share done, 0 to 1.
void verify_graph_folder(const std::filesystem::path& folder, const std::function<void(double)>& progress = {});

}  // namespace graphsieve
