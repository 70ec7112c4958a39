// The GRAPH argument.
#pragma once

#include <string>

#include "graphsieve/io/dataset.h"

namespace graphsieve {

/// The graph in the .npz of that path, or, where no such file is, a generated one: minesweeper, minesweeper:SIDE or
/// minesweeper:SIDE:SEED (SIDE * SIDE nodes; 100 and 0 if not given).
Dataset open_graph(const std::string& graph);

/// What GRAPH was for the run of that folder, from its result.json. `option` is how the command takes another graph, for
/// the message where result.json does not tell: "GRAPH" or "--graph GRAPH".
std::string graph_of_run(const std::string& run_folder, const char* option);

}  // namespace graphsieve
