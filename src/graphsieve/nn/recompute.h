// SPDX-License-Identifier: Apache-2.0
// Parts of a network whose inside is not kept for the backward pass (Chen et al. 2016, "Training deep nets with
// sublinear memory cost").
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace graphsieve::nn {

/// work(h), of which h alone is kept: the backward pass computes it again, and with keyed dropout to the same bits.
/// Parameters that `work` uses get their gradients as without; h must require one.
at::Tensor recomputed(const at::Tensor& h, std::function<at::Tensor(const at::Tensor& h)> work);

/// True while this thread computes a part for the second time. Running statistics must not count such a pass again.
bool recomputing();

}  // namespace graphsieve::nn
