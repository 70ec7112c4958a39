// The published data sets that have a recipe of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

struct KnownDataset {
  std::string name;
  std::string recipe;
  std::vector<std::string> stems;  ///< file names in use, lower case, without ".npz"
  std::string layout;              ///< "heterophilous-graphs", "shchur" or ".mat"
  int64_t nodes = 0;
  int64_t file_edges = 0;      ///< edges listed in the file; 0 = not known, then not compared
  int64_t directed_edges = 0;  ///< both directions, no duplicates, no loops; 0 = not known
  int64_t features = 0;        ///< columns
  int64_t classes = 0;         ///< or labels a node
  std::string metric;          ///< "accuracy" or "roc_auc"
  std::string origin;          ///< where it is published
};

const std::vector<KnownDataset>& known_datasets();

/// Sets name, recipe and recognised by the file's stem together with the counts (nodes, listed edges, feature columns,
/// classes), or by the counts alone; else recipe "default", the stem as the name, and a note where a known name has
/// other contents.
void recognise(const std::string& stem, Dataset& data);

}  // namespace graphsieve
