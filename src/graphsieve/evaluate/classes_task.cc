// SPDX-License-Identifier: Apache-2.0
// The task with one class per node: softmax and cross-entropy.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/base/spreadsheet_text.h"
#include "graphsieve/evaluate/classification.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

/// The task with one class per node. Predictions are the probabilities of the classes, and the decision is the most
/// probable class.
class ClassesTask : public ClassificationTask {
 public:
  ClassesTask(const Dataset& data, const DataRecipe& recipe, at::Device device)
      : ClassificationTask(data, recipe,
                           recipe.metric != "auto"    ? recipe.metric
                           : data.labels.classes == 2 ? "roc_auc"
                                                      : "accuracy",
                           data.labels.classes == 2),
        one_logit_(recipe.two_classes == "one_logit" && columns_ == 2),
        balanced_(recipe.class_weights == "balanced") {
    classes_ = at::empty({labels_.nodes()}, at::kLong);
    std::copy(labels_.single.begin(), labels_.single.end(), classes_.mutable_data_ptr<int64_t>());
    classes_ = classes_.to(device);
  }

  nn::OutputShape output_shape() const override { return {columns_, one_logit_}; }

  /// Returns a one-hot row per node.
  Tensor label_values(const std::vector<int32_t>& nodes) const override {
    Tensor values = at::zeros({std::ssize(nodes), columns_}, at::kByte);
    auto* row = values.mutable_data_ptr<uint8_t>();
    for (const int32_t node : nodes) {
      if (labelled(node)) row[labels_.single[node]] = 1;
      row += columns_;
    }
    return values;
  }

  LossOfNodes loss(const std::vector<int32_t>& train) const override {
    namespace F = torch::nn::functional;
    F::CrossEntropyFuncOptions options;
    options.reduction(torch::kSum);
    const Tensor weights = balanced_ ? balanced_weights(train).to(classes_.device()) : Tensor();
    if (balanced_) options.weight(weights);
    const auto classes_of = [this](const Tensor& nodes) { return classes_.index_select(0, nodes); };
    return {[=](const Tensor& outputs, const Tensor& nodes) {
              return F::cross_entropy(outputs, classes_of(nodes), options);
            },
            [=](const Tensor& nodes) {
              if (!weights.defined()) return at::scalar_tensor(nodes.size(0), nodes.options().dtype(at::kFloat));
              return weights.index_select(0, classes_of(nodes)).sum();
            }};
  }

  Tensor predictions(const Tensor& outputs) const override { return scaled(outputs).softmax(1); }
  /// Returns the mean cross-entropy against the wide network's probabilities.
  Tensor distillation_loss(const Tensor& outputs, const Tensor& wide) const override {
    return -(wide * scaled(outputs).log_softmax(1)).sum(1).mean();
  }
  /// Returns the logits minus their mean per node, since a number added to all logits of a node changes no probability.
  Tensor deciding_outputs(const Tensor& outputs) const override { return outputs - outputs.mean(1, true); }

  /// Returns each class's share of the training nodes as its probability.
  Predictions guess(const std::vector<int32_t>& train) const override {
    std::vector<float> share(columns_, 0.f);
    for (const int32_t node : train)
      if (labels_.single[node] >= 0) share[labels_.single[node]] += 1.f / static_cast<float>(train.size());
    return {columns_, {share.begin(), share.end()}};
  }

  Json label(int64_t node) const override { return labelled(node) ? Json(column_name(labels_.single[node])) : Json(); }
  Json predicted(const float* p) const override { return column_name(decided(p)); }

  /// Returns the predicted class and the most probable one of the others.
  std::vector<int64_t> deciding_columns(const Tensor& outputs) const override {
    if (!thresholds().empty()) {
      const Tensor p = predictions(outputs.detach().unsqueeze(0)).to(at::kFloat).cpu().contiguous();
      const int64_t first = decided(p.const_data_ptr<float>());
      return {first, 1 - first};
    }
    const Tensor order = std::get<1>(outputs.detach().sort(0, true));
    std::vector<int64_t> columns = {order[0].item<int64_t>()};
    if (outputs.size(0) > 1) columns.push_back(order[1].item<int64_t>());
    return columns;
  }

 protected:
  const char* name() const override { return "classes"; }
  int64_t value_columns() const override { return columns_; }
  bool labelled(int64_t node) const override { return labels_.single[node] >= 0; }
  void add_support(int64_t node, std::vector<int64_t>& counts) const override {
    if (labelled(node)) ++counts[labels_.single[node]];
  }
  const char* confidence_of() const override { return "share predicted rightly"; }
  bool has_probability_columns() const override { return columns_ <= kMostClassColumns; }

  /// Counts one decision per labelled node. The log loss takes the probability of the node's own class.
  Decisions decide(const Predictions& p, const std::vector<int32_t>& nodes) const override {
    Decisions out;
    out.by_output.resize(columns_);
    each_labelled(p, nodes, [&](const float* row, int64_t label, int64_t best) {
      ++out.all, out.right += best == label;
      ++out.by_output[label].support, ++out.by_output[best].predicted;
      out.by_output[label].correct += best == label;
      out.log_loss -= std::log(std::max<double>(kLeastProbability, row[label]));
    });
    return out;
  }

  ScoredNodes scored(const Predictions& p, const std::vector<int32_t>& nodes, int64_t column) const override {
    ScoredNodes out;
    for (const int32_t node : nodes) {
      if (!labelled(node)) continue;
      out.score.push_back(p.row(node)[column]);
      out.positive.push_back(labels_.single[node] == column);
    }
    return out;
  }

  void each_confidence(const Predictions& p, const std::vector<int32_t>& nodes,
                       const std::function<void(double, bool)>& take) const override {
    each_labelled(p, nodes, [&](const float* row, int64_t label, int64_t best) { take(row[best], best == label); });
  }

  /// The logarithms of the probabilities are logits: they differ from the network's by a number per node.
  void each_logits(const Predictions& p, const std::vector<int32_t>& nodes,
                   const std::function<void(const double*, int64_t, int64_t)>& take) const override {
    std::vector<double> logits(columns_);
    each_labelled(p, nodes, [&](const float* row, int64_t label, int64_t) {
      for (int64_t c = 0; c < columns_; ++c) logits[c] = std::log(std::max(row[c], std::numeric_limits<float>::min()));
      take(logits.data(), columns_, label);
    });
  }

  double truth_probability(int64_t node, const float* p) const override {
    return labelled(node) ? p[labels_.single[node]] : std::numeric_limits<double>::quiet_NaN();
  }

  Confusion confusion(const Predictions& p, const std::vector<int32_t>& nodes) const override {
    Confusion out;
    each_labelled(p, nodes, [&](const float*, int64_t label, int64_t best) { ++out[{label, best}]; });
    return out;
  }

  void append_label(int64_t node, std::string& line) const override {
    if (labelled(node)) append_name(labels_.single[node], line);
  }
  void append_prediction(const float* p, std::string& line) const override { append_name(decided(p), line); }

 private:
  /// Returns the class that a row of probabilities decides for: with a threshold, the positive class from there on;
  /// otherwise the most probable class.
  int64_t decided(const float* p) const {
    if (thresholds().empty()) return largest(p, columns_);
    return p[positive()] >= thresholds()[0] ? positive() : 1 - positive();
  }

  /// Calls take(row of predictions, label, predicted class) for those of `nodes` that have a label.
  template <class Take>
  void each_labelled(const Predictions& p, const std::vector<int32_t>& nodes, Take take) const {
    for (const int32_t node : nodes)
      if (labelled(node)) take(p.row(node), int64_t{labels_.single[node]}, decided(p.row(node)));
  }

  /// Appends a class's number, or its name as a cell that a spreadsheet takes for text.
  void append_name(int64_t column, std::string& line) const {
    line += data_.class_names.empty() ? std::to_string(column) : csv_cell(spreadsheet_text(column_name(column)));
  }

  /// Returns the class weights n / (classes · count), where n is the number of training nodes and `count` the number of
  /// those in the class; 0 for classes without training nodes.
  Tensor balanced_weights(const std::vector<int32_t>& train) const {
    std::vector<int64_t> count(columns_, 0);
    for (const int32_t node : train) ++count[labels_.single[node]];
    Tensor weights = torch::zeros({columns_});
    for (int64_t c = 0; c < columns_; ++c)
      if (count[c] > 0) weights[c] = static_cast<double>(train.size()) / static_cast<double>(columns_ * count[c]);
    return weights;
  }

  const bool one_logit_, balanced_;
  Tensor classes_;  ///< int64 [n], −1 for nodes without a label
};

}  // namespace

std::unique_ptr<Task> make_classes_task(const Dataset& data, const DataRecipe& recipe, at::Device device) {
  return std::make_unique<ClassesTask>(data, recipe, device);
}

}  // namespace graphsieve
