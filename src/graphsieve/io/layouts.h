// The two published layouts of an .npz file, and that of a .mat file. Internal to datasets.cc.
#pragma once

#include <string>

#include "graphsieve/io/dataset.h"
#include "graphsieve/io/mat.h"
#include "graphsieve/io/npz.h"

namespace graphsieve {

/// Each fills nodes, edges, features, labels and given_splits (as the masks stand, unchecked but for length and
/// values). `path` begins every message.
void read_heterophilous(const NpzFile& file, const std::string& path, Dataset& data);
void read_shchur(const NpzFile& file, const std::string& path, Dataset& data);

void read_linkx(const MatFile& file, Dataset& data);

/// Labels of n nodes out of an array [n], [n, 1] or [n, labels].
Labels read_labels(const NpyArray& array, int64_t nodes);

}  // namespace graphsieve
