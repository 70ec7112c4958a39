// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/explain.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/data/feature_ranges.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/report/attention_kept.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/sampling/sampled_graph.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr int64_t kMostFeatures = int64_t{1} << 26;  ///< most features of all nodes reached; above, no gradients
constexpr int64_t kShownClasses = 5;

/// Returns the node with that id. Throws Error, with examples of ids, if there is none.
int32_t node_of(const Dataset& data, const std::string& id) {
  for (int64_t i = 0; i < data.nodes; ++i)
    if (data.ids.name(i) == id) return static_cast<int32_t>(i);
  throw Error("node '", id, "': not in ", data.name, "; expected one of its ", data.nodes, " ids, such as ",
              data.ids.name(0), " or ", data.ids.name(data.nodes - 1));
}

/// An edge into the node. Parallel edges of one type count together.
struct InEdge {
  int64_t parallel = 0, draws = 0;
  double score = 0, attention = 0;
};
using InEdges = std::map<std::pair<uint8_t, int32_t>, InEdge>;  ///< the edges into the node by (type, source)

class Explanation {
 public:
  Explanation(Dataset& data, const ExplainRequest& request, Observer& observer)
      : request_(request), data_(data), run_(request.run, data, observer), node_(node_of(data, request.node)) {
    if (run_.known && !run_.known->present.empty() && node_ < run_.known->trained && run_.known->present[node_] == 0)
      throw Error("node '", request.node, "': not in ", data.name, ", but in the data that the run was trained on");
    // Another graph has no split.
    if (run_.same_graph) split_ = read_split(run_.folder.files.verified("split.json"), data.labels);
    // The node's own label is hidden, as it is for its prediction.
    hidden_part_ = predicting_part(run_.prepared.features.labels.get(), node_);
    scores_ = run_.scores.of(hidden_part_);
    if (!run_.network.is_empty()) compute();
  }

  Json json() {
    Json to = {{"run", path_text(request_.run)},
               {"model", run_.folder.recipe.model},
               {"epoch", run_.best_epoch()},
               {"layers", Json::array()},
               {"reached", flow_.size()}};
    const int64_t layers = run_.network.is_empty() ? std::ssize(scores_) : run_.network->layers();
    // The edges of all layers are collected first, because predict() predicts all nodes that they name in one call.
    std::vector<InEdges> edges;
    for (int64_t l = 0; l < layers; ++l) edges.push_back(in_edges(l));
    const std::vector<int32_t> flowing = by_flow();
    predict(edges, flowing);
    to["node"] = about(node_);
    if (!run_.network.is_empty()) to["node"]["classes"] = likely_classes();
    for (int64_t l = layers - 1; l >= 0; --l) to["layers"].push_back(layer_json(l, edges[l]));
    to["nodes"] = nodes_json(flowing);
    features_json(to);
    return to;
  }

 private:
  bool sampled() const { return draws_edges(run_.folder.recipe); }

  /// Runs the network on what the node's logits are computed from, with the draws of the best epoch. That is the whole
  /// graph if norms take their statistics from it or all edges are used, otherwise the nodes that the node's layers
  /// reach. Keeps the attention of every layer, and the gradients of the features if there are not too many.
  void compute() {
    const NetworkRecipe& recipe = run_.folder.recipe.network;
    const bool whole = !sampled() || recipe.norm == "graph";
    row_ = whole ? node_ : 0;
    if (sampled()) {
      SampledGraph graph = run_.edges().sampled();
      graph.begin_epoch(run_.best_epoch(), 0, hidden_part_);
      const Tensor nodes = whole ? at::arange(data_.nodes, at::kInt) : at::full({1}, node_, at::kInt);
      input_ = graph.around_each({&nodes, 1})[0];
    } else {
      input_ = run_.input();
    }
    const FeatureMatrix& x = run_.prepared.features;
    if (hidden_part_ >= 0) hide_label_part(input_, hidden_part_);
    const int64_t rows = input_.rows.defined() ? input_.rows.size(0) : x.rows;
    const bool gradients = rows * x.cols <= kMostFeatures;
    const torch::AutoGradMode mode(gradients);
    if (gradients) input_.picked = dense_features(x, input_.rows).requires_grad_(true);
    ForwardOptions options;
    attention_.resize(input_.layers.size());
    // The network passes the scores of a layer in pieces, in the order of its edges. A layer is complete when all its
    // edges have a score, and the next piece belongs to the next layer.
    size_t layer = 0;
    int64_t first = 0;
    options.scores = [&](const Tensor& scores) {
      const int64_t edges = input_.layers[layer].edges.index.size(0);
      if (!attention_[layer].defined()) attention_[layer] = at::empty({edges});
      attention_[layer].narrow(0, first, scores.size(0)).copy_(scores.mean(1));
      first += scores.size(0);
      if (first == edges) first = 0, ++layer;
    };
    const Tensor logits = run_.network(input_, options).narrow(0, row_, 1);
    predictions_ = predictions_of(logits.detach(), *run_.task);
    if (gradients) contributions(logits[0]);
    flow();
  }

  /// Returns the number in the graph of a row of the pass.
  int32_t global(int64_t row) const {
    return input_.rows.defined() ? input_.rows.const_data_ptr<int32_t>()[row] : static_cast<int32_t>(row);
  }

  /// Computes the contributions: the features times the gradient of the deciding output minus the output that competes
  /// with it.
  void contributions(const Tensor& outputs) {
    decided_ = run_.task->deciding_columns(outputs);
    Tensor target = outputs[decided_[0]];
    if (decided_.size() > 1) target = target - outputs[decided_[1]];
    margin_ = target.item<double>();
    const Tensor gradient = torch::autograd::grad({target}, {input_.picked})[0];
    contribution_ = (input_.picked.detach() * gradient).to(at::kDouble);
  }

  /// Computes the attention flow from the node back to the input. In each layer half of a node's flow stays with the
  /// node (the skip path) and half goes to its sources by attention; all of it stays with a node without edges.
  void flow() {
    flow_.assign(input_.layers.back().destinations, 0);
    flow_[row_] = 1;
    for (size_t l = input_.layers.size(); l-- > 0;) {
      const LayerEdges& layer = input_.layers[l];
      std::vector<double> below(l > 0 ? input_.layers[l - 1].destinations
                                      : (input_.rows.defined() ? input_.rows.size(0) : run_.prepared.features.rows),
                                0);
      const auto* start = layer.edges.row_start.const_data_ptr<int64_t>();
      const auto* source = layer.edges.index.const_data_ptr<int32_t>();
      const auto* score = attention_[l].const_data_ptr<float>();
      for (int64_t i = 0; i < layer.destinations; ++i) {
        if (flow_[i] == 0) continue;
        const bool alone = start[i] == start[i + 1];
        below[i] += (alone ? 1 : 0.5) * flow_[i];
        for (int64_t e = start[i]; e < start[i + 1]; ++e) below[source[e]] += 0.5 * score[e] * flow_[i];
      }
      flow_ = std::move(below);
    }
  }

  /// Returns the rows of the pass with the most flow.
  std::vector<int32_t> by_flow() const {
    std::vector<int32_t> rows(flow_.size());
    std::iota(rows.begin(), rows.end(), 0);
    const auto shown = static_cast<int64_t>(std::min<size_t>(rows.size(), request_.nodes));
    std::partial_sort(rows.begin(), rows.begin() + shown, rows.end(),
                      [this](int32_t a, int32_t b) { return flow_[a] != flow_[b] ? flow_[a] > flow_[b] : a < b; });
    rows.resize(shown);
    while (!rows.empty() && flow_[rows.back()] == 0) rows.pop_back();
    return rows;
  }

  /// Returns the edges into the node in one layer, with the estimator's score of each and, if the network was run, the
  /// number of draws and the network's attention.
  InEdges in_edges(int64_t layer) const {
    InEdges edges;
    const AttentionGraphView& g = run_.graph.graph;
    for (int64_t e = g.row_start[node_]; e < g.row_start[node_ + 1]; ++e) {
      InEdge& edge = edges[{g.type[e], g.source[e]}];
      ++edge.parallel;
      if (layer < std::ssize(scores_)) edge.score += scores_[layer].const_data_ptr<float>()[e];
    }
    if (attention_.empty()) return edges;
    const ops::AttentionEdges& drawn = input_.layers[layer].edges;
    const auto* start = drawn.row_start.const_data_ptr<int64_t>();
    for (int64_t e = start[row_]; e < start[row_ + 1]; ++e) {
      InEdge& edge = edges[{drawn.type.const_data_ptr<uint8_t>()[e], global(drawn.index.const_data_ptr<int32_t>()[e])}];
      ++edge.draws, edge.attention += attention_[layer].const_data_ptr<float>()[e];
    }
    return edges;
  }

  /// Returns the heaviest edges of a layer: by attention, then by score.
  std::vector<InEdges::const_iterator> heaviest(const InEdges& edges) const {
    std::vector<InEdges::const_iterator> order;
    for (auto at = edges.begin(); at != edges.end(); ++at) order.push_back(at);
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return std::pair(a->second.attention, a->second.score) > std::pair(b->second.attention, b->second.score);
    });
    if (static_cast<int64_t>(order.size()) > request_.edges) order.resize(request_.edges);
    return order;
  }

  Json layer_json(int64_t layer, const InEdges& edges) const {
    Json rows = Json::array();
    double score = 0, attention = 0;
    int64_t draws = 0;
    for (const auto& [key, edge] : edges) score += edge.score, attention += edge.attention, draws += edge.draws;
    for (const auto& at : heaviest(edges)) {
      const auto& [key, edge] = *at;
      // What is left of the sums after the shown edges belongs to the edges that are left out.
      score -= edge.score, attention -= edge.attention;
      Json row = about(key.second);
      row["type"] = edge_type_name(key.first, data_.graph ? data_.graph->type_names : std::vector<std::string>());
      row["parallel"] = edge.parallel;
      row["score"] = scores_.empty() ? Json() : Json(edge.score);
      row["draws"] = sampled() && !attention_.empty() ? Json(edge.draws) : Json();
      row["attention"] = attention_.empty() || edge.draws == 0 ? Json() : Json(edge.attention);
      rows.push_back(std::move(row));
    }
    const size_t left_out = edges.size() - rows.size();
    return {{"layer", layer},
            {"neighbours", edges.size()},
            {"draws", sampled() && !attention_.empty() ? Json(draws) : Json()},
            {"edges", rows},
            {"left_out", left_out},
            {"left_out_score", scores_.empty() ? Json() : Json(left_out > 0 ? std::max(0.0, score) : 0.0)},
            {"left_out_attention", attention_.empty() ? Json() : Json(left_out > 0 ? std::max(0.0, attention) : 0.0)}};
  }

  Json nodes_json(const std::vector<int32_t>& rows) const {
    Json to = Json::array();
    for (const int32_t row : rows) {
      Json node = about(global(row));
      node["flow"] = flow_[row];
      node["contribution"] = contribution_.defined() ? Json(contribution_[row].sum().item<double>()) : Json();
      to.push_back(std::move(node));
    }
    return to;
  }

  void features_json(Json& to) const {
    to["features"] = nullptr;
    to["decided"] = nullptr;
    if (!contribution_.defined()) return;
    to["decided"] = {{"class", run_.task->column_name(decided_[0])},
                     {"against", decided_.size() > 1 ? Json(run_.task->column_name(decided_[1])) : Json()},
                     {"margin", margin_},
                     {"contributions", contribution_.sum().item<double>()}};
    // A feature's contribution is summed over all nodes of the pass. The features with the largest sums are shown,
    // whatever the sign of the sum.
    const Tensor all = contribution_.sum(0), of_node = contribution_[row_];
    const int64_t shown = std::min<int64_t>(request_.features, all.size(0));
    const Tensor most = std::get<1>(all.abs().topk(shown));
    to["features"] = Json::array();
    for (int64_t i = 0; i < shown; ++i) {
      const auto f = most[i].item<int64_t>();
      to["features"].push_back({{"feature", f},
                                {"name", feature_name(data_.schema, f)},
                                {"value", input_.picked.detach()[row_][f].item<double>()},
                                {"own", of_node[f].item<double>()},
                                {"contribution", all[f].item<double>()}});
    }
  }

  /// Predicts every node that the explanation names.
  void predict(const std::vector<InEdges>& layers, const std::vector<int32_t>& flowing) {
    if (run_.network.is_empty()) return;
    std::vector<int32_t> nodes = {node_};
    for (const int32_t row : flowing) nodes.push_back(global(row));
    for (const InEdges& edges : layers)
      for (const auto& at : heaviest(edges)) nodes.push_back(at->first.second);
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    const torch::NoGradGuard no_grad;
    const Predictions p = run_.predictions(nodes);
    for (const int32_t node : nodes) predicted_[node] = run_.task->predicted(p.row(node));
  }

  /// Returns a node's id, its list in the split, its label and its prediction.
  Json about(int32_t node) const {
    const auto found = predicted_.find(node);
    return {{"node", data_.ids.name(node)},
            {"split", part_of(node)},
            {"label", run_.task->label(node)},
            {"predicted", found == predicted_.end() ? Json() : found->second}};
  }

  const char* part_of(int32_t node) const {
    const auto in = [node](const std::vector<int32_t>& part) {
      return std::binary_search(part.begin(), part.end(), node);
    };
    return in(split_.train) ? "train" : in(split_.val) ? "val" : in(split_.test) ? "test" : "none";
  }

  Json likely_classes() const {
    std::vector<int64_t> order(predictions_.columns);
    std::iota(order.begin(), order.end(), 0);
    const float* p = predictions_.value.data();
    std::stable_sort(order.begin(), order.end(), [p](int64_t a, int64_t b) { return p[a] > p[b]; });
    Json to = Json::array();
    if (!run_.task->predicts_probabilities()) return to;
    for (int64_t i = 0; i < std::min<int64_t>(kShownClasses, order.size()); ++i)
      to.push_back({{"class", run_.task->column_name(order[i])}, {"probability", p[order[i]]}});
    return to;
  }

  const ExplainRequest& request_;
  Dataset& data_;
  LoadedRun run_;
  const int32_t node_;
  Split split_;
  int hidden_part_ = -1;  ///< the part whose labels the pass hides; −1: none
  LayerScores scores_;    ///< the estimator's scores by layer
  NetworkInput input_;
  int64_t row_ = 0;                ///< row of the node in every layer of the pass
  std::vector<Tensor> attention_;  ///< attention by layer of the pass, mean over the heads; empty without a network
  Predictions predictions_;        ///< predictions of the node
  std::vector<int64_t> decided_;   ///< columns of the most probable class and of the next
  double margin_ = 0;
  Tensor contribution_;       ///< [rows, features]
  std::vector<double> flow_;  ///< attention flow of every row of the pass
  std::map<int32_t, Json> predicted_;
};

}  // namespace

Json explain(Dataset& data, const ExplainRequest& request, Observer& observer) {
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  Json explanation = Explanation(data, request, observer).json();
  require_mapped_files();
  return explanation;
}

}  // namespace graphsieve
