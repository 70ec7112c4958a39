// SPDX-License-Identifier: Apache-2.0
// One layer's attention: queries, keys and values of h, over the layer's edges. What differs between the
// networks is the form of the logits, two small tables by edge type (ops/sparse_attention).
#pragma once

#include <torch/nn/module.h>

#include <limits>
#include <memory>
#include <vector>

#include "graphsieve/inputs/network_input.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/layers.h"

namespace graphsieve::nn {

struct AttentionShape {
  int64_t width = 0;  ///< of h
  int64_t heads = 1;
  int64_t key_width = 0;    ///< of queries and keys, over all heads
  int64_t value_width = 0;  ///< over all heads
  int64_t edge_types = 3;
  double clamp = std::numeric_limits<double>::infinity();
  bool bias = false;       ///< queries, keys and values have one
  int64_t query_maps = 1;  ///< maps side by side in the query, each key_width wide
};

/// The tables of the logits: type_scale [types, key_width], type_bias [types, heads].
struct LogitTables {
  at::Tensor scale, bias;
};

class AttentionImpl : public torch::nn::Module {
 public:
  explicit AttentionImpl(const AttentionShape& shape);

  /// h [sources, width] -> [destinations, value_width].
  at::Tensor forward(const at::Tensor& h_destinations, const at::Tensor& h_sources, const LayerEdges& layer,
                     const ForwardOptions& options);

  /// Keys and values of the sources side by side.
  virtual at::Tensor key_value(const at::Tensor& h) const;

  /// The rest of forward: key_value [sources, …] -> [destinations, value_width].
  at::Tensor attend(const at::Tensor& h_destinations, const at::Tensor& key_value, const LayerEdges& layer,
                    const ForwardOptions& options);

  /// The type of queries, keys and values, and of what comes out.
  void keep_rows_in(at::ScalarType type) { query_->rows = key_value_->rows = type; }

  virtual LogitTables tables(double temperature) const = 0;

  /// Writes the attention's part of a block's maps (query, key, value, type_bias, clamp). Throws Error where the logits
  /// are no bilinear forms of h, or the values no linear map of it.
  virtual void write_maps(LayerMaps& maps) const = 0;
  /// The weights of all linear maps: "query", "key", "value", and those of the logits' tables.
  std::vector<NamedMap> named_maps() const;

  const AttentionShape& shape() const { return shape_; }

 protected:
  /// Writes keys, values, type_bias and clamp, which have one form in all networks.
  void write_keys_and_values(LayerMaps& maps) const;

  AttentionShape shape_;
  Linear query_{nullptr}, key_value_{nullptr};  ///< key_value's weight: keys' rows, then values' rows
};

}  // namespace graphsieve::nn
