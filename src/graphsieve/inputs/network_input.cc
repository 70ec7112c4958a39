// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/network_input.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "graphsieve/data/features.h"
#include "graphsieve/ops/gather_rows/gather_rows.h"

namespace graphsieve {

at::Tensor dense_features(const FeatureMatrix& x, const at::Tensor& rows) {
  if (!x.sparse())
    return (rows.defined() ? x.dense.index_select(0, rows) : x.dense).to(at::kFloat, false, true).contiguous();
  const int64_t count = rows.defined() ? rows.size(0) : x.rows;
  at::Tensor dense = at::empty({count, x.cols}, at::kFloat);
  write_dense_rows({x.row_start.const_data_ptr<int64_t>(), x.column.const_data_ptr<int32_t>(),
                    x.value.const_data_ptr<float>(), x.cols},
                   rows.defined() ? rows.const_data_ptr<int32_t>() : nullptr, count, dense.mutable_data_ptr<float>());
  return dense;
}

LayerEdges rows_of(const LayerEdges& layer, int64_t begin, int64_t end) {
  if (layer.on_demand) return layer.on_demand(begin, end);
  int64_t first = 0, edges = 0;
  // In a dry run the row starts have no values, and each destination counts with the mean number of edges.
  if (layer.edges.row_start.is_meta()) {
    edges = layer.edges.index.size(0) / std::max<int64_t>(1, layer.destinations) * (end - begin);
  } else {
    const auto start = [&](int64_t row) { return layer.edges.row_start[row].item<int64_t>(); };
    first = start(begin);
    edges = start(end) - first;
  }
  LayerEdges part;
  part.destinations = end - begin;
  part.edges.row_start = layer.edges.row_start.narrow(0, begin, end - begin + 1) - first;
  part.edges.index = layer.edges.index.narrow(0, first, edges);
  part.edges.type = layer.edges.type.narrow(0, first, edges);
  if (layer.edges.log_weight) part.edges.log_weight = layer.edges.log_weight->narrow(0, first, edges);
  if (layer.position.defined()) part.position = layer.position.narrow(0, first, edges);
  return part;
}

namespace {

/// True if the features of the batch's nodes are read before the forward pass (see pick_features()).
bool picks(const NetworkInput& input) {
  const FeatureMatrix& x = *input.features;
  if (!input.rows.defined() || x.sparse()) return false;
  return input.rows.size(0) * 2 < x.rows || x.dense.device() != input.rows.device();
}

}  // namespace

void pick_features(NetworkInput& input) {
  if (picks(input)) input.picked = ops::gather_rows(input.features->dense, input.rows);
}

void pick_features(const std::vector<NetworkInput*>& inputs) {
  if (inputs.size() == 1) return pick_features(*inputs.front());
  std::vector<at::Tensor> rows;
  for (const NetworkInput* input : inputs)
    if (picks(*input)) rows.push_back(input->rows);
  if (rows.empty()) return;
  // The ids of all batches are sorted, so that the rows are read in the order of the file, kRows at a time. Each row is
  // copied to the place of its id among the batches' ids, and every batch then gets its own part of the result.
  const auto [in_order, position] =
      at::cat(rows).sort(/*stable=*/std::optional<bool>(true), /*dim=*/0, /*descending=*/false);
  const at::Tensor& x = inputs.front()->features->dense;
  at::Tensor picked = at::empty({in_order.size(0), x.size(1)}, in_order.options().dtype(x.scalar_type()));
  constexpr int64_t kRows = int64_t{1} << 16;  // rows that are read at once
  for (int64_t begin = 0; begin < in_order.size(0); begin += kRows) {
    const int64_t count = std::min(kRows, in_order.size(0) - begin);
    picked.index_copy_(0, position.narrow(0, begin, count), ops::gather_rows(x, in_order.narrow(0, begin, count)));
  }
  int64_t begin = 0;
  for (NetworkInput* input : inputs) {
    if (!picks(*input)) continue;
    input->picked = picked.narrow(0, begin, input->rows.size(0));
    begin += input->rows.size(0);
  }
}

}  // namespace graphsieve
