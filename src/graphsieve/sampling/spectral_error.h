// SPDX-License-Identifier: Apache-2.0
// How far a sampled attention matrix is from the whole one.
#pragma once

#include <functional>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// The error ‖A − Â‖₂ / ‖A‖₂ of a draw, by power iteration. A is the layer's attention matrix [n, n]: row i holds the
/// scores of node i's in-edges. Â has the drawn edges alone, and each row is divided by its sum, as a softmax over the
/// drawn edges would give; an edge that was drawn twice counts twice. The norms have a relative error of about 1e-3.
/// The arguments of the constructor must outlive the object.
class SpectralError {
 public:
  SpectralError(const ops::AttentionEdges& edges, const at::Tensor& scores);

  /// `draw` returns the drawn edges of some nodes, as draw_layer does; it is called for all nodes, one block after the
  /// other. Memory: the drawn edges, and beside them 4 bytes per edge and 72 per node.
  double of(const std::function<LayerSample(const at::Tensor& rows)>& draw) const;

 private:
  const ops::AttentionEdges edges_;
  const at::Tensor scores_;
  double norm_;  ///< ‖A‖₂
};

/// The error of one draw for all nodes.
double spectral_error(const ops::AttentionEdges& edges, const at::Tensor& scores, const LayerSample& sample);

}  // namespace graphsieve
