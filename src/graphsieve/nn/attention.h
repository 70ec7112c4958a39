// SPDX-License-Identifier: Apache-2.0
// The attention of one layer: linear maps of h give queries, keys and values, and ops/sparse_attention combines them
// over the layer's edges. The networks differ only in the form of the attention logits, which two small tables with one
// row per edge type describe.
#pragma once

#include <torch/nn/module.h>

#include <limits>
#include <memory>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/layers.h"

namespace graphsieve::nn {

/// The sizes of an attention.
struct AttentionShape {
  int64_t width = 0;  ///< width of the layer's input h
  int64_t heads = 1;
  int64_t key_width = 0;    ///< width of queries and keys over all heads; 0: no queries and keys
  int64_t value_width = 0;  ///< width of values over all heads
  int64_t edge_types = 3;
  double clamp = std::numeric_limits<double>::infinity();  ///< bound on the size of the logits; infinity: none
  bool bias = false;                                       ///< true: the maps to queries, keys and values have a bias
  int64_t query_maps = 1;     ///< number of maps side by side in the query, each with key_width output columns
  double negative_slope = 1;  ///< number that negative logits are multiplied by (ops/sparse_attention)
};

/// The tables of the logits by edge type (type_scale and type_bias of ops/sparse_attention).
struct LogitTables {
  at::Tensor scale, bias;  ///< [types, query_maps · key_width] and [types, heads]
};

/// The form in which a pass computes the attention.
enum class AttentionPass {
  kUsual,    ///< keys and values of the sources are computed (ops/sparse_attention)
  kAbsorbed  ///< the maps to keys and values are applied to the destinations instead (ops/absorbed_attention)
};

/// The base class of attentions. Subclasses define the form of the logits with `tables()` and `write_maps()`, and may
/// change what the queries, keys and values are.
class AttentionImpl : public torch::nn::Module {
 public:
  explicit AttentionImpl(const AttentionShape& shape);

  /// Returns the attention's output [destinations, value_width] for h of the destinations [destinations, width] and h
  /// of the sources [sources, width].
  at::Tensor forward(const at::Tensor& h_destinations, const at::Tensor& h_sources, const LayerEdges& layer,
                     const ForwardOptions& options);

  /// Returns the form in which a pass with the source rows h computes a layer with so many destinations. Both forms
  /// give the same result up to rounding. A training pass takes the form that costs less, and a pass in evaluation mode
  /// takes the absorbed form if the attention has one, whether it is for all nodes or for some, so that a node's output
  /// does not depend on the other nodes of the pass.
  AttentionPass pass_for(const at::Tensor& h, int64_t destinations, const ForwardOptions& options) const;

  /// Returns what the edges gather of the sources, for h [sources, width]: in the usual form the keys and values side
  /// by side, [sources, query_maps · key_width + value_width]; in the absorbed form h itself. Its type is that of the
  /// rows or, in evaluation mode, bfloat16 if evaluation holds h in bfloat16.
  at::Tensor source_rows(const at::Tensor& h, AttentionPass pass) const;

  /// Computes the rest of forward() from the result of source_rows(), and returns [destinations, value_width]. Also
  /// calls options.scores and fills options.pooled, if they are set.
  at::Tensor attend(const at::Tensor& h_destinations, const at::Tensor& source_rows, const LayerEdges& layer,
                    const ForwardOptions& options, AttentionPass pass);

  /// Sets the type of queries, keys and values, and of the attention's output.
  void keep_rows_in(at::ScalarType type);
  /// Sets the type in which evaluation holds h (TransformerShape::held).
  void hold_in(at::ScalarType type) { held_ = type; }

  /// Returns the tables of the logits. The temperature is the number that the logits are divided by; bilinear attention
  /// ignores it.
  virtual LogitTables tables(double temperature) const = 0;

  /// Writes the attention's part of a block's maps: query, key, value, type_bias and clamp. Throws Error if the logits
  /// are not bilinear forms of h, or if the values are not a linear map of h.
  virtual void write_maps(LayerMaps& maps) const = 0;
  /// Returns the weights of all linear maps: "query", "key" and "value", and the maps that make the logits' tables.
  std::vector<NamedMap> named_maps() const;

  const AttentionShape& shape() const { return shape_; }

 protected:
  /// Returns the keys and values of the sources side by side, [sources, query_maps · key_width + value_width], for h
  /// [sources, width].
  virtual at::Tensor key_value(const at::Tensor& h) const;
  /// True if the attention has an absorbed form: queries, keys and values are linear maps of h without bias.
  virtual bool absorbable() const { return false; }
  /// True if the product of query and key depends on the edge's type, so that the absorbed form has a query per type.
  virtual bool query_per_type() const { return false; }
  /// Returns the queries [n, query columns] for h [n, width].
  virtual at::Tensor query(const at::Tensor& h) const { return query_->forward(h); }
  /// Returns the attention's output for the result of ops::sparse_attention over the layer's edges.
  virtual at::Tensor finished(const at::Tensor& out, const at::Tensor& /*log_sum*/, const LayerEdges& /*layer*/) const {
    return out;
  }
  /// Writes key, value, type_bias and clamp, which have the same form in all networks.
  void write_keys_and_values(LayerMaps& maps) const;

  AttentionShape shape_;
  Linear query_{nullptr};      ///< empty if the attention has no queries
  Linear key_value_{nullptr};  ///< its weight has the keys' rows first, then the values'

 private:
  at::ScalarType held_ = at::kFloat;

  at::Tensor attend_usual(const at::Tensor& h_destinations, const at::Tensor& key_value, const LayerEdges& layer,
                          const ForwardOptions& options);
  at::Tensor attend_absorbed(const at::Tensor& h_destinations, const at::Tensor& rows, const LayerEdges& layer,
                             const ForwardOptions& options);
};

}  // namespace graphsieve::nn
