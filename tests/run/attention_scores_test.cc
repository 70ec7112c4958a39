// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/attention_scores.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "../files/folder_testing.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_io.h"

namespace graphsieve {
namespace {

/// A graph with its data and recipe.
struct Prepared {
  explicit Prepared(bool directed) : data(generate_minesweeper(3, 40)), recipe(load_recipe("minesweeper")) {
    if (directed) apply_setting(recipe, "graph.directed=true");
    prepared.emplace(data, recipe, silent);
    graph.emplace(*prepared, recipe, 5);
  }

  Dataset data;
  Recipe recipe;
  Observer silent;
  std::optional<PreparedData> prepared;
  std::optional<PreparedGraph> graph;
};

/// A graph that moves to files keeps its values, and the process holds no memory for it; the same graph of another
/// process lies in the files, too. The transpose of a directed graph stays.
TEST(AttentionScores, AGraphMovesToFiles) {
  for (const bool directed : {false, true}) {
    const TempDir dir;
    Prepared own(directed), other(directed);
    const ops::AttentionEdges before = own.graph->edges;
    const at::Tensor index = before.index.clone(), type = before.type.clone(), start = before.row_start.clone();
    trim_memory();
    const int64_t held = memory_use().ram;
    move_to_files(dir.path(), *own.graph);
    trim_memory();
    EXPECT_LE(memory_use().ram, held - index.numel() * 4);  // types this few are no large block
    lie_in_files(dir.path(), *other.graph);
    for (const PreparedGraph* graph : {&*own.graph, &*other.graph}) {
      EXPECT_TRUE(at::equal(graph->edges.index, index));
      EXPECT_TRUE(at::equal(graph->edges.type, type));
      EXPECT_TRUE(at::equal(graph->edges.row_start, start));
      EXPECT_EQ(graph->edges.t_index.has_value(), directed);
      EXPECT_EQ(graph->graph.edges(), index.numel());
    }
  }
}

/// Files of another graph are refused, and the graph stays as it was. Without files nothing happens.
TEST(AttentionScores, FilesOfAnotherGraphAreRefused) {
  const TempDir dir;
  Prepared own(false), other(false);
  lie_in_files(dir / "none", *own.graph);
  move_to_files(dir.path(), *own.graph);
  std::vector<int32_t> sources(other.graph->graph.source.begin(), other.graph->graph.source.end());
  ++sources[7];
  write_npy<int32_t>(dir / "source.npy", {std::ssize(sources)}, sources);
  EXPECT_CONTAINS(error_of([&] { lie_in_files(dir.path(), *other.graph); }),
                  "source is not that of the attention graph");
  sources.pop_back();
  write_npy<int32_t>(dir / "source.npy", {std::ssize(sources)}, sources);
  EXPECT_CONTAINS(error_of([&] { lie_in_files(dir.path(), *other.graph); }), dir.path().string());
  EXPECT_TRUE(at::equal(other.graph->edges.index, own.graph->edges.index));
}

}  // namespace
}  // namespace graphsieve
