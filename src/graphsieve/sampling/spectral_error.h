// How far a sampled attention matrix is from the whole one.
#pragma once

#include <functional>

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// ‖A − Â‖₂ / ‖A‖₂ by power iteration. A is the layer's attention [n, n], row i over i's in-edges; Â is the same on the
/// drawn edges alone, each row over its sum, as a softmax over them gives (an edge drawn twice counts twice).
/// Relative error of the norms about 1e-3. Holds references to what it is given.
class SpectralError {
 public:
  SpectralError(const ops::AttentionEdges& edges, const at::Tensor& scores);

  /// `draw` gives the drawn edges of some nodes, as draw_layer does, and is called for all of them, a block at a time.
  /// Beside them 4 bytes an edge and 72 a node are held.
  double of(const std::function<LayerSample(const at::Tensor& rows)>& draw) const;

 private:
  const ops::AttentionEdges& edges_;
  const at::Tensor& scores_;
  double norm_;  ///< ‖A‖₂
};

/// Of one draw for all nodes.
double spectral_error(const ops::AttentionEdges& edges, const at::Tensor& scores, const LayerSample& sample);

}  // namespace graphsieve
