// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/linear_maps.h"

#include <ATen/ATen.h>

namespace graphsieve {

at::Tensor Affine::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

Affine identity_map(int64_t width) { return {at::eye(width, at::kDouble), at::zeros({width}, at::kDouble)}; }

}  // namespace graphsieve
