// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/nn/forward_options.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace graphsieve {
namespace {

using at::Tensor;

/// Returns a tensor over the memory of the ids.
Tensor tensor_over(const std::vector<int32_t>& nodes) {
  return at::from_blob(const_cast<int32_t*>(nodes.data()), {static_cast<int64_t>(nodes.size())}, at::kInt);
}

/// Returns a tensor [rows, columns] over the memory of the predictions.
Tensor tensor_over(Predictions& p) {
  return at::from_blob(p.value.data(), {static_cast<int64_t>(p.value.size()) / p.columns, p.columns}, at::kFloat);
}

constexpr int64_t kVectorRows = 64;  // torch's vectors divide this number of rows

/// Returns the predictions that follow from outputs. torch computes what is left after the last whole vector by other
/// code, whose last bits differ. The outputs are padded to whole vectors, so that a node's predictions do not depend on
/// its place among the rows.
Tensor padded_predictions(const Tensor& outputs, const Task& task) {
  const int64_t rows = outputs.size(0), missing = (kVectorRows - rows % kVectorRows) % kVectorRows;
  const Tensor whole = missing == 0 ? outputs : at::constant_pad_nd(outputs, {0, 0, 0, missing});
  return task.predictions(whole).narrow(0, 0, rows);
}

/// Writes the predictions of the outputs into the rows of `to` from `first` on.
void write_predictions(const Tensor& outputs, const Task& task, int64_t first, Tensor& to) {
  to.narrow(0, first, outputs.size(0)).copy_(padded_predictions(outputs, task));
}

/// Calls part(begin, count) for consecutive pieces of [0, n), each of `size` numbers except the last.
void each_piece(int64_t n, int64_t size, const std::function<void(int64_t, int64_t)>& part) {
  for (int64_t begin = 0; begin < n; begin += size) part(begin, std::min(size, n - begin));
}

}  // namespace

nn::NetworkInterface network_interface(const PreparedData& data, const Task& task) {
  return {data.features.cols, task.output_shape(), data.edge_types, task.label_columns()};
}

Predictions rows_for(const std::vector<int32_t>& nodes, int64_t graph_nodes, int64_t columns) {
  Predictions p{columns, {}, {}};
  p.value.resize(nodes.size() * static_cast<size_t>(columns));
  p.row_of_node.assign(static_cast<size_t>(graph_nodes), -1);
  for (size_t i = 0; i < nodes.size(); ++i) p.row_of_node[nodes[i]] = static_cast<int32_t>(i);
  return p;
}

Predictions predictions_of(const Tensor& outputs, const Task& task) {
  const torch::NoGradGuard no_grad;
  Predictions p{outputs.size(1), {}, {}};
  p.value.resize(outputs.numel());
  Tensor all = tensor_over(p);
  each_piece(outputs.size(0), nn::kInferenceRows, [&](int64_t begin, int64_t count) {
    write_predictions(outputs.narrow(0, begin, count), task, begin, all);
  });
  return p;
}

HiddenRows rows_in(Tensor hidden) {
  return [hidden](const nn::TakeRows& take) {
    const auto rows = [&](int64_t begin, int64_t end) { return hidden.narrow(0, begin, end - begin); };
    nn::each_block(hidden.size(0), rows, take);
  };
}

Predictions predict_nodes(nn::Transformer& network, const HiddenRows& hidden, const std::vector<int32_t>& nodes,
                          const Task& task) {
  const torch::NoGradGuard no_grad;
  Predictions p = rows_for(nodes, task.nodes(), task.columns());
  Tensor all = tensor_over(p);
  hidden([&](int64_t begin, const Tensor& rows) {
    // The rows of the block that are wanted, and the rows of the predictions that they go to.
    std::vector<int64_t> wanted, to;
    for (int64_t i = 0; i < rows.size(0); ++i) {
      const int32_t row = p.row_of_node[begin + i];
      if (row >= 0) wanted.push_back(i), to.push_back(row);
    }
    if (wanted.empty()) return;
    const bool every = std::ssize(wanted) == rows.size(0);
    const Tensor h = every ? rows : rows.index_select(0, at::tensor(wanted, at::kLong).to(rows.device()));
    all.index_copy_(0, at::tensor(to, at::kLong), padded_predictions(network->logits(h), task).cpu().to(at::kFloat));
  });
  return p;
}

namespace {

/// Returns predictions for `nodes` with the present draw of edges.
Predictions predict_with_draw(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                              const std::vector<int32_t>& nodes, const Task& task) {
  if (graph.nodes_per_list == 0) {
    const auto hidden = [&](const nn::TakeRows& take) { network->each_hidden(graph.whole(), options, take); };
    return predict_nodes(network, hidden, nodes, task);
  }
  // The nodes are cut into lists, and the lists go through the network in order. The outputs of a list therefore fill
  // the next rows of the predictions.
  Predictions p = rows_for(nodes, task.nodes(), task.columns());
  Tensor all = tensor_over(p);
  const std::vector<Tensor> pieces = tensor_over(nodes).to(network->device()).split(graph.nodes_per_list);
  ForwardOptions once = options;
  int64_t done = 0;
  each_piece(static_cast<int64_t>(pieces.size()), graph.lists_per_call, [&](int64_t begin, int64_t count) {
    for (NetworkInput& input : graph.neighbourhoods(std::span(pieces).subspan(begin, count))) {
      const Tensor outputs = network(input, once);
      write_predictions(outputs, task, done, all);
      done += outputs.size(0);
      once.on_part = nullptr, once.on_middle = nullptr;  // only the first list calls them
    }
  });
  return p;
}

/// The mean and the standard error of the predictions of several draws, by Welford's algorithm.
class MeanOfDraws {
 public:
  explicit MeanOfDraws(const Predictions& first, bool with_error) : mean_(first.value.begin(), first.value.end()) {
    if (with_error) squares_.assign(mean_.size(), 0.0);
  }
  void add(const Predictions& p) {
    ++draws_;
    for (size_t i = 0; i < mean_.size(); ++i) {
      const double off = p.value[i] - mean_[i];
      mean_[i] += off / draws_;
      if (!squares_.empty()) squares_[i] += off * (p.value[i] - mean_[i]);
    }
  }
  void write(Predictions& to) const {
    for (size_t i = 0; i < mean_.size(); ++i) to.value[i] = static_cast<float>(mean_[i]);
    if (squares_.empty()) return;
    const size_t columns = static_cast<size_t>(to.columns);
    to.standard_error.assign(mean_.size() / columns, 0.f);
    for (size_t i = 0; i < mean_.size(); ++i) {
      const double error = std::sqrt(squares_[i] / (draws_ - 1) / draws_);
      to.standard_error[i / columns] = std::max(to.standard_error[i / columns], static_cast<float>(error));
    }
  }

 private:
  double draws_ = 1;
  LargeVector<double> mean_, squares_;
};

}  // namespace

Predictions predict_nodes(nn::Transformer& network, const GraphView& graph, const ForwardOptions& options,
                          const std::vector<int32_t>& nodes, const Task& task) {
  const torch::NoGradGuard no_grad;
  network->eval();
  Predictions p = predict_with_draw(network, graph, options, nodes, task);
  if (graph.draws == 1) return p;
  ForwardOptions further = options;
  further.on_part = nullptr, further.on_middle = nullptr;
  MeanOfDraws mean(p, graph.standard_error);
  for (int64_t draw = 1; draw < graph.draws; ++draw) {
    graph.begin_draw(draw);
    mean.add(predict_with_draw(network, graph, further, nodes, task));
  }
  graph.begin_draw(0);
  mean.write(p);
  return p;
}

void each_prediction(nn::Transformer& network, const HiddenRows& hidden, const Task& task,
                     const std::function<void(int64_t node, const float* row)>& take) {
  const torch::NoGradGuard no_grad;
  hidden([&](int64_t begin, const Tensor& rows) {
    const Predictions p = predictions_of(network->logits(rows), task);
    for (int64_t i = 0; i < rows.size(0); ++i) take(begin + i, p.value.data() + i * p.columns);
  });
}

}  // namespace graphsieve
