// SPDX-License-Identifier: Apache-2.0
// Division of the rows of a graph into items of work with about equal numbers of edges, so that one hub does not delay
// everything else.
//
// Neighbouring rows share an item until the item has 1/kItems of the graph's edges, but at least kLeastEdges and at
// most kItemEdges. Items of a small graph are therefore small, so that no thread waits long for the last one. A long
// row is divided over several items, whose partial results are joined in order. The division depends on the graph only,
// so results do not depend on threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "graphsieve/base/parallel.h"

namespace graphsieve::kernels {

/// A run of whole rows, or a piece of one long row.
struct WorkItem {
  int64_t row_begin, row_end, edge_begin, edge_end;
  int64_t piece;  ///< index among the pieces of all long rows; -1: whole rows
};

/// The items of a graph, in the order of its rows.
struct WorkPlan {
  static constexpr int64_t kItemEdges = 8192;  ///< most edges per item of whole rows, and edges per piece of a long row
  static constexpr int64_t kLeastEdges = 512;  ///< fewest edges of an item, unless it is the last one
  static constexpr int64_t kItems = 128;       ///< number of items, where the two limits allow it
  static constexpr int64_t kRowCost = 8;       ///< cost of a row in addition to its edges, in edges

  std::vector<WorkItem> items;
  int64_t pieces = 0;

  /// Makes the items of a graph in which row r has the edges [start[r], start[r + 1]). A row of more than two items'
  /// edges is cut into pieces.
  WorkPlan(const int64_t* start, int64_t rows) {
    const int64_t all = rows > 0 ? start[rows] - start[0] + rows * kRowCost : 0;
    const int64_t item = std::clamp(all / kItems, kLeastEdges, kItemEdges);
    for (int64_t r = 0; r < rows;) {
      if (start[r + 1] - start[r] > 2 * kItemEdges) {
        for (int64_t e = start[r]; e < start[r + 1]; e += kItemEdges)
          items.push_back({r, r + 1, e, std::min(e + kItemEdges, start[r + 1]), pieces++});
        ++r;
        continue;
      }
      const int64_t first = r;
      for (int64_t cost = 0; r < rows && cost < item; ++r) {
        const int64_t degree = start[r + 1] - start[r];
        if (degree > 2 * kItemEdges) break;
        cost += degree + kRowCost;
      }
      items.push_back({first, r, start[first], start[r], -1});
    }
  }

  /// Calls body(item number, item) for every item, in parallel.
  template <class Body>
  void run(const Body& body) const {
    parallel_for(static_cast<int64_t>(items.size()), [&](int64_t n) { body(n, items[n]); });
  }

  /// Calls join(row, first piece, past the last piece) for every row that was cut, in order.
  template <class Join>
  void join(const Join& join) const {
    for (size_t n = 0; n < items.size();) {
      if (items[n].piece < 0) {
        ++n;
        continue;
      }
      const size_t first = n;
      while (n < items.size() && items[n].piece >= 0 && items[n].row_begin == items[first].row_begin) ++n;
      join(items[first].row_begin, items[first].piece, items[n - 1].piece + 1);
    }
  }
};

}  // namespace graphsieve::kernels
