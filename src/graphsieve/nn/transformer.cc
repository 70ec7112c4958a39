// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/nn/transformer.h"

#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/nn/convolution.h"
#include "graphsieve/ops/dropout_add/dropout_add.h"
#include "graphsieve/ops/relu_dropout/relu_dropout.h"

namespace graphsieve::nn {

using at::Tensor;

TransformerImpl::TransformerImpl(const TransformerShape& s) : shape_(s) {
  // The pre layers of a compressed network have the outer width, and a reduction to the network's width follows.
  // Without pre layers, the first map goes to the width of the first block's input directly.
  const int64_t outer = or_else(s.outer_width, s.width), entry = or_else(s.first_width, s.width);
  const bool reduces = s.compressed && s.pre_layers > 0;
  const int64_t first = s.compressed && !reduces ? entry : outer;
  input_ = register_module("input", InputLayers(s.features, s.label_columns, first, s.pre_layers, reduces ? entry : 0));
  TransformerShape of_block = s;
  for (int64_t l = 0; l < s.layers; ++l) {
    blocks_.push_back(register_module(str("layer_", l), make_block(of_block)));
    of_block.first_width = 0;  // only the first block's input has a width of its own
  }
  for (int64_t l = 0; l < s.output_layers; ++l)
    output_.push_back(register_module(
        str("output_", l),
        Linear(l == 0 ? s.width : outer, l + 1 < s.output_layers ? outer : s.computed_outputs(), true)));
  keep_rows_in(s.rows);
}

void TransformerImpl::keep_rows_in(at::ScalarType type) {
  for (Block& block : blocks_) block->keep_rows_in(type);
}

bool TransformerImpl::by_blocks_fits(const NetworkInput& input, const ForwardOptions& options) const {
  return !is_training() && !torch::GradMode::is_enabled() && shape_.norm != NormKind::kGraph && !input.rows.defined() &&
         !options.pool;
}

Tensor TransformerImpl::hidden(const NetworkInput& input, const ForwardOptions& options) {
  return pass(input, options, nullptr);
}

void TransformerImpl::each_hidden(const NetworkInput& input, const ForwardOptions& options, const TakeRows& take) {
  const Tensor all = pass(input, options, &take);
  if (all.defined())
    each_block(all.size(0), [&](int64_t begin, int64_t end) { return all.narrow(0, begin, end - begin); }, take);
}

Tensor TransformerImpl::pass(const NetworkInput& input, const ForwardOptions& options, const TakeRows* take) {
  if (input.layers.size() != blocks_.size())
    throw Error("the input has edges for ", input.layers.size(), " layers, the network has ", blocks_.size());
  const auto look = [&](const Tensor& h, int64_t part) {
    if (options.on_part) options.on_part(part, h);
  };
  // In evaluation mode, infer() goes through a layer in blocks of rows; otherwise a layer takes all rows at once. Both
  // round h to the same type between the layers of an evaluation, so that both give the same bits.
  const bool blocks = by_blocks_fits(input, options);
  const at::ScalarType held = is_training() ? at::kFloat : shape_.held;
  const auto rounded = [&](const Tensor& h) { return as_computed(as_held(h, held)); };
  Tensor h = blocks ? input_->infer(input, held) : rounded(input_(input));
  if (is_training() && shape_.input_dropout > 0)
    h = ops::dropout_add(h, std::nullopt, shape_.input_dropout,
                         static_cast<int64_t>(random_key(options.dropout_key, blocks_.size())));
  look(h, 0);
  // With GCN's weights of edges, which layers with the same edges share, or with edges that are made on demand.
  std::optional<LayerEdges> weighted;
  const auto edges_of = [&](size_t l) -> const LayerEdges& {
    if (!blocks && input.layers[l].on_demand) return weighted.emplace(all_edges(input.layers[l]));
    if (shape_.edge_weights != EdgeWeights::kGcn) return input.layers[l];
    if (l == 0 || !input.layers[l].edges.index.is_same(input.layers[l - 1].edges.index))
      weighted = with_degree_weights(input.layers[l], h.size(0));
    return *weighted;
  };
  for (size_t l = 0; l < blocks_.size(); ++l) {
    const LayerEdges& layer = edges_of(l);
    const bool last = l + 1 == blocks_.size();
    if (last && blocks && take) {
      blocks_[l]->each_inferred(h, layer, options, *take);
      return {};
    }
    if (blocks) {
      h = blocks_[l]->infer(h, layer, options, last ? at::kFloat : held);
    } else {
      h = blocks_[l](h, layer, options, random_key(options.dropout_key, l));
      if (!last) h = rounded(h);
    }
    if (!last || !take) look(h, static_cast<int64_t>(l) + 1);
  }
  return h;
}

Tensor TransformerImpl::forward(const NetworkInput& input, const ForwardOptions& options) {
  Tensor h = hidden(input, options);
  h = by_blocks_fits(input, options)
          ? by_blocks(h.size(0), [&](int64_t begin, int64_t end) { return logits(h.narrow(0, begin, end - begin)); })
          : logits(h);
  if (options.on_part) options.on_part(layers() + 1, h);
  return h;
}

Tensor TransformerImpl::logits(Tensor h) {
  for (size_t l = 0; l < output_.size(); ++l) {
    if (l > 0) h = ops::relu_dropout(h, 0, 0);
    h = output_[l](h);
  }
  // With one logit, the output is that of the second class, and a column of zeros is added for the first.
  return shape_.one_logit ? torch::constant_pad_nd(h, {1, 0}) : h;
}

std::vector<NamedMap> TransformerImpl::named_maps() const {
  std::vector<NamedMap> maps;
  const auto add = [&maps](const std::string& of, const std::vector<NamedMap>& found) {
    for (const NamedMap& map : found) maps.push_back({of + "." + map.name, map.weight});
  };
  add("input", linear_maps_in(*input_));
  for (size_t l = 0; l < blocks_.size(); ++l) add(str("layer_", l), blocks_[l]->named_maps());
  for (size_t l = 0; l < output_.size(); ++l) maps.push_back({str("output_", l), output_[l]->weight.detach()});
  return maps;
}

std::vector<std::pair<std::string, Tensor>> state_of(const Transformer& network) {
  std::vector<std::pair<std::string, Tensor>> all;
  for (const auto& p : network->named_parameters()) all.emplace_back(p.key(), p.value());
  for (const auto& b : network->named_buffers()) all.emplace_back(b.key(), b.value());
  return all;
}

}  // namespace graphsieve::nn
