// Rows of a matrix, picked by number: the features of a batch's nodes.
#pragma once

#include <ATen/core/Tensor.h>

namespace graphsieve::ops {

/// x [n, d] of any type, rows int32 [r], each 0 to n − 1 → [r, d] of the type of x. No gradient. Throws c10::Error where a
/// shape or type does not fit, or a row is out of range.
at::Tensor gather_rows(const at::Tensor& x, const at::Tensor& rows);

}  // namespace graphsieve::ops
