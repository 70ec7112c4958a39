// SPDX-License-Identifier: Apache-2.0
// On GPUs by torch's sorts and prefix sums, which have one order; nothing waits for the host.
#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/cuda_call.h"
#include "graphsieve/ops/expand_block/expand_block_checks.h"

namespace graphsieve::ops {

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
expand_block_cuda(const at::Tensor& destinations, const at::Tensor& index, const at::Tensor& type, at::Tensor local) {
  using at::Tensor;
  check_expand_block(destinations, index, type, local);
  check_one_device("expand_block", index, {destinations, type, local});
  const int64_t d = index.size(0), k = index.size(1), drawn = d * k, most = d + drawn;
  const auto longs = index.options().dtype(at::kLong);
  const Tensor flat = index.reshape({-1}).to(at::kLong), types = type.reshape({-1}), there = flat >= 0,
               nodes = destinations.to(at::kLong);
  const Tensor places = at::arange(drawn, longs), own = at::arange(d, longs);
  local.index_put_({nodes}, own.to(at::kInt));

  // The first place of each node that is no destination; what is sorted by node, then by place, begins with it.
  const auto [node, place] = flat.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false);
  Tensor begins = at::ones({drawn}, longs.dtype(at::kBool));
  if (drawn > 1) begins.narrow(0, 1, drawn - 1).copy_(node.narrow(0, 1, drawn - 1) != node.narrow(0, 0, drawn - 1));
  const Tensor fresh = begins & (node >= 0) & (local.index({node.clamp_min(0)}) < 0);
  const Tensor is_first = at::zeros({drawn}, longs).index_put_({place}, fresh.to(at::kLong));
  const Tensor number = d + is_first.cumsum(0) - 1;  // of the node whose first place this is
  const Tensor count = (is_first.sum() + d).reshape({1});

  // Entry `most` of sources takes what is not meant; the first destination's number is written again in its place.
  Tensor sources = at::zeros({most + 1}, index.options());
  sources.narrow(0, 0, d).copy_(destinations);
  sources.index_put_({at::where(is_first > 0, number, most)}, flat.to(at::kInt));
  const Tensor any = drawn > 0 ? nodes.narrow(0, 0, 1) : nodes;
  local.index_put_({at::where(is_first > 0, flat, any)}, at::where(is_first > 0, number, 0).to(at::kInt));

  // Edges that are there, in order.
  const Tensor local_source = at::where(there, local.index({flat.clamp_min(0)}).to(at::kLong), most);
  const Tensor slot = at::where(there, there.to(at::kLong).cumsum(0) - 1, drawn);
  const auto compacted = [&](const Tensor& values) {
    return at::zeros({drawn + 1}, values.options()).index_put_({slot}, values).narrow(0, 0, drawn);
  };
  const Tensor row_start = at::cat({at::zeros({1}, longs), there.reshape({d, k}).sum(1).cumsum(0)});
  const auto [by_source, edge] = local_source.sort(true, 0, false);
  const Tensor t_row_start = at::searchsorted(by_source, at::arange(most + 1, longs));
  const Tensor result_sources = sources.narrow(0, 0, most);
  const Tensor index_out = compacted(local_source.to(at::kInt)), type_out = compacted(types);
  const Tensor t_index = edge.floor_divide(std::max<int64_t>(1, k)).to(at::kInt), t_type = types.index({edge});

  local.index_fill_(0, nodes, -1);
  local.index_fill_(0, at::where(there, flat, any), -1);
  return {result_sources, count, row_start, index_out, type_out, t_row_start, t_index, t_type};
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_IMPL(graphsieve, GRAPHSIEVE_DEVICE, m) { m.impl("expand_block", graphsieve::ops::expand_block_cuda); }
