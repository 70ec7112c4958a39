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

/// The base class of attentions. Subclasses define the form of the logits with `tables()` and `write_maps()`, and may
/// change what the queries, keys and values are.
class AttentionImpl : public torch::nn::Module {
 public:
  explicit AttentionImpl(const AttentionShape& shape);

  /// Returns the attention's output [destinations, value_width] for h of the destinations [destinations, width] and h
  /// of the sources [sources, width].
  at::Tensor forward(const at::Tensor& h_destinations, const at::Tensor& h_sources, const LayerEdges& layer,
                     const ForwardOptions& options);

  /// Returns the keys and values of the sources side by side, [sources, query_maps · key_width + value_width], for h
  /// [sources, width].
  virtual at::Tensor key_value(const at::Tensor& h) const;

  /// Computes the rest of forward() from the sources' keys and values (the result of key_value()), and returns
  /// [destinations, value_width]. Also calls options.scores and fills options.pooled, if they are set.
  at::Tensor attend(const at::Tensor& h_destinations, const at::Tensor& key_value, const LayerEdges& layer,
                    const ForwardOptions& options);

  /// Sets the type of queries, keys and values, and of the attention's output.
  void keep_rows_in(at::ScalarType type);

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
};

}  // namespace graphsieve::nn
