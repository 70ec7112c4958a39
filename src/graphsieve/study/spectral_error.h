// How far a sampled attention matrix is from the whole one.
#pragma once

#include "graphsieve/sampling/epoch_sample.h"

namespace graphsieve {

/// ‖A − Â‖₂ / ‖A‖₂ by power iteration. A is the layer's attention [n, n], row i over i's in-edges; Â is the same on the
/// drawn edges alone, each row over its sum, as a softmax over them gives (an edge drawn twice counts twice).
/// Relative error of the norms about 1e-3.
double spectral_error(const ops::AttentionEdges& edges, const at::Tensor& scores, const LayerSample& sample);

}  // namespace graphsieve
