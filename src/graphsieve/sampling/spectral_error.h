// SPDX-License-Identifier: Apache-2.0
// The distance between a sampled attention matrix and the whole attention matrix.
#pragma once

#include <functional>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// The error ‖A − Â‖₂ / ‖A‖₂ of a draw, by power iteration. A is the layer's attention matrix [n, n]: row i holds the
/// scores of node i's in-edges. Â has only the scores of the drawn edges, with each row divided by its sum, as a
/// softmax over the drawn edges would give. An edge that was drawn twice counts twice, and weights of drawn edges
/// multiply their scores. The norms have a relative error of about 1e-3. The arguments of the constructor must outlive
/// the object.
class SpectralError {
 public:
  /// Takes a layer's edges and scores, and computes ‖A‖₂.
  SpectralError(const ops::AttentionEdges& edges, const at::Tensor& scores);

  /// Returns the error of a draw. `draw` must return the drawn edges of the nodes `rows`, as draw_layer does, and is
  /// called for one block of nodes after the other. Takes memory for the drawn edges, 4 bytes per edge and 72 bytes per
  /// node.
  /// `normalised` false: rows are not divided by their sums, so that the mean of Â over draws with importance weights
  /// is A.
  double of(const std::function<LayerSample(const at::Tensor& rows)>& draw, bool normalised = true) const;

 private:
  const ops::AttentionEdges edges_;
  const at::Tensor scores_;
  double norm_;  ///< ‖A‖₂
};

/// Returns the error of a sample that holds the drawn edges of all nodes.
double spectral_error(const ops::AttentionEdges& edges, const at::Tensor& scores, const LayerSample& sample,
                      bool normalised = true);

}  // namespace graphsieve
