// SPDX-License-Identifier: Apache-2.0
// The edges of a call on the CPU, by destination and by source, as the kernels take them.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

#include "graphsieve/ops/sparse_attention/sparse_attention.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_checks.h"
#include "graphsieve/ops/sparse_attention/sparse_attention_kernel.h"

namespace graphsieve::ops {

/// Returns the arrays of contiguous tensors. An undefined log_weight stands for no weights, an undefined feature_row
/// for no features.
inline kernels::TypedEdges typed_edges(const at::Tensor& row_start, const at::Tensor& index, const at::Tensor& type,
                                       const at::Tensor& log_weight, const at::Tensor& feature_row = {}) {
  return {row_start.size(0) - 1,
          row_start.const_data_ptr<int64_t>(),
          index.const_data_ptr<int32_t>(),
          type.const_data_ptr<uint8_t>(),
          log_weight.defined() ? log_weight.const_data_ptr<float>() : nullptr,
          feature_row.defined() ? feature_row.const_data_ptr<int32_t>() : nullptr};
}

/// Throws c10::Error if there is no transpose and the graph is not square, so that it cannot be its own transpose.
inline void check_square_without_transpose(const std::optional<at::Tensor>& t_row_start, int64_t destinations,
                                           int64_t sources) {
  TORCH_CHECK(t_row_start.has_value() || destinations == sources,
              "sparse_attention_backward: without a transpose the graph must be square, got ", destinations,
              " destinations and ", sources, " sources");
}

/// Returns the logarithms of the weights in the order of the edges by source. Within a source, these are ordered by
/// destination, or by type and then destination. Throws c10::Error if the two lists do not have the same edges.
inline at::Tensor by_source_order(const kernels::TypedEdges& by_destination, const kernels::TypedEdges& by_source) {
  struct Edge {
    int32_t destination;
    uint8_t type;
    float log_weight;
    bool operator==(const Edge& other) const { return destination == other.destination && type == other.type; }
  };
  // A counting sort, which keeps the order of the destinations.
  std::vector<int64_t> next(by_source.row_start, by_source.row_start + by_source.rows);
  std::vector<Edge> edges(static_cast<size_t>(by_source.row_start[by_source.rows]));
  for (int64_t i = 0; i < by_destination.rows; ++i)
    for (int64_t e = by_destination.row_start[i]; e < by_destination.row_start[i + 1]; ++e) {
      int64_t& to = next[by_destination.index[e]];
      TORCH_CHECK(to < by_source.row_start[by_destination.index[e] + 1],
                  "sparse_attention_backward: the transpose has fewer edges of source ", by_destination.index[e]);
      edges[to++] = {static_cast<int32_t>(i), by_destination.type[e], by_destination.log_weight[e]};
    }
  at::Tensor weights = at::empty({static_cast<int64_t>(edges.size())}, at::kFloat);
  float* to = weights.mutable_data_ptr<float>();
  for (int64_t j = 0; j < by_source.rows; ++j) {
    const int64_t begin = by_source.row_start[j], end = by_source.row_start[j + 1];
    const auto listed = [&] {
      for (int64_t e = begin; e < end; ++e)
        if (!(edges[e] == Edge{by_source.index[e], by_source.type[e], 0})) return false;
      return true;
    };
    if (!listed())
      std::stable_sort(edges.begin() + begin, edges.begin() + end,
                       [](const Edge& a, const Edge& b) { return a.type < b.type; });
    TORCH_CHECK(listed(), "sparse_attention_backward: the transpose has other edges of source ", j);
    for (int64_t e = begin; e < end; ++e) to[e] = edges[e].log_weight;
  }
  return weights;
}

/// The edges by source. A symmetric graph, which has no tensors for them, is its own transpose: its edges by
/// destination serve as its edges by source.
class EdgesBySource {
 public:
  /// Throws c10::Error if the edges by source do not fit `sources` or the edges by destination. The log_weight and the
  /// features of `t` are not used.
  EdgesBySource(const kernels::TypedEdges& by_destination, const AttentionEdges& t, int64_t sources)
      : start_(t.t_row_start ? t.t_row_start->contiguous() : t.row_start),
        other_(t.t_index ? t.t_index->contiguous() : t.index),
        type_(t.t_type ? t.t_type->contiguous() : t.type),
        feature_row_(t.t_feature_row ? t.t_feature_row->contiguous() : t.feature_row.value_or(at::Tensor())) {
    check_attention_edges("t_", start_, other_, type_);
    TORCH_CHECK(start_.size(0) == sources + 1 && other_.size(0) == t.index.size(0),
                "sparse_attention_backward: t_row_start must have ", sources + 1, " entries and t_index ",
                t.index.size(0), ", got ", start_.size(0), " and ", other_.size(0));
    TORCH_CHECK(!t.feature_row || t.t_feature_row.has_value() || !t.t_row_start,
                "sparse_attention_backward: edges by source are given without t_feature_row");
    if (by_destination.log_weight) log_weight_ = by_source_order(by_destination, edges());
  }

  kernels::TypedEdges edges() const { return typed_edges(start_, other_, type_, log_weight_, feature_row_); }

 private:
  at::Tensor start_, other_, type_, feature_row_, log_weight_;
};

}  // namespace graphsieve::ops
