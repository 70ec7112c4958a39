// SPDX-License-Identifier: Apache-2.0
// Rows of length 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns x [n, width], in which the columns from `first` on of each row are divided by the larger of their 2-norm and
/// `least`, and multiplied by `scale` if it is given: rows of that length, except that a row shorter than `least` stays
/// shorter. The columns before `first` stay as they are. x is float32 or float64, `least` above 0, `scale` [1] of x's
/// type. Differentiable in x and scale. Throws c10::Error if a shape or type does not fit. On a GPU the operations are
/// torch's.
GRAPHSIEVE_API at::Tensor unit_rows(const at::Tensor& x, double least, int64_t first = 0,
                                    const std::optional<at::Tensor>& scale = std::nullopt);

}  // namespace graphsieve::ops
