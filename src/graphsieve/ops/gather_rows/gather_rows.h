// SPDX-License-Identifier: Apache-2.0
// A selection of rows of a matrix: the features of a batch's nodes.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/base/export.h"

namespace graphsieve::ops {

/// Returns the rows of x [n, d], of any type, that are named by rows int32 [r], each 0 to n − 1. The result is [r, d]
/// of the type of x. There is no gradient. Throws c10::Error if a shape or type does not fit, or if a row is out of
/// range.
GRAPHSIEVE_API at::Tensor gather_rows(const at::Tensor& x, const at::Tensor& rows);

}  // namespace graphsieve::ops
