// SPDX-License-Identifier: Apache-2.0
// The checks of arguments that the adapters of every device share.
#pragma once

#include <ATen/ATen.h>

#include <cmath>

namespace graphsieve::ops {

/// Returns the type of the sums: float64 for float64 rows, float32 for all others.
inline at::ScalarType attention_sum_type(const at::Tensor& rows) {
  return rows.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

/// Throws c10::Error if the shapes or types of the edges do not fit. `name` is the prefix of their names in messages.
inline void check_attention_edges(const char* name, const at::Tensor& row_start, const at::Tensor& index,
                                  const at::Tensor& type) {
  TORCH_CHECK(row_start.dim() == 1 && row_start.scalar_type() == at::kLong && row_start.sym_size(0) > 0,
              "sparse_attention: ", name, "row_start must be int64 [rows + 1], got ", row_start.scalar_type(), " ",
              row_start.sym_sizes());
  TORCH_CHECK(index.dim() == 1 && index.scalar_type() == at::kInt, "sparse_attention: ", name,
              "index must be int32 [edges], got ", index.scalar_type(), " ", index.sym_sizes());
  TORCH_CHECK(type.scalar_type() == at::kByte && type.sym_sizes().equals(index.sym_sizes()), "sparse_attention: ", name,
              "type must be uint8 ", index.sym_sizes(), " as the index is, got ", type.scalar_type(), " ",
              type.sym_sizes());
}

/// Features of edges as an operator is given them: all absent, or the first two, or all three.
struct GivenFeatures {
  const std::optional<at::Tensor>&rows, &row_of, &t_row_of;

  explicit operator bool() const { return rows.has_value(); }
  /// Returns the columns of the edge queries of all heads; 0 if edges have no features.
  c10::SymInt columns(int64_t heads) const { return rows ? rows->sym_size(1) * heads : c10::SymInt(0); }
};

/// Throws c10::Error if the shapes or types of the features do not fit.
inline void check_features(const GivenFeatures& features, const at::Tensor& query, const at::Tensor& index) {
  if (!features) {
    TORCH_CHECK(!features.row_of && !features.t_row_of, "sparse_attention: feature_row is given without features");
    return;
  }
  TORCH_CHECK(features.rows->dim() == 2 && features.rows->scalar_type() == query.scalar_type() &&
                  features.rows->sym_size(1) > 0,
              "sparse_attention: features must be ", query.scalar_type(), " [rows, columns] as query is, got ",
              features.rows->scalar_type(), " ", features.rows->sym_sizes());
  TORCH_CHECK(features.row_of, "sparse_attention: features are given without feature_row");
  for (const auto* row_of : {&features.row_of, &features.t_row_of})
    TORCH_CHECK(!*row_of || ((*row_of)->scalar_type() == at::kInt && (*row_of)->sym_sizes().equals(index.sym_sizes())),
                "sparse_attention: feature_row must be int32 ", index.sym_sizes(), " as the index is, got ",
                (*row_of)->scalar_type(), " ", (*row_of)->sym_sizes());
}

/// Throws c10::Error if the shape or type of any argument does not fit. `edge_columns`: columns of `query` that are
/// edge queries. `half`: rows may be float16 (on GPUs).
inline void check_attention(const at::Tensor& query, const at::Tensor& key_value, const at::Tensor& row_start,
                            const at::Tensor& index, const at::Tensor& type, const at::Tensor& type_scale,
                            const at::Tensor& type_bias, int64_t heads, double clamp,
                            const c10::SymInt& edge_columns = 0, bool half = false) {
  const auto rows = query.scalar_type();
  TORCH_CHECK(rows == at::kFloat || rows == at::kBFloat16 || rows == at::kDouble || (half && rows == at::kHalf),
              "sparse_attention: query must be float32, bfloat16", half ? ", float16 (on a GPU)" : "",
              " or float64, got ", rows);
  TORCH_CHECK(query.dim() == 2 && key_value.dim() == 2 && key_value.scalar_type() == rows,
              "sparse_attention: query and key_value must be matrices of one type, got ", rows, " ", query.sym_sizes(),
              " and ", key_value.scalar_type(), " ", key_value.sym_sizes());
  const c10::SymInt keys = query.sym_size(1) - edge_columns, values = key_value.sym_size(1) - keys;
  TORCH_CHECK(heads > 0 && keys % heads == 0 && values % heads == 0 && keys > 0 && values > 0,
              "sparse_attention: widths of keys (", keys, ") and values (", values,
              ") must be positive multiples of the ", heads, " heads");
  check_attention_edges("", row_start, index, type);
  TORCH_CHECK(row_start.sym_size(0) == query.sym_size(0) + 1, "sparse_attention: row_start must have ",
              query.sym_size(0) + 1, " entries, one more than query has rows, got ", row_start.sym_size(0));
  TORCH_CHECK(
      type_scale.dim() == 2 && type_scale.scalar_type() == attention_sum_type(query) && type_scale.sym_size(1) == keys,
      "sparse_attention: type_scale must be ", attention_sum_type(query), " [types, ", keys, "], got ",
      type_scale.scalar_type(), " ", type_scale.sym_sizes());
  TORCH_CHECK(type_bias.dim() == 2 && type_bias.scalar_type() == attention_sum_type(query) &&
                  type_bias.sym_size(1) == heads && type_bias.sym_size(0) == type_scale.sym_size(0),
              "sparse_attention: type_bias must be ", attention_sum_type(query), " [", type_scale.sym_size(0), ", ",
              heads, "], got ", type_bias.scalar_type(), " ", type_bias.sym_sizes());
  TORCH_CHECK(clamp > 0, "sparse_attention: clamp must be positive, got ", clamp);
}

/// Throws c10::Error if the weights of the edges, if there are any, are not float32 [edges].
inline void check_log_weight(const std::optional<at::Tensor>& log_weight, const at::Tensor& index) {
  TORCH_CHECK(
      !log_weight || (log_weight->scalar_type() == at::kFloat && log_weight->sym_sizes().equals(index.sym_sizes())),
      "sparse_attention: log_weight must be float32 ", index.sym_sizes(), " as the index is, got ",
      log_weight->scalar_type(), " ", log_weight->sym_sizes());
}

/// Throws c10::Error if the slope of negative logits is not a finite number above 0.
inline void check_negative_slope(double slope) {
  TORCH_CHECK(slope > 0 && std::isfinite(slope), "sparse_attention: negative_slope must be above 0, got ", slope);
}

/// Returns the matrix with contiguous rows. A view with a larger row stride is used without a copy.
inline at::Tensor with_contiguous_rows(const at::Tensor& t) {
  return t.size(1) == 1 || t.stride(1) == 1 ? t : t.contiguous();
}

}  // namespace graphsieve::ops
