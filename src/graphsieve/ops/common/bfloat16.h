// SPDX-License-Identifier: Apache-2.0
// bfloat16 and float16 as the kernels store them.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Storage of a bfloat16: the upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

/// Storage of an IEEE binary16. Only the kernels for GPUs accept it.
struct Float16 {
  uint16_t bits;
};

}  // namespace graphsieve::kernels
