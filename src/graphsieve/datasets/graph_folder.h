// SPDX-License-Identifier: Apache-2.0
// A graph on disk: a folder with .npy files, which NumPy and the program both map into memory, and a card.
//
//   graph.json        the card: format, version, name, recipe, counts, types, and the bytes and checksum of every file
//   row_start.npy     int64 [n + 1]       node i's in-edges are source[row_start[i] … row_start[i + 1])
//   source.npy        int32 [m]           ascending in a row; no duplicates, no loops
//   edge_type.npy     uint8 [m]           only if the edges have types: a row is then sorted by (type, source)
//   features.npy      float32, float16 or uint16 (the bits of bfloat16) [n, d]
//     or, sparse      features_row_start.npy int64 [n + 1], features_column.npy int32, features_value.npy float32
//   labels.npy        int32 [n], −1 = none; or, several labels per node, float32 [n, labels], NaN = none
//   node_id.npy       int64 [n]: the user's ids, if they are not 0 … n − 1
//     or, texts       node_id_start.npy int64 [n + 1], node_id_text.npy uint8 (UTF-8)
//   splits.npy        uint8 [splits, n]: 0 none, 1 train, 2 val, 3 test; only if there are given splits
//
// An undirected graph holds every edge in both directions. docs/graph-folder.md has a drawing of the format.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "graphsieve/base/export.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// True if the path is a folder with a graph.json. Throws Error if the system cannot tell.
GRAPHSIEVE_API bool is_graph_folder(const std::filesystem::path& path);

struct GraphFolderOptions {
  FloatType features = FloatType::kFloat32;  ///< type of dense features
  bool directed = false;                     ///< keep the directions of the edges; else write both
  bool overwrite = false;                    ///< replace an existing graph folder (and nothing else)
};

/// Writes `data` as a folder that appears when it is complete. Throws Error if a feature does not fit the type (naming
/// node and column), if the target exists and may not be replaced, if a stored graph has other directions than
/// requested, or if the disk is full.
GRAPHSIEVE_API void write_graph_folder(const Dataset& data, const std::filesystem::path& folder,
                                       const GraphFolderOptions& options);

/// Reads a graph folder. Edges and dense features stay in their files. Checks the card, the length and checksum of
/// every file, types and shapes, rows, labels and splits; it does not check that features are finite and that every
/// edge of an undirected graph is present in both directions (see verify_graph_folder). Throws Error, naming the file,
/// if anything does not fit or the folder is of a later version.
GRAPHSIEVE_API Dataset read_graph_folder(const std::filesystem::path& folder);

/// Makes the checks of read_graph_folder(), and checks that all features are finite and that an undirected graph has
/// both directions of every edge. Throws Error naming the file and row. `progress` is called with the finished share, 0
/// to 1.
GRAPHSIEVE_API void verify_graph_folder(const std::filesystem::path& folder,
                                        const std::function<void(double)>& progress = {});

}  // namespace graphsieve
