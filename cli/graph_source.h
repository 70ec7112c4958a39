// SPDX-License-Identifier: Apache-2.0
// The argument GRAPH of the commands.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Opens the graph in the file or folder of that path or, if there is none, makes a generated graph: minesweeper,
/// minesweeper:SIDE or minesweeper:SIDE:SEED (SIDE * SIDE nodes; SIDE is 100 and SEED 0 if not given). Throws
/// UsageError if SIDE or SEED is invalid, and Error if there is no such graph.
Dataset open_graph(const std::string& graph);

/// Returns the argument GRAPH of the run in that folder, from its result.json. `option` is how the command accepts
/// another graph ("GRAPH" or "--graph GRAPH"), for the message if result.json does not tell.
std::string graph_of_run(const std::string& run_folder, const char* option);
/// Returns the argument GRAPH of a run whose result.json has been read before. Throws Error if it does not tell.
std::string graph_of_result(const nlohmann::json& result, const std::string& run_folder, const char* option);

/// True if GRAPH is a generated graph, or a path at which something exists. Throws Error if the system cannot tell.
bool graph_is_there(const std::string& graph);

}  // namespace graphsieve
