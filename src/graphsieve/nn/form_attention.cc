// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/form_attention.h"

#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/nn/small_linear.h"
#include "graphsieve/ops/unit_rows/unit_rows.h"

namespace graphsieve::nn {

using at::Tensor;

FormAttentionImpl::FormAttentionImpl(const AttentionForm& form, const AttentionShape& shape, double value_scale)
    : AttentionImpl(shape), form_(form) {
  if (form.typed() || form.type_bias)
    edge_type_ =
        register_parameter("edge_type", torch::empty({shape.edge_types, shape.width}, ParametersOn::options()));
  if (form.unit_values)
    value_scale_ = register_parameter("value_scale", torch::full({1}, value_scale, ParametersOn::options()));
  if (form.typed()) scale_ = register_module("edge_scale", Linear(shape.width, shape.key_width, false));
  if (form.type_bias) bias_ = register_module("edge_bias", Linear(shape.width, shape.heads, true));
}

LogitTables FormAttentionImpl::tables(double temperature) const {
  const int64_t types = shape_.edge_types, heads = shape_.heads, d = shape_.key_width / heads;
  const double divisor = (form_.root_width ? std::sqrt(static_cast<double>(d)) : 1) * temperature;
  const at::TensorOptions options = query_->weight.options();
  // The tables hold all factors besides the query and the key: type_scale is s_t / (√d τ), and type_bias is b_t / τ.
  LogitTables tables;
  if (!form_.typed()) {
    tables.scale = torch::full({types, shape_.key_width}, 1 / divisor, options);
  } else {
    tables.scale = small_linear(edge_type_, scale_->weight, {}, 1 / divisor);
    if (form_.scale == TypeScale::kSummed)
      tables.scale = tables.scale.view({types, heads, d})
                         .sum(2, true)
                         .expand({types, heads, d})
                         .reshape({types, shape_.key_width});
  }
  tables.bias = form_.type_bias ? small_linear(edge_type_, bias_->weight, bias_->bias, 1 / temperature)
                                : torch::zeros({types, heads}, options);
  return tables;
}

Tensor FormAttentionImpl::key_value(const Tensor& h) const {
  const Tensor kv = AttentionImpl::key_value(h);
  if (!form_.unit_values) return kv;
  // Each value vector is scaled to length 1, with kTiny as the smallest divisor, and multiplied by the learned number.
  return ops::unit_rows(kv, kTiny, shape_.key_width, value_scale_);
}

bool FormAttentionImpl::absorbable() const { return !shape_.bias && !form_.unit_values; }
bool FormAttentionImpl::query_per_type() const { return form_.typed(); }

void FormAttentionImpl::write_maps(LayerMaps& maps) const {
  if (form_.unit_values) throw Error("this attention's values have unit length, which is no linear map");
  write_keys_and_values(maps);
  // The query of type t is s_t ⊙ (W_Q h), so the scale multiplies the rows of the query's weight.
  const int64_t heads = shape_.heads, key = shape_.key_width / heads, count = form_.typed() ? shape_.edge_types : 1;
  const Tensor scale = tables(1).scale.detach().to(at::kDouble).narrow(0, 0, count).view({count, heads, key});
  const Tensor query = query_->affine().weight;
  maps.query = (scale.unsqueeze(3) * query.view({1, heads, key, shape_.width})).transpose(0, 1).contiguous();
  maps.query_bias = at::zeros({heads, count, key}, at::kDouble);
}

}  // namespace graphsieve::nn
