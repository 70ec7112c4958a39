// SPDX-License-Identifier: Apache-2.0
// The norms of a network's maps and vectors, which the theory of compressibility assumes to be bounded: operator norms
// of the maps of attention and FFN, and norms of the vectors that enter the maps ("A Theory for Compressibility of
// Graph Transformers for Transductive Learning", §3).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/nn/linear_maps.h"

namespace graphsieve {

/// The operator norms (largest singular values) of linear maps, by power iteration. Each measurement continues the
/// iteration of the measurement before, so that following the norms over the epochs is cheap.
class OperatorNorms {
 public:
  /// Keeps references to the weights, and copies none.
  explicit OperatorNorms(const std::vector<NamedMap>& maps);

  /// Returns the name and norm of every map, in the order of the maps. The relative error is about 1e-4 if the two
  /// largest singular values differ. The result is never above the true norm.
  std::vector<std::pair<std::string, double>> measure();

  /// Returns the name of every map and the current vector of its iteration.
  std::vector<std::pair<std::string, at::Tensor>> state() const;

 private:
  struct Map {
    std::string name;
    at::Tensor weight;  ///< [out, in]
    at::Tensor vector;  ///< [in], estimate of the right singular vector after the last measurement
  };
  std::vector<Map> maps_;
};

/// The mean and the largest length of the rows of a matrix.
struct VectorNorms {
  double mean = 0, most = 0;
};

/// Returns the norms of the rows of h [n, d]; zeros if there are no rows.
VectorNorms vector_norms(const at::Tensor& h);

/// The norms of the vectors between attention and FFN of each layer, H(l+1/2), from one pass of a network.
class MiddleNorms {
 public:
  /// Notes a piece of the vectors of `layer` (ForwardOptions::on_middle).
  void add(int64_t layer, const at::Tensor& piece);
  /// Returns the norms by layer; empty if no layer has such vectors.
  std::vector<VectorNorms> by_layer() const;

 private:
  struct Sum {
    double rows = 0, lengths = 0, most = 0;
  };
  std::vector<Sum> layers_;
};

}  // namespace graphsieve
