// The GRAPH argument.
#pragma once

#include <string>

#include "graphsieve/io/dataset.h"

namespace graphsieve {

/// The graph in the .npz of that path, or, where no such file is, a generated one: minesweeper, minesweeper:SIDE or
/// minesweeper:SIDE:SEED (SIDE * SIDE nodes; 100 and 0 if not given).
Dataset open_graph(const std::string& graph);

/// What GRAPH was for the run of that folder, from its result.json.
std::string graph_of_run(const std::string& run_folder);

}  // namespace graphsieve
