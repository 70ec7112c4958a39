// SPDX-License-Identifier: Apache-2.0
// Readers of three layouts of named arrays: two published layouts, of an .npz file or of a caller's arrays, and the
// layout of a .mat file. Used by datasets.cc only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"
#include "graphsieve/files/mat.h"
#include "graphsieve/files/npy.h"

namespace graphsieve {

/// Arrays by name. `where` of each array begins the messages about it.
struct NamedArrays {
  std::vector<std::string> names;
  std::function<bool(const std::string& name)> has;
  std::function<NpyArray(const std::string& name)> read;  ///< throws Error if there is no such array
  /// Reads an array of two dimensions as dense features. Throws Error if it has another number of dimensions.
  std::function<Features(const std::string& name)> read_features;
};

/// Each function fills nodes, edges, features, labels and given_splits. The splits have the nodes of the masks, of
/// which only length and values are checked. `path` begins every message. Throws Error if anything does not fit.
void read_heterophilous(const NamedArrays& file, const std::string& path, Dataset& data);
void read_shchur(const NamedArrays& file, const std::string& path, Dataset& data);

void read_linkx(const MatFile& file, Dataset& data);

/// Reads the splits of data.nodes nodes if there are the three arrays of masks.
void read_splits(const NamedArrays& file, const std::string& path, Dataset& data);

/// Dense features from an array [n, d]. Throws Error if it has another number of dimensions.
Features dense_features(const NpyArray& array);

/// The array of numbers to predict, [n] or [n, numbers], which an .npz file has in place of its labels.
constexpr const char* kNumbersArray = "node_numbers";

/// Reads the labels of n nodes from an array [n], [n, 1] or [n, labels], or numbers to predict from one of these
/// shapes.
Labels read_labels(const NpyArray& array, int64_t nodes, bool numbers);

}  // namespace graphsieve
