// The network that all four share: input layers, blocks, output layers.
//
//   h ← Norm(h + Drop(Attn(h)))        h ← Norm(h + FFN(h)),  FFN = Lin, ReLU, Drop, Lin, Drop
//
// A compressed network has maps where a wide one has none: on the skip paths (h ← Norm(S h + Drop(O Attn(h))), and
// likewise around the FFN), and from the input layers' width to its own.
#pragma once

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/nn/attention.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve::nn {

enum class AttentionKind { kEstimator, kExphormer, kSpexphormer, kPlain, kBilinear };

struct TransformerShape {
  AttentionKind attention = AttentionKind::kSpexphormer;
  int64_t features = 0, outputs = 0, edge_types = 3;  ///< outputs: columns of what the network gives
  int64_t width = 0, heads = 1, layers = 0, pre_layers = 0, output_layers = 1, ffn_width = 0;
  NormKind norm = NormKind::kBatch;
  double dropout = 0, clamp = 0, value_scale = 0;
  at::ScalarType rows = at::kFloat;        ///< of the blocks' products and attention; see keep_rows_in
  bool recompute = false;                  ///< the halves of a block are computed again in the backward pass (nn/recompute.h)
  int64_t key_width = 0, value_width = 0;  ///< over all heads; 0: width
  bool compressed = false;                 ///< maps on the skip paths
  int64_t outer_width = 0;                 ///< of the input's pre layers and between the output layers; 0: width
  int64_t query_maps = 1;                  ///< of bilinear attention: 1, or one for each edge type
  bool one_logit = false;                  ///< see OutputShape

  /// Number of outputs that the last layer computes.
  int64_t computed_outputs() const { return one_logit ? 1 : outputs; }
};

/// What a network gives per node.
struct OutputShape {
  int64_t columns = 0;
  bool one_logit = false;  ///< of two columns: the last layer computes the second one, the first is 0
};

/// What a data set asks of a network, whatever the network is.
struct NetworkInterface {
  int64_t features = 0;  ///< columns of the node features
  OutputShape output;
  int64_t edge_types = 3;  ///< types of the attention graph's edges
};

/// The shape of the estimator and of the wide network that a recipe describes. Throws Error on an unknown recipe.model.
TransformerShape estimator_shape(const Recipe& recipe, const NetworkInterface& interface);
TransformerShape network_shape(const Recipe& recipe, const NetworkInterface& interface);

class BlockImpl : public torch::nn::Module {
 public:
  explicit BlockImpl(const TransformerShape& shape);
  /// h [sources, width] -> [destinations, width].
  at::Tensor forward(const at::Tensor& h, const LayerEdges& layer, const ForwardOptions& options, uint64_t dropout_key);

  /// The same in evaluation mode without gradients, a block of destinations at a time; h is overwritten. Beside h, [sources,
  /// keys and values] is all that grows with the graph.
  at::Tensor infer(at::Tensor h, const LayerEdges& layer, const ForwardOptions& options);

  const AttentionImpl& attention() const { return *attention_; }
  void keep_rows_in(at::ScalarType type);

 private:
  at::Tensor after_attention(const at::Tensor& h, const at::Tensor& attended, double dropout, uint64_t dropout_key);
  at::Tensor feed_forward(const at::Tensor& h, double dropout, uint64_t dropout_key);

  double dropout_;
  bool recompute_;
  std::shared_ptr<AttentionImpl> attention_;
  Norm attention_norm_{nullptr}, ffn_norm_{nullptr};
  Linear ffn_in_{nullptr}, ffn_out_{nullptr};
  Linear attention_out_{nullptr}, attention_skip_{nullptr}, ffn_skip_{nullptr};  ///< of a compressed network
};
TORCH_MODULE(Block);

class TransformerImpl : public torch::nn::Module {
 public:
  explicit TransformerImpl(const TransformerShape& shape);
  /// Logits [destinations of the last layer, classes]. In evaluation mode without gradients the whole graph goes through a
  /// layer in blocks of destinations: with the same bits, and memory for h, keys and values alone.
  at::Tensor forward(const NetworkInput& input, const ForwardOptions& options);
  /// What the output layers take: [destinations of the last layer, width].
  at::Tensor hidden(const NetworkInput& input, const ForwardOptions& options);
  /// bfloat16: the operands of the blocks' products, and queries, keys and values, are rounded to it; sums, softmax, norms, h
  /// and the weights stay float32.
  void keep_rows_in(at::ScalarType type);
  /// The output layers.
  at::Tensor logits(at::Tensor hidden);
  int64_t layers() const { return static_cast<int64_t>(blocks_.size()); }
  const TransformerShape& shape() const { return shape_; }
  at::Device device() { return input_->project->weight.device(); }
  const std::vector<Block>& blocks() const { return blocks_; }
  InputLayers& input() { return input_; }

 private:
  bool by_blocks_fits(const NetworkInput& input, const ForwardOptions& options) const;

  const TransformerShape shape_;
  InputLayers input_{nullptr};
  std::vector<Block> blocks_;
  std::vector<Linear> output_;
};
TORCH_MODULE(Transformer);

/// Parameters and buffers by name.
std::vector<std::pair<std::string, at::Tensor>> state_of(const Transformer& network);

}  // namespace graphsieve::nn
