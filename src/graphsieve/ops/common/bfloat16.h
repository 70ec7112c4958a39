// bfloat16 and float16 as kernels see them.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Storage of a bfloat16: the upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

/// Storage of an IEEE half; kernels of GPUs alone take it.
struct Float16 {
  uint16_t bits;
};

}  // namespace graphsieve::kernels
