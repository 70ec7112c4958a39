// SPDX-License-Identifier: Apache-2.0
// A join of node ids that do not fit in memory with the edges that name them. Both are sorted on disk.
//
//   IdJoin join(folder, memory);
//   join.add_node(id_key("n7"));  …                   nodes 0, 1, 2, … in the order of the calls
//   join.finish_nodes();
//   join.add_edge(id_key("n7"), id_key("n3"), row, type);  …
//   join.edges([&](int64_t source, int64_t destination, int type) {…}, [] {});
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <tuple>

#include "graphsieve/files/external_sort.h"

namespace graphsieve {

/// The key of an id: the integer itself, or the XXH3 hash of a text with 128 bits. The chance that two of 10^9 texts
/// have the same key is 10^-21.
struct IdKey {
  uint64_t high = 0, low = 0;
  auto operator<=>(const IdKey&) const = default;
};
IdKey id_key(int64_t id);
IdKey id_key(std::string_view id);

/// Joins the ids of one node table with one edge table.
class IdJoin {
 public:
  /// Files are written to `folder`, which must exist; they are removed with the folder. `memory` is the most memory in
  /// bytes that is used, at least 64 KiB.
  IdJoin(std::filesystem::path folder, int64_t memory);

  /// Adds the id of the next node.
  void add_node(const IdKey& id) { nodes_->add({id, count_++}); }

  /// An id that occurs twice.
  struct Twice {
    int64_t first = -1, second = -1;  ///< two nodes with one id, with the lowest `second`; −1: none
  };
  /// Sorts the node ids. It is called after the last node and before the first edge.
  Twice finish_nodes();

  /// Adds an edge. `row` is below 2^55 and `type` below 256; both are returned unchanged.
  void add_edge(const IdKey& source, const IdKey& destination, int64_t row, int type) {
    by_source_->add({source, destination, row << 8 | type});
  }

  /// The edges with an id that no node has.
  struct Dangling {
    int64_t count = 0;
    int64_t row = -1;     ///< lowest row of such an edge; −1: there is none
    bool source = false;  ///< true if its source is the unknown id
  };
  /// Calls `take` with every edge whose two ends are nodes, in an order that depends on the edges only. It is called
  /// once, as the last call. `beat` is called often and may throw to stop.
  Dangling edges(const std::function<void(int64_t source, int64_t destination, int type)>& take,
                 const std::function<void()>& beat);

 private:
  struct Node {
    IdKey id;
    int64_t number;
    bool operator<(const Node& other) const { return std::tie(id, number) < std::tie(other.id, other.number); }
  };
  struct BySource {
    IdKey source, destination;
    int64_t row_and_type;
    bool operator<(const BySource& other) const {
      return std::tie(source, row_and_type) < std::tie(other.source, other.row_and_type);
    }
    const IdKey& id() const { return source; }
  };
  struct ByDestination {
    IdKey destination;
    int64_t source, row_and_type;
    bool operator<(const ByDestination& other) const {
      return std::tie(destination, row_and_type) < std::tie(other.destination, other.row_and_type);
    }
    const IdKey& id() const { return destination; }
  };
  /// Calls take(edge, node) for all edges in the order of their id(), which is the order of the sorted nodes. The node
  /// is −1 if no node has the id.
  template <class Edge, class Take>
  void join(ExternalSortOf<Edge>& edges, Take take, const std::function<void()>& beat) const;

  std::filesystem::path folder_;
  int64_t memory_, count_ = 0;
  std::unique_ptr<ExternalSortOf<Node>> nodes_;  ///< node ids until finish_nodes(), which writes them to a sorted file
  std::unique_ptr<ExternalSortOf<BySource>> by_source_;
};

}  // namespace graphsieve
