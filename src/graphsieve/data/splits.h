// SPDX-License-Identifier: Apache-2.0
// Splits of the nodes into training, validation and test nodes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// A part of a split, and the names that files give it: "train", "valid", "val", "test_mask", ….
struct SplitPart {
  std::vector<int32_t> Split::* nodes;
  std::vector<std::string> names;
};
/// Returns the three parts.
GRAPHSIEVE_API const std::vector<SplitPart>& split_parts();
/// Returns the part that a word names; null for another word.
GRAPHSIEVE_API const SplitPart* split_part_named(std::string_view word);

/// True if the node has a class or, with several labels or numbers per node, at least one of them.
bool is_labelled(const Labels& labels, int64_t node);

/// Returns a random split of the labelled nodes. The nodes are ordered by keyed random numbers: the first
/// floor(train_fraction * count) nodes are for training, the next floor(val_fraction * count) for validation, the rest
/// for testing; fractions with the sum 1 leave no test nodes. Throws Error if a fraction is not in (0, 1), if the sum
/// is larger than 1, or if another of the three lists is empty.
Split random_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key);

/// Returns a random split like random_split(), but within each class. The size of each list differs from
/// random_split()'s by at most one node per class. Throws Error unless each node has one class.
Split stratified_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key);

/// Returns the split that the authors' release of Spexphormer draws for photo, computers' estimator and actor: of each
/// class at most round(train_fraction · count / classes) nodes are for training, where `count` is the number of
/// labelled nodes; of the other nodes, round(val_fraction · count) are for validation and the rest for testing. Throws
/// Error as stratified_split() does.
Split class_capped_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key);

/// Sorts the lists of a split, removes nodes without a label from them, and returns how many were removed. Throws
/// Error, beginning with `where`, if an id is out of range, if a node occurs twice (in one list or two), or if the
/// list of training nodes is or becomes empty. The other two lists may be empty.
GRAPHSIEVE_API int64_t check_split(Split& split, const Labels& labels, const std::string& where);

/// Validation nodes, then test nodes.
std::vector<int32_t> evaluated_nodes(const Split& split);

/// The nodes of all three parts, ascending.
std::vector<int32_t> nodes_of(const Split& split);

/// The nodes 0, …, n − 1.
std::vector<int32_t> all_nodes(int64_t n);

/// Returns the numbers 0, …, n − 1, or `most` evenly spaced ones of them if there are more.
std::vector<int32_t> evenly_spaced(int64_t n, int64_t most);

/// Returns `nodes`, or `most` evenly spaced ones of them if there are more.
std::vector<int32_t> at_most(const std::vector<int32_t>& nodes, int64_t most);

/// The classes that none of `nodes` has, ascending; empty unless each node has one class.
std::vector<int64_t> classes_without(const std::vector<int32_t>& nodes, const Labels& labels);

/// Write and read a split as {"train": [ids], "val": [ids], "test": [ids]}. A written file appears only when it is
/// complete. Reading checks only that the ids are not negative and fit in 31 bits; throws Error otherwise.
void write_split(const std::filesystem::path& path, const Split& split);
Split read_split(const std::filesystem::path& path);
/// Reads a split and checks it with check_split().
Split read_split(const std::filesystem::path& path, const Labels& labels);

}  // namespace graphsieve
