// SPDX-License-Identifier: Apache-2.0
// The attention whose logits have one of the forms of nn/attention_form.h. All networks use it unless they are in
// bilinear or compressed form (nn/bilinear.h).
#pragma once

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/attention_form.h"

namespace graphsieve::nn {

/// The attention with an AttentionForm.
class FormAttentionImpl : public AttentionImpl {
 public:
  /// `value_scale`: if the form has unit_values, the initial value of the learned number that scales the values.
  FormAttentionImpl(const AttentionForm& form, const AttentionShape& shape, double value_scale);
  LogitTables tables(double temperature) const override;
  at::Tensor key_value(const at::Tensor& h) const override;
  /// Writes one query map per edge type, which contains the scale of the type; a form without scales has one query map.
  /// Throws Error if the form has unit_values.
  void write_maps(LayerMaps& maps) const override;

 protected:
  bool absorbable() const override;
  bool query_per_type() const override;

 private:
  const AttentionForm form_;
  at::Tensor edge_type_;    ///< embeddings of edge types [types, width] ~ N(0, 1); undefined if logits ignore types
  at::Tensor value_scale_;  ///< [1], learned scale of the values; undefined unless the form has unit_values
  Linear scale_{nullptr}, bias_{nullptr};  ///< maps from an embedding to s_t and b_t; empty if the form has none
};

}  // namespace graphsieve::nn
