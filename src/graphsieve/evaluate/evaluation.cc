#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/nn/forward_options.h"

#include <torch/torch.h>

#include <algorithm>

namespace graphsieve {
namespace {

using at::Tensor;

/// A view of the ids.
Tensor tensor_over(const std::vector<int32_t>& nodes) {
  return at::from_blob(const_cast<int32_t*>(nodes.data()), {static_cast<int64_t>(nodes.size())}, at::kInt);
}

Tensor tensor_over(Probabilities& p) {
  return at::from_blob(p.value.data(), {static_cast<int64_t>(p.value.size()) / p.classes, p.classes}, at::kFloat);
}

/// Without values yet.
Probabilities rows_for(const std::vector<int32_t>& nodes, const Labels& labels) {
  Probabilities p{labels.classes, {}, {}};
  p.value.resize(nodes.size() * static_cast<size_t>(labels.classes));
  p.row_of_node.assign(static_cast<size_t>(labels.nodes()), -1);
  for (size_t i = 0; i < nodes.size(); ++i) p.row_of_node[nodes[i]] = static_cast<int32_t>(i);
  return p;
}

void write_probabilities(const Tensor& logits, const Labels& labels, int64_t first, Tensor& to) {
  to.narrow(0, first, logits.size(0)).copy_(labels.multi_label() ? logits.sigmoid() : logits.softmax(1));
}

/// Calls part(begin, count) for pieces of `size` of 0 … n.
void each_piece(int64_t n, int64_t size, const std::function<void(int64_t, int64_t)>& part) {
  for (int64_t begin = 0; begin < n; begin += size) part(begin, std::min(size, n - begin));
}

}  // namespace

Probabilities probabilities(const Tensor& logits, const Labels& labels) {
  const torch::NoGradGuard no_grad;
  Probabilities p{logits.size(1), {}, {}};
  p.value.resize(logits.numel());
  Tensor all = tensor_over(p);
  each_piece(logits.size(0), nn::kInferenceRows, [&](int64_t begin, int64_t count) {
    write_probabilities(logits.narrow(0, begin, count), labels, begin, all);
  });
  return p;
}

Probabilities node_probabilities(nn::Transformer& network, const Tensor& hidden, const std::vector<int32_t>& nodes,
                                 const Labels& labels) {
  const torch::NoGradGuard no_grad;
  Probabilities p = rows_for(nodes, labels);
  Tensor all = tensor_over(p);
  const Tensor ids = tensor_over(nodes).to(hidden.device());
  each_piece(ids.size(0), nn::kInferenceRows, [&](int64_t begin, int64_t count) {
    write_probabilities(network->logits(hidden.index_select(0, ids.narrow(0, begin, count))), labels, begin, all);
  });
  return p;
}

Probabilities node_probabilities(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                                 const std::vector<int32_t>& nodes, const Labels& labels) {
  const torch::NoGradGuard no_grad;
  network->eval();
  if (graph.nodes_per_list == 0) return node_probabilities(network, network->hidden(graph.whole(), options), nodes, labels);
  Probabilities p = rows_for(nodes, labels);
  Tensor all = tensor_over(p);
  const std::vector<Tensor> pieces = tensor_over(nodes).to(network->device()).split(graph.nodes_per_list);
  ForwardOptions once = options;
  int64_t done = 0;
  each_piece(static_cast<int64_t>(pieces.size()), graph.lists_per_call, [&](int64_t begin, int64_t count) {
    for (NetworkInput& input : graph.neighbourhoods(std::span(pieces).subspan(begin, count))) {
      const Tensor logits = network(input, once);
      write_probabilities(logits, labels, done, all);
      done += logits.size(0);
      once.on_part = nullptr;  // the first piece stands for all
    }
  });
  return p;
}

}  // namespace graphsieve
