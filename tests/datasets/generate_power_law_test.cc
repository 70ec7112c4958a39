// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/generate_power_law.h"

#include <algorithm>
#include <cmath>

#include "../files/temp_dir.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/files/atomic_file.h"

namespace graphsieve {
namespace {

TEST(GeneratePowerLaw, LooksAsItSays) {
  const TempDir dir;
  const PowerLawGraph g{.nodes = 20000, .degree = 12, .classes = 6, .columns = 8, .seed = 4};
  generate_power_law(g, dir / "graph", {});
  verify_graph_folder(dir / "graph");
  const GraphReport r = check_graph(read_graph_folder(dir / "graph"));
  EXPECT_EQ(r.nodes, g.nodes);
  EXPECT_NEAR(2.0 * static_cast<double>(r.edges) / 20000, 12, 1) << "a few repeat";
  EXPECT_NEAR(r.homophily, 0.7 * (0.81 + 0.19 / 6) + 0.3 / 6, 0.04) << "a community's nodes differ in one of ten";
  EXPECT_GT(r.degrees.back(), 20 * r.degrees[2]) << "hubs";
  for (const int64_t count : r.class_counts) EXPECT_NEAR(static_cast<double>(count), 20000.0 / 6, 800);
  ASSERT_EQ(r.splits.size(), 1u);
  EXPECT_EQ(r.splits[0].train, 10000);
  EXPECT_TRUE(r.constant_columns.empty());
}

TEST(GeneratePowerLaw, DegreesFallAsAPower) {
  const TempDir dir;
  const PowerLawGraph g{.nodes = 100000, .degree = 10, .exponent = 2.5, .homophily = 0, .columns = 1};
  generate_power_law(g, dir / "graph", {});
  const Dataset d = read_graph_folder(dir / "graph");
  std::vector<int64_t> degree(g.nodes);
  for (int64_t i = 0; i < g.nodes; ++i) degree[i] = d.graph->row_start[i + 1] - d.graph->row_start[i];
  std::sort(degree.rbegin(), degree.rend());
  // The r-th largest degree falls as r^(-1 / (exponent - 1)).
  const double slope = std::log(static_cast<double>(degree[1000]) / static_cast<double>(degree[10])) / std::log(100.0);
  EXPECT_NEAR(slope, -1 / 1.5, 0.12);
}

TEST(GeneratePowerLaw, TheSameWhateverMemoryAndThreads) {
  const TempDir dir;
  const PowerLawGraph g{.nodes = 30000, .degree = 6, .columns = 3, .seed = 9};
  generate_power_law(g, dir / "a", {});
  set_num_threads(3);
  generate_power_law(g, dir / "b", {.memory = 64 << 10});
  set_num_threads(1);
  for (const char* name : {"row_start.npy", "source.npy", "features.npy", "labels.npy", "splits.npy", "graph.json"})
    EXPECT_EQ(read_text_file(dir / "a" / name), read_text_file(dir / "b" / name)) << name;
  generate_power_law({.nodes = 30000, .degree = 6, .columns = 3, .seed = 10}, dir / "c", {});
  EXPECT_NE(read_text_file(dir / "a" / "source.npy"), read_text_file(dir / "c" / "source.npy"));
}

TEST(GeneratePowerLaw, RefusesAndStopsWithoutLeavingAnything) {
  const TempDir dir;
  EXPECT_EQ(error_of([&] { generate_power_law({.nodes = 1}, dir / "x", {}); }),
            "generate: nodes is 1, expected 2 to 2.14748e+09");
  EXPECT_NE(error_of([&] { generate_power_law({.exponent = 2}, dir / "x", {}); }), "");
  EXPECT_EQ(error_of([&] {
              generate_power_law({.nodes = 5000}, dir / "x", {.progress = [](double share) {
                                   if (share > 0.5) throw Error("stop");
                                 }});
            }),
            "stop");
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

}  // namespace
}  // namespace graphsieve
