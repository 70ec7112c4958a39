// The network that all four share: input layers, blocks, output layers.
//
//   h ← Norm(h + Drop(Attn(h)))        h ← Norm(h + FFN(h)),  FFN = Lin, ReLU, Drop, Lin, Drop
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve::nn {

enum class AttentionKind { kEstimator, kExphormer, kSpexphormer, kPlain };

struct TransformerShape {
  AttentionKind attention = AttentionKind::kSpexphormer;
  int64_t features = 0, classes = 0, edge_types = 3;
  int64_t width = 0, heads = 1, layers = 0, pre_layers = 0, output_layers = 1, ffn_width = 0;
  NormKind norm = NormKind::kBatch;
  double dropout = 0, clamp = 0, value_scale = 0;
};

/// The estimator and the network that a recipe describes.
TransformerShape estimator_shape(const Recipe& recipe, int64_t features, int64_t classes, int64_t edge_types);
TransformerShape network_shape(const Recipe& recipe, int64_t features, int64_t classes, int64_t edge_types);

class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(const TransformerShape& shape);
  /// h [sources, width] -> [destinations, width].
  at::Tensor forward(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options, uint64_t dropout_key);

 private:
  double dropout_;
  std::shared_ptr<AttentionImpl> attention_;
  Norm attention_norm_{nullptr}, ffn_norm_{nullptr};
  Linear ffn_in_{nullptr}, ffn_out_{nullptr};
};
TORCH_MODULE(Block);

class TransformerImpl : public torch::nn::Module {
 public:
  explicit TransformerImpl(const TransformerShape& shape);
  /// Logits [destinations of the last layer, classes].
  at::Tensor forward(const NetworkInput& input, const ForwardOptions& options);
  int64_t layers() const { return static_cast<int64_t>(blocks_.size()); }

 private:
  InputLayers input_{nullptr};
  std::vector<Block> blocks_;
  std::vector<Linear> output_;
};
TORCH_MODULE(Transformer);

}  // namespace graphsieve::nn
