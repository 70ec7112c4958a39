// SPDX-License-Identifier: Apache-2.0
// How large a network's maps and vectors are: what the theory of compressibility assumes to be bounded
// (paper 003, §3: operator norms of the attention's and the FFN's maps, norms of the vectors they meet).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/nn/linear_maps.h"

namespace graphsieve {

/// Operator norms (largest singular values) of linear maps, by power iteration that goes on from where the last call
/// ended, so that following the norms over the epochs is cheap.
class OperatorNorms {
 public:
  /// Refers to the weights.
  explicit OperatorNorms(const std::vector<NamedMap>& maps);

  /// Name and norm of every map, in the order of the maps. Relative error about 1e-4 where the two largest singular
  /// values differ; never above the norm.
  std::vector<std::pair<std::string, double>> measure();

  /// Where the iterations stand, by map.
  std::vector<std::pair<std::string, at::Tensor>> state() const;

 private:
  struct Map {
    std::string name;
    at::Tensor weight;  ///< [out, in]
    at::Tensor vector;  ///< [in], the last singular vector
  };
  std::vector<Map> maps_;
};

/// Lengths of the rows of h [n, d].
struct VectorNorms {
  double mean = 0, most = 0;
};
VectorNorms vector_norms(const at::Tensor& h);

}  // namespace graphsieve
