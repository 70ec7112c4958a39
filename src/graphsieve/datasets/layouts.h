// The two published layouts of named arrays, those of an .npz file or a caller's, and that of a .mat file. Internal to
// datasets.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"
#include "graphsieve/files/mat.h"
#include "graphsieve/files/npy.h"

namespace graphsieve {

/// Arrays by name; `where` of each begins the messages about it.
struct NamedArrays {
  std::vector<std::string> names;
  std::function<bool(const std::string& name)> has;
  std::function<NpyArray(const std::string& name)> read;  ///< throws Error where there is none
};

/// Each fills nodes, edges, features, labels and given_splits (as the masks stand, unchecked but for length and
/// values). `path` begins every message.
void read_heterophilous(const NamedArrays& file, const std::string& path, Dataset& data);
void read_shchur(const NamedArrays& file, const std::string& path, Dataset& data);

void read_linkx(const MatFile& file, Dataset& data);

/// Labels of n nodes out of an array [n], [n, 1] or [n, labels].
Labels read_labels(const NpyArray& array, int64_t nodes);

}  // namespace graphsieve
