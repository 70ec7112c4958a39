// SPDX-License-Identifier: Apache-2.0
// Recomputation of parts of a network in the backward pass, so that their inner tensors need not be kept (Chen et al.
// 2016, "Training deep nets with sublinear memory cost").
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace graphsieve::nn {

/// Computes work(h) and keeps only h. The backward pass computes work(h) again; with keyed dropout the result has the
/// same bits. Parameters that `work` uses get the same gradients as without recomputation. h must require a gradient.
at::Tensor recomputed(const at::Tensor& h, std::function<at::Tensor(const at::Tensor& h)> work);

/// Returns the sum of work(rows, begin), scalars, over consecutive blocks of `block_rows` rows of h, and keeps only h.
/// The backward pass computes each block again. Used where the inner tensors of all blocks together would be large. h
/// must require a gradient.
at::Tensor recomputed_sum(const at::Tensor& h, int64_t block_rows,
                          std::function<at::Tensor(const at::Tensor& rows, int64_t begin)> work);

/// Number of rows per block, when the loss of many nodes goes through the output layers in blocks. The sum of the
/// blocks has other last bits with another number.
constexpr int64_t kLossRows = int64_t{1} << 16;

/// True while this thread computes a part of a network for the second time. Running statistics must not count such a
/// pass again.
bool recomputing();

}  // namespace graphsieve::nn
