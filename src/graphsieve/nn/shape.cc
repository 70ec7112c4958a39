// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/shape.h"

#include "graphsieve/nn/convolution.h"
#include "graphsieve/nn/networks.h"

namespace graphsieve::nn {
namespace {

/// Returns a shape with the sizes that the data set prescribes.
TransformerShape shape_for(const NetworkInterface& interface) {
  TransformerShape shape;
  shape.features = interface.features;
  shape.outputs = interface.output.columns;
  shape.one_logit = interface.output.one_logit;
  shape.edge_types = interface.edge_types;
  shape.label_columns = interface.label_columns;
  return shape;
}

}  // namespace

TransformerShape estimator_shape(const Recipe& recipe, const NetworkInterface& interface) {
  const EstimatorRecipe& e = recipe.estimator;
  TransformerShape shape = shape_for(interface);
  shape.network = "estimator";
  shape.width = e.width, shape.layers = e.layers, shape.pre_layers = e.pre_layers;
  shape.ffn_width = 2 * e.width;
  shape.norm = norm_kind(e.norm);
  shape.clamp = e.clamp, shape.value_scale = e.value_scale;
  shape.recompute = e.recompute;
  return shape;
}

TransformerShape network_shape(const Recipe& recipe, const NetworkInterface& interface) {
  const NetworkRecipe& n = recipe.network;
  const Model& model = model_of(recipe.model);
  TransformerShape shape = shape_for(interface);
  shape.network = model.name;
  shape.width = n.width, shape.heads = n.heads, shape.layers = n.layers, shape.pre_layers = n.pre_layers;
  shape.output_layers = n.output_layers;
  shape.ffn_width = or_else(n.ffn_width, model.ffn_factor * n.width);
  shape.norm = norm_kind(n.norm);
  shape.dropout = n.dropout, shape.input_dropout = n.input_dropout;
  shape.edge_weights = edge_weights(n.attention);
  shape.skip = n.skip == "linear" ? Skip::kLinear : n.skip == "none" ? Skip::kNone : Skip::kIdentity;
  shape.relu = n.activation == "relu", shape.ffn = n.ffn;
  shape.scaled_logits = n.scaled_logits;
  shape.clamp = n.clamp > 0 ? n.clamp : model.clamp;
  shape.recompute = n.recompute;
  if (n.precision == "bfloat16") shape.rows = at::kBFloat16;
  if (n.eval_precision == "bfloat16") shape.held = at::kBFloat16;
  shape.key_width = n.key_width, shape.value_width = n.value_width, shape.outer_width = n.outer_width;
  shape.first_width = n.first_width;
  // The forms bilinear and compressed have bilinear logits, with a query map per edge type if the network's own logits
  // depend on the type. The compressed form also has maps on the residual paths.
  if (n.form == "standard") return shape;
  shape.bilinear = true;
  shape.compressed = n.form == "compressed";
  shape.query_maps = network_kind(model.name).form.typed() ? interface.edge_types : 1;
  return shape;
}

}  // namespace graphsieve::nn
