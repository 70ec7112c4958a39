// SPDX-License-Identifier: Apache-2.0
// Graphs for the tests of attention operators.
#pragma once

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"
#include "op_testing.h"

namespace graphsieve::testing {

inline constexpr double kNoClamp = std::numeric_limits<double>::infinity();

struct TypedEdge {
  int32_t destination, source;
  uint8_t type;
};

struct TypedCsr {
  at::Tensor row_start, index, type;
};

/// Edges by destination in the given order; with `by_source`, the transpose.
inline TypedCsr csr(const std::vector<TypedEdge>& edges, int64_t rows, bool by_source) {
  std::vector<size_t> order(edges.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto row = [&](size_t e) { return by_source ? edges[e].source : edges[e].destination; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return row(a) < row(b); });
  const int64_t m = static_cast<int64_t>(edges.size());
  TypedCsr to{at::zeros({rows + 1}, at::kLong), at::empty({m}, at::kInt), at::empty({m}, at::kByte)};
  for (int64_t i = 0; i < m; ++i) {
    const TypedEdge& e = edges[order[i]];
    ++to.row_start.mutable_data_ptr<int64_t>()[row(order[i]) + 1];
    to.index.mutable_data_ptr<int32_t>()[i] = by_source ? e.destination : e.source;
    to.type.mutable_data_ptr<uint8_t>()[i] = e.type;
  }
  to.row_start = to.row_start.cumsum(0);
  return to;
}

struct TypedGraph {
  int64_t destinations, sources;
  int types;
  ops::AttentionEdges edges;
};

inline TypedGraph typed_graph_of(const std::vector<TypedEdge>& edges, int64_t destinations, int64_t sources,
                                 int types) {
  const TypedCsr to = csr(edges, destinations, false), from = csr(edges, sources, true);
  return {destinations, sources, types, {to.row_start, to.index, to.type, from.row_start, from.index, from.type}};
}

/// Row i has degrees[i] edges from random sources, of random types in no order (or, `sorted`, in order).
inline std::vector<TypedEdge> random_edges(const std::vector<int64_t>& degrees, int64_t sources, int types,
                                           bool sorted = false) {
  std::mt19937_64 random(7);
  std::vector<TypedEdge> edges;
  for (size_t i = 0; i < degrees.size(); ++i) {
    const auto first = static_cast<int64_t>(edges.size());
    for (int64_t e = 0; e < degrees[i]; ++e)
      edges.push_back(
          {static_cast<int32_t>(i), static_cast<int32_t>(random() % sources), static_cast<uint8_t>(random() % types)});
    if (sorted) std::sort(edges.begin() + first, edges.end(), [](auto& a, auto& b) { return a.type < b.type; });
  }
  return edges;
}

inline TypedGraph random_typed_graph(const std::vector<int64_t>& degrees, int64_t sources, int types,
                                     bool sorted = false) {
  return typed_graph_of(random_edges(degrees, sources, types, sorted), static_cast<int64_t>(degrees.size()), sources,
                        types);
}

/// Empty rows, one edge, and the edges of every vector length.
inline const std::vector<int64_t> kDegrees{0, 1, 2, 3, 15, 16, 17, 0, 33, 1, 70, 7};

/// Returns log_sum with the minus infinity of rows without edges as a number that can be compared.
inline at::Tensor finite(const at::Tensor& log_sum) { return at::nan_to_num(log_sum, 0, 1e4, -1e4); }

}  // namespace graphsieve::testing
