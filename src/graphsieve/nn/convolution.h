// SPDX-License-Identifier: Apache-2.0
// The weights of a node's in-edges as in graph convolutions, in place of the attention of a network's own form
// (network.attention). With the values v = W h, and d the number of in-edges of a node:
//
//   mean   out_i = Σ_j v_j / d_i                                                GraphSAGE (Hamilton et al. 2017)
//   gcn    out_i = Σ_j v_j / √(d_i d_j)                                         GCN (Kipf and Welling 2017)
//   gat    out_i = Σ_j softmax_j( LeakyReLU(a·h_i + b·h_j) ) v_j   per head     GAT (Veličković et al. 2018)
//
// The edges' types have no influence. LeakyReLU has the slope 0.2.
#pragma once

#include <string>

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/attention_form.h"

namespace graphsieve::nn {

/// Returns the weights that a value of network.attention names: "model", "mean", "gcn" or "gat".
EdgeWeights edge_weights(const std::string& name);

/// The attention of a graph convolution.
class ConvolutionImpl : public AttentionImpl {
 public:
  /// `shape` has the widths of the values and of h; the width of queries and keys follows from `weights`.
  ConvolutionImpl(EdgeWeights weights, AttentionShape shape);
  LogitTables tables(double temperature) const override;
  at::Tensor key_value(const at::Tensor& h) const override;
  /// Throws Error: the logits are no bilinear forms.
  void write_maps(LayerMaps& maps) const override;

 protected:
  at::Tensor query(const at::Tensor& h) const override;
  at::Tensor finished(const at::Tensor& out, const at::Tensor& log_sum, const LayerEdges& layer) const override;

 private:
  const EdgeWeights weights_;
};

/// Returns the layer with edges that have the weights 1/√d_j of GCN, where d_j is the number of in-edges of source j in
/// this layer. Throws Error unless the layer's destinations are all of its `sources`.
LayerEdges with_degree_weights(const LayerEdges& layer, int64_t sources);

}  // namespace graphsieve::nn
