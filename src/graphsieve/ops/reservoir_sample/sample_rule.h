// SPDX-License-Identifier: Apache-2.0
// The rule by which in-edges are drawn.
#pragma once

namespace graphsieve::kernels {

/// By weighted reservoir sampling, uniformly, or the edges of the largest weights.
enum class SampleRule : int { kWeighted = 0, kUniform = 1, kLargest = 2 };

}  // namespace graphsieve::kernels
