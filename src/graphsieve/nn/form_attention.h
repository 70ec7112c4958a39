// SPDX-License-Identifier: Apache-2.0
// Attention whose logits have one of the forms of nn/attention_form.h: that of all networks but compressed ones.
#pragma once

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/attention_form.h"

namespace graphsieve::nn {

class FormAttentionImpl : public AttentionImpl {
 public:
  /// `value_scale`: where values have unit length, the number that they begin with.
  FormAttentionImpl(const AttentionForm& form, const AttentionShape& shape, double value_scale);
  LogitTables tables(double temperature) const override;
  at::Tensor key_value(const at::Tensor& h) const override;
  /// The scale of each edge type goes into a query map of its own; without scales there is one query map.
  void write_maps(LayerMaps& maps) const override;

 private:
  const AttentionForm form_;
  at::Tensor edge_type_;    ///< embedding of each edge type [types, width] ~ N(0, 1); undefined if types do not matter
  at::Tensor value_scale_;  ///< [1]; undefined unless values have unit length
  Linear scale_{nullptr}, bias_{nullptr};
};

}  // namespace graphsieve::nn
