// bfloat16 as kernels see it.
#pragma once

#include <cstdint>

namespace graphsieve::kernels {

/// Storage of a bfloat16: the upper half of a float.
struct BFloat16 {
  uint16_t bits;
};

}  // namespace graphsieve::kernels
