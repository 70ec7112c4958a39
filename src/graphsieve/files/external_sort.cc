// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/external_sort.h"

#include <bit>

namespace graphsieve {

EdgeKeys::EdgeKeys(int64_t nodes, int types)
    : node_bits_(std::bit_width(static_cast<uint64_t>(nodes - 1))),
      type_bits_(std::bit_width(static_cast<uint64_t>(types - 1))) {
  if (2 * node_bits_ + type_bits_ > 64)
    throw Error(nodes, " nodes with ", types, " edge types, expected at most ", int64_t{1} << (64 - type_bits_) / 2,
                " nodes with so many");
}

}  // namespace graphsieve
