// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/ops/expand_block/expand_block.h"

#include <ATen/ATen.h>
#include <torch/library.h>

#include "graphsieve/ops/common/torch_call.h"
#include "graphsieve/ops/expand_block/expand_block_checks.h"
#include "graphsieve/ops/expand_block/expand_block_kernel.h"

namespace graphsieve::ops {
namespace {

using at::Tensor;
using Block = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>;

/// Allocates the results for the largest possible number of edges and sources, because the true numbers are known only
/// after the kernel has run. At most d · k edges are drawn, and at most each of them has a source of its own.
Block allocate(const Tensor& index) {
  const auto d = index.sym_size(0), edges = d * index.sym_size(1);
  const auto ints = index.options(), longs = ints.dtype(at::kLong), bytes = ints.dtype(at::kByte);
  return {at::empty_symint({d + edges}, ints), at::empty({1}, longs),
          at::empty_symint({d + 1}, longs),    at::empty_symint({edges}, ints),
          at::empty_symint({edges}, bytes),    at::empty_symint({d + edges + 1}, longs),
          at::empty_symint({edges}, ints),     at::empty_symint({edges}, bytes)};
}

Block expand_meta(const Tensor& destinations, const Tensor& index, const Tensor& type, Tensor local) {
  check_expand_block(destinations, index, type, local);
  return allocate(index);
}

Block expand_cpu(const Tensor& destinations, const Tensor& index, const Tensor& type, Tensor local) {
  check_expand_block(destinations, index, type, local);
  TORCH_CHECK(local.is_contiguous(), "expand_block: local must be contiguous");
  Block block = allocate(index);
  const Tensor nodes = destinations.contiguous(), drawn = index.contiguous(), types = type.contiguous();
  auto& [sources, count, row_start, out, out_type, t_row_start, t_index, t_type] = block;
  *count.mutable_data_ptr<int64_t>() = kernels::expand_block(
      {nodes.const_data_ptr<int32_t>(), nodes.size(0), drawn.size(1), drawn.const_data_ptr<int32_t>(),
       types.const_data_ptr<uint8_t>(), local.mutable_data_ptr<int32_t>()},
      {sources.mutable_data_ptr<int32_t>(), row_start.mutable_data_ptr<int64_t>(), out.mutable_data_ptr<int32_t>(),
       out_type.mutable_data_ptr<uint8_t>(), t_row_start.mutable_data_ptr<int64_t>(),
       t_index.mutable_data_ptr<int32_t>(), t_type.mutable_data_ptr<uint8_t>()});
  return block;
}

}  // namespace

Block expand_block(const Tensor& destinations, const Tensor& index, const Tensor& type, Tensor local) {
  static const auto op =
      find_operator<Block(const Tensor&, const Tensor&, const Tensor&, Tensor)>("graphsieve::expand_block");
  return op.call(destinations, index, type, std::move(local));
}

}  // namespace graphsieve::ops

TORCH_LIBRARY_FRAGMENT(graphsieve, m) {
  m.def(
      "expand_block(Tensor destinations, Tensor index, Tensor type, Tensor(a!) local) -> "
      "(Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)");
}
TORCH_LIBRARY_IMPL(graphsieve, CPU, m) { m.impl("expand_block", graphsieve::ops::expand_cpu); }
TORCH_LIBRARY_IMPL(graphsieve, Meta, m) { m.impl("expand_block", graphsieve::ops::expand_meta); }
