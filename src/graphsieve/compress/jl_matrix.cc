// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/jl_matrix.h"

#include <ATen/ATen.h>

#include <cmath>

#include "graphsieve/base/random.h"

namespace graphsieve {

at::Tensor jl_matrix(int64_t d, int64_t from, bool sign, uint64_t key) {
  at::Tensor m = at::empty({d, from}, at::kDouble);
  double* to = m.mutable_data_ptr<double>();
  for (int64_t i = 0; i < m.numel(); ++i) {
    if (sign) {
      const double u = uniform(random_key(key, i));
      to[i] = u < 1.0 / 6 ? std::sqrt(3.0) : u < 2.0 / 6 ? -std::sqrt(3.0) : 0;
    } else {
      to[i] = normal(key, i);
    }
  }
  return m / std::sqrt(static_cast<double>(d));
}

}  // namespace graphsieve
