// SPDX-License-Identifier: Apache-2.0
// Splits in a file of their own: published splits of a data set, or the user's. Node numbers count from 0, in the order
// of the data's nodes. Tables of splits are read by tables/split_table.h.
//
//   .npz   arrays train, valid (or val) and test: node numbers, or masks [n], [splits, n] or [n, splits]; also under
//   the
//          names train_mask(s), val_mask(s), test_mask(s)
//   .json  {"train": [numbers], "valid" (or "val"): …, "test": …}, or a list of such objects: one per split
#pragma once

#include <filesystem>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Reads the splits of an .npz or .json file. Nodes without a label are left out of them. Throws Error, naming the file
/// and the place, if the file has none of the forms, if a number is that of no node, if a node is in two parts of a
/// split, or if a split has no training node.
std::vector<Split> read_split_file(const std::filesystem::path& path, const Dataset& data);

}  // namespace graphsieve
