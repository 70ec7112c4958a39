// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/id_join.h"

#include <xxhash.h>

#include <utility>

namespace graphsieve {
namespace {

constexpr const char* kNodes = "ids";
constexpr int64_t kReading = 1 << 20;  // bytes of the sorted nodes that are in memory

}  // namespace

IdKey id_key(int64_t id) { return {0, static_cast<uint64_t>(id)}; }

IdKey id_key(std::string_view id) {
  const XXH128_hash_t hash = XXH3_128bits(id.data(), id.size());
  return {hash.high64, hash.low64};
}

IdJoin::IdJoin(std::filesystem::path folder, int64_t memory)
    : folder_(std::move(folder)),
      memory_(memory),
      nodes_(std::make_unique<ExternalSortOf<Node>>(folder_, memory / 2)) {}

IdJoin::Twice IdJoin::finish_nodes() {
  Twice twice;
  Node before{{}, -1};
  AtomicFile out(folder_ / kNodes);
  nodes_->merge([&](std::span<const Node> nodes) {
    // Equal ids are neighbours in the sorted order, by ascending node number.
    for (const Node& node : nodes) {
      if (before.number >= 0 && before.id == node.id && (twice.second < 0 || node.number < twice.second))
        twice = {before.number, node.number};
      before = node;
    }
    out.write(nodes.data(), nodes.size_bytes());
  });
  out.commit();
  nodes_ = nullptr;
  by_source_ = std::make_unique<ExternalSortOf<BySource>>(folder_, memory_ / 2);
  return twice;
}

/// A merge of two sorted files: for each edge, the nodes advance to the first id that is not smaller.
template <class Edge, class Take>
void IdJoin::join(ExternalSortOf<Edge>& edges, Take take, const std::function<void()>& beat) const {
  RecordReader<Node> nodes(folder_ / kNodes, std::min(kReading, memory_ / 8));
  edges.merge([&](std::span<const Edge> block) {
    beat();
    for (const Edge& edge : block) {
      while (!nodes.done() && nodes.head().id < edge.id()) nodes.next();
      take(edge, !nodes.done() && nodes.head().id == edge.id() ? nodes.head().number : -1);
    }
  });
}

IdJoin::Dangling IdJoin::edges(const std::function<void(int64_t, int64_t, int)>& take,
                               const std::function<void()>& beat) {
  Dangling dangling;
  const auto dangles = [&dangling](int64_t row, bool source) {
    ++dangling.count;
    if (dangling.row < 0 || row < dangling.row) dangling.row = row, dangling.source = source;
  };
  // The first join replaces the source of every edge by its node number. The edges are then sorted by destination, and
  // the second join replaces the destination. Each sort has half of the memory.
  ExternalSortOf<ByDestination> by_destination(folder_, memory_ / 2);
  join(
      *by_source_,
      [&](const BySource& edge, int64_t number) {
        if (number < 0)
          dangles(edge.row_and_type >> 8, true);
        else
          by_destination.add({edge.destination, number, edge.row_and_type});
      },
      beat);
  by_source_ = nullptr;
  join(
      by_destination,
      [&](const ByDestination& edge, int64_t number) {
        if (number < 0)
          dangles(edge.row_and_type >> 8, false);
        else
          take(edge.source, number, static_cast<int>(edge.row_and_type & 0xff));
      },
      beat);
  return dangling;
}

}  // namespace graphsieve
