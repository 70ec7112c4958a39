// SPDX-License-Identifier: Apache-2.0
// Advice about settings that suit a graph, one sentence each.
#pragma once

#include <string>
#include <vector>

#include "graphsieve/data/graph_check.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Returns what settings would help on a graph with this report, each with its reason: for features of different
/// scales, a rare class, a few nodes with very many edges, and edges that join unlike labels. Settings that the recipe
/// already has are left out.
std::vector<std::string> advice(const GraphReport& report, const DataRecipe& data, const GraphRecipe& graph);

}  // namespace graphsieve
