// SPDX-License-Identifier: Apache-2.0
// The published data sets that have their own recipe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// The properties of a published data set. A number is 0 if it is not known.
struct KnownDataset {
  std::string name;
  std::string recipe;
  std::vector<std::string> stems;  ///< usual file names in lower case, without ".npz"
  std::string layout;              ///< "heterophilous-graphs", "shchur" or ".mat"
  int64_t nodes = 0;
  int64_t file_edges = 0;      ///< edges listed in the file; 0: not known, then not compared
  int64_t directed_edges = 0;  ///< edges in both directions, without duplicates and loops; 0: not known
  int64_t features = 0;        ///< feature columns
  int64_t classes = 0;         ///< classes, or labels per node
  std::string metric;          ///< "accuracy" or "roc_auc"
  std::string origin;          ///< publication and source
};

/// Returns all known data sets.
const std::vector<KnownDataset>& known_datasets();

/// Sets name, recipe and recognised of a data set if its counts (nodes, listed edges, feature columns, classes) are
/// those of a known one. `recognised` then says whether the stem of its file name is known too. Otherwise the recipe is
/// "default" and the name is the stem; a note is added if the stem is a known name with other counts.
void recognise(const std::string& stem, Dataset& data);

}  // namespace graphsieve
