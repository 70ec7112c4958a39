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

#include "graphsieve/nn/forward_options.h"
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

/// The norms of the vectors that enter each layer, H(l), and of those between attention and FFN, H(l+1/2).
class LayerNorms {
 public:
  /// Makes each pass with these options note its norms here, in place of those of the pass before. The network has
  /// `layers` layers.
  void watch(ForwardOptions& options, int64_t layers);
  /// Returns the norms of H(l) by layer; empty before the pass.
  const std::vector<VectorNorms>& inputs() const { return inputs_; }
  /// Returns the norms of H(l+1/2) by layer; empty if no layer has such vectors.
  std::vector<VectorNorms> middles() const;

 private:
  struct Sum {
    double rows = 0, lengths = 0, most = 0;
  };
  void add_middle(const at::Tensor& piece);
  std::vector<VectorNorms> inputs_;
  std::vector<Sum> middles_;
};

}  // namespace graphsieve
