// SPDX-License-Identifier: Apache-2.0
// A split in a table (CSV or Parquet): a column of node ids, named `node` or `id` or else the first one, and a column
// `split` (or `part`) with train, val (or valid, validation), test, or another word for a node that is in no part.
// predictions.csv is such a table.
#pragma once

#include <filesystem>

#include "graphsieve/base/export.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Reads the split of a table. Nodes without a label are left out. Throws Error, naming the file and the row, if a
/// column is missing, if an id is that of no node, if a node occurs twice, or if there is no training node.
Split read_split_table(const std::filesystem::path& path, const Dataset& data);

/// The arguments and the result of read_split_table().
struct SplitTableRequest {
  std::filesystem::path path;
  const Dataset* data = nullptr;
  Split* split = nullptr;  ///< where the result is written
};

}  // namespace graphsieve

/// read_split_table() under a name that the program can look up in the library for tables.
extern "C" GRAPHSIEVE_API void graphsieve_read_split_table(const graphsieve::SplitTableRequest& request);
