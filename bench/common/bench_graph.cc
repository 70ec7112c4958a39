// SPDX-License-Identifier: Apache-2.0
#include "common/bench_graph.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/files/npy.h"

namespace graphsieve::bench {
namespace {

namespace fs = std::filesystem;

NpyArray read_array(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string(), ": cannot be read; expected an array of a run's scores folder");
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  return parse_npy(std::as_bytes(std::span(bytes)), path.string());
}

bool is_symmetric(const AttentionGraph& g, const AttentionGraph& t) {
  return g.row_start == t.row_start && g.source == t.source && g.type == t.type;
}

void add_transpose(BenchGraph& graph) {
  graph.by_destination.symmetric = false;
  AttentionGraph turned = transpose(graph.by_destination);
  graph.by_destination.symmetric = is_symmetric(graph.by_destination, turned);
  if (!graph.by_destination.symmetric) graph.by_source = std::move(turned);
}

template <class T>
void assign(LargeVector<T>& to, const std::vector<T>& from) {
  to.assign(from.begin(), from.end());
}

}  // namespace

BenchGraph read_graph(const fs::path& folder) {
  const fs::path from = fs::exists(folder / "scores") ? folder / "scores" : folder;
  BenchGraph graph;
  graph.name = fs::absolute(folder).lexically_normal().filename().string();
  AttentionGraph& g = graph.by_destination;
  assign(g.row_start, read_array(from / "row_start.npy").as<int64_t>());
  assign(g.source, read_array(from / "source.npy").as<int32_t>());
  assign(g.type, read_array(from / "type.npy").as<uint8_t>());
  if (g.type.empty()) throw Error(from.string(), ": a graph without edges");
  g.types = std::max(3, *std::max_element(g.type.begin(), g.type.end()) + 1);
  g.symmetric = false;
  check(g, from.string());
  add_transpose(graph);
  return graph;
}

BenchGraph random_graph(int64_t nodes, int64_t in_degree, uint64_t seed) {
  BenchGraph graph;
  graph.name = "random";
  AttentionGraph& g = graph.by_destination;
  const int64_t first_expander = in_degree * 10 / 25, loop = in_degree - 1;
  g.source.resize(nodes * in_degree);
  g.type.resize(nodes * in_degree);
  g.row_start.resize(nodes + 1);
  for (int64_t i = 0; i < nodes; ++i) {
    int32_t* row = g.source.data() + i * in_degree;
    for (int64_t e = 0; e < in_degree; ++e) {
      row[e] = e == loop ? static_cast<int32_t>(i) : static_cast<int32_t>(uniform_below(random_key(seed, i, e), nodes));
      g.type[i * in_degree + e] = e == loop ? kSelfLoop : e < first_expander ? kGraphEdge : kExpanderEdge;
    }
    std::sort(row, row + first_expander);
    std::sort(row + first_expander, row + loop);
    g.row_start[i + 1] = (i + 1) * in_degree;
  }
  add_transpose(graph);
  return graph;
}

}  // namespace graphsieve::bench
