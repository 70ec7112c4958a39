// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/edge_ids.h"

#include <ATen/ATen.h>

#include "graphsieve/base/parallel.h"

namespace graphsieve {

using at::Tensor;

Tensor edge_ids(const Tensor& row_start, const Tensor& rows, const Tensor& position) {
  const Tensor begin = rows.defined() ? row_start.index_select(0, rows) : row_start.slice(0, 0, -1);
  return at::where(position < 0, at::scalar_tensor(-1, begin.options()), begin.unsqueeze(1) + position);
}

Tensor edge_types(const ops::AttentionEdges& graph, const Tensor& rows, const Tensor& position) {
  if (graph.type.size(0) == 0) return at::zeros(position.sizes(), graph.type.options());
  // On a GPU the types are gathered by id. On the CPU a loop over the rows needs no tensor of ids.
  if (!graph.type.is_cpu()) {
    const Tensor ids = edge_ids(graph.row_start, rows, position);
    const Tensor types = graph.type.index_select(0, ids.clamp_min(0).view({-1})).view_as(ids);
    return at::where(ids < 0, at::scalar_tensor(0, types.options()), types);
  }
  constexpr int64_t kRows = 4096;
  const int64_t count = position.size(0), k = position.size(1);
  const Tensor types = at::empty({count, k}, graph.type.options());
  const auto* start = graph.row_start.const_data_ptr<int64_t>();
  const auto* type = graph.type.const_data_ptr<uint8_t>();
  const auto* row = rows.defined() ? rows.const_data_ptr<int32_t>() : nullptr;
  const auto* at = position.const_data_ptr<int32_t>();
  auto* to = types.mutable_data_ptr<uint8_t>();
  parallel_blocks(count, kRows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const uint8_t* const of_row = type + start[row ? row[r] : r];
      for (int64_t x = r * k; x < (r + 1) * k; ++x) to[x] = at[x] < 0 ? 0 : of_row[at[x]];
    }
  });
  return types;
}

}  // namespace graphsieve
