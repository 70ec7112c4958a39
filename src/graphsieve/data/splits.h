// Training, validation and test nodes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// True if the node has a label; with several labels per node, if it has any.
bool is_labelled(const Labels& labels, int64_t node);

/// Labelled nodes in the order of keyed random numbers: the first floor(train_fraction * count) train, the next
/// floor(val_fraction * count) validate, the rest test. Throws Error where a fraction is not in (0, 1), they leave
/// nothing for the test, or a part comes out empty.
Split random_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key);

/// As random_split, within each class. The sizes of the parts differ from those of random_split by at most one node per
/// class. Throws Error for several labels per node.
Split stratified_split(const Labels& labels, double train_fraction, double val_fraction, uint64_t key);

/// Sorts the parts, takes out nodes without a label, and returns how many those were. Throws Error, beginning with
/// `where`, on an id out of range, a node twice (in one part or two), or a part that is empty or becomes so.
int64_t check_split(Split& split, const Labels& labels, const std::string& where);

/// {"train": [ids], "val": [ids], "test": [ids]}. Written atomically; read without a check of the ids.
void write_split(const std::filesystem::path& path, const Split& split);
Split read_split(const std::filesystem::path& path);
/// Reads a split and calls check_split.
Split read_split(const std::filesystem::path& path, const Labels& labels);

}  // namespace graphsieve
