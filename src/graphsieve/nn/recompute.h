// Parts of a network whose inside is not kept for the backward pass (Chen et al. 2016, "Training deep nets with
// sublinear memory cost").
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace graphsieve::nn {

/// work(h), of which h alone is kept: the backward pass computes it again, and with keyed dropout to the same bits.
/// Parameters that `work` uses get their gradients as without; h must require one.
at::Tensor recomputed(const at::Tensor& h, std::function<at::Tensor(const at::Tensor& h)> work);

/// Is this thread computing a part again? Then what it has counted once (running statistics) is not to be counted
/// twice.
bool recomputing();

}  // namespace graphsieve::nn
