// Node ids that do not fit in memory, and the edges that name them: joined by sorting both on disk.
//
//   IdJoin join(folder, memory);
//   join.add_node(id_key("n7"));  …                   places 0, 1, 2, … in the order of their coming
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

/// An integer itself; of a text its XXH3 of 128 bits: that two of 10^9 ids share one has a chance of 10^-21.
struct IdKey {
  uint64_t high = 0, low = 0;
  auto operator<=>(const IdKey&) const = default;
};
IdKey id_key(int64_t id);
IdKey id_key(std::string_view id);

class IdJoin {
 public:
  /// Files in `folder`, which must exist, go with the folder. `memory`: bytes held at most, at least 64 KiB.
  IdJoin(std::filesystem::path folder, int64_t memory);

  void add_node(const IdKey& id) { nodes_->add({id, count_++}); }

  struct Twice {
    int64_t first = -1, second = -1;  ///< places of the same id, the lowest second of all; −1: there is none
  };
  Twice finish_nodes();

  /// `row` below 2^55 and `type` below 256 come back as they are.
  void add_edge(const IdKey& source, const IdKey& destination, int64_t row, int type) {
    by_source_->add({source, destination, row << 8 | type});
  }

  /// An edge with an id that no node has: its row, and which end.
  struct Dangling {
    int64_t count = 0;
    int64_t row = -1;  ///< the lowest, where there is one
    bool source = false;
  };
  /// Every edge whose two ends are nodes, in some order that depends on the edges alone; once, as the last call. `beat`
  /// is called often, and may throw to stop.
  Dangling edges(const std::function<void(int64_t source, int64_t destination, int type)>& take,
                 const std::function<void()>& beat);

 private:
  struct Node {
    IdKey id;
    int64_t place;
    bool operator<(const Node& other) const { return std::tie(id, place) < std::tie(other.id, other.place); }
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
  /// take(edge, the place of its id, or −1) for all edges, sorted by id() as the nodes are.
  template <class Edge, class Take>
  void join(ExternalSortOf<Edge>& edges, Take take, const std::function<void()>& beat) const;

  std::filesystem::path folder_;
  int64_t memory_, count_ = 0;
  std::unique_ptr<ExternalSortOf<Node>> nodes_;  ///< until they are finished; then a sorted file
  std::unique_ptr<ExternalSortOf<BySource>> by_source_;
};

}  // namespace graphsieve
