// SPDX-License-Identifier: Apache-2.0
// One layer of a batch: from destinations and the edges drawn for them to the set of sources and the edges between the
// two, numbered within the batch. Destinations are the first sources, so a residual is source_rows[:destinations].
//
// Example: destinations {7, 2}, k = 2, drawn sources {{2, 9}, {7, 9}}: sources {7, 2, 9}; edges 0←{1, 2}, 1←{0, 2}.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// destinations int32 [d], distinct; index int32 [d, k] (global sources, −1 for none) and type uint8 [d, k];
/// local int32 [n], all −1, scratch that is −1 again on return. Returns
///   sources int32 [d + d·k] of which the first `count` hold, count int64 [1],
///   row_start int64 [d + 1], index int32 [edges], type uint8 [edges]          edges by destination, edges <= d·k,
///   t_row_start int64 [d + d·k + 1], t_index int32, t_type uint8 [edges]       the same by source;
/// the edge arrays are d·k long, of which row_start[d] hold. Throws c10::Error where a shape or type does not fit.
GRAPHSIEVE_API
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> expand_block(
    const at::Tensor& destinations, const at::Tensor& index, const at::Tensor& type, at::Tensor local);

}  // namespace graphsieve::ops
