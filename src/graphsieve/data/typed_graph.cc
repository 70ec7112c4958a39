// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/typed_graph.h"

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/data/class_names.h"
#include "graphsieve/files/external_sort.h"

namespace graphsieve {

StoredGraph typed_graph(int64_t nodes, const std::vector<std::pair<int32_t, int32_t>>& edges,
                        const std::vector<uint8_t>& types, std::vector<std::string> names, bool directed,
                        const std::string& where) {
  if (types.size() != edges.size())
    throw Error(where, ": ", types.size(), " edge types, expected ", edges.size(), ", one per edge");
  if (names.empty() || names.size() > static_cast<size_t>(kMostDataTypes))
    throw Error(where, ": ", names.size(), " different edge types, expected 1 to ", kMostDataTypes);
  check_distinct(names, where, "edge type");
  const EdgeKeys keys(nodes, static_cast<int>(names.size()));
  std::vector<uint64_t> all;
  all.reserve(edges.size() * (directed ? 1 : 2));
  for (size_t e = 0; e < edges.size(); ++e) {
    const auto [source, destination] = edges[e];
    if (source < 0 || source >= nodes || destination < 0 || destination >= nodes)
      throw Error(where, ": edges row ", e, ": (", source, ", ", destination, "), expected ids from 0 to ", nodes - 1);
    if (types[e] >= names.size())
      throw Error(where, ": edges row ", e, ": type ", int{types[e]}, ", expected 0 to ", names.size() - 1);
    if (source == destination) continue;
    all.push_back(keys.key(destination, source, types[e]));
    if (!directed) all.push_back(keys.key(source, destination, types[e]));
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  // The keys are in the order of the rows: by destination, then type, then source.
  std::vector<int64_t> start(nodes + 1, 0);
  std::vector<int32_t> source;
  std::vector<uint8_t> type;
  source.reserve(all.size());
  type.reserve(all.size());
  for (const uint64_t key : all) {
    ++start[keys.destination(key) + 1];
    source.push_back(static_cast<int32_t>(keys.source(key)));
    type.push_back(static_cast<uint8_t>(keys.type(key)));
  }
  for (int64_t i = 0; i < nodes; ++i) start[i + 1] += start[i];
  StoredGraph graph;
  graph.row_start = Array<int64_t>(std::move(start));
  graph.source = Array<int32_t>(std::move(source));
  graph.type = Array<uint8_t>(std::move(type));
  graph.type_names = std::move(names);
  graph.directed = directed;
  return graph;
}

}  // namespace graphsieve
