// Graphs made by a published recipe.
#pragma once

#include <cstdint>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// The minesweeper graph of Platonov et al. (2023): a side x side grid, every cell joined to its up to eight neighbours
/// (edges listed once, (i, j) with i < j, sorted); exactly a fifth of the cells are mines, label 1. Features: hidden
/// flag, then one-hot of the number of mines among the neighbours, 0, 1, 2, 3, 4, 5 or more; half of the cells are
/// hidden: flag 1, the rest 0. Ten splits of 50/25/25 %, the same share of mines in each part. Throws Error unless
/// 4 <= side <= 10000.
Dataset generate_minesweeper(uint64_t seed, int64_t side = 100);

}  // namespace graphsieve
