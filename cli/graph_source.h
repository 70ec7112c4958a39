// The GRAPH argument.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// The graph in the .npz of that path, or, where no such file is, a generated one: minesweeper, minesweeper:SIDE or
/// minesweeper:SIDE:SEED (SIDE * SIDE nodes; 100 and 0 if not given).
Dataset open_graph(const std::string& graph);

/// What GRAPH was for the run of that folder, from its result.json. `option` is how the command takes another graph, for
/// the message where result.json does not tell: "GRAPH" or "--graph GRAPH".
std::string graph_of_run(const std::string& run_folder, const char* option);
/// The same of a result.json that was read before. Throws Error where it does not tell.
std::string graph_of_result(const nlohmann::json& result, const std::string& run_folder, const char* option);

/// True if GRAPH is a generated graph, or a path where something is. Throws Error where the system cannot tell.
bool graph_is_there(const std::string& graph);

}  // namespace graphsieve
