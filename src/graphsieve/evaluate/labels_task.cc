// SPDX-License-Identifier: Apache-2.0
// The task with several 0/1 labels per node, some of which may be missing: a sigmoid and binary cross-entropy per
// label.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/evaluate/classification.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr float kHalf = 0.5f;  ///< between 0 and 1, the values of a label; without thresholds, of decisions too
constexpr double kLeastCertainty = 1e-7;  ///< about the distance of two floats below 1

/// The task with several labels per node. Predictions are the probabilities of the labels, and each label is decided on
/// its own. Missing labels count neither in the loss nor in the figures.
class LabelsTask : public ClassificationTask {
 public:
  LabelsTask(const Dataset& data, const DataRecipe& recipe, at::Device device)
      : ClassificationTask(data, recipe, recipe.metric != "auto" ? recipe.metric : "roc_auc", false),
        targets_(at::empty({labels_.nodes(), columns_}, at::kFloat)) {
    std::copy(labels_.values.begin(), labels_.values.end(), targets_.mutable_data_ptr<float>());
    targets_ = targets_.to(device);
  }

  nn::OutputShape output_shape() const override { return {columns_, false}; }

  /// Returns the labels as 1 (true), −1 (false) and 0 (missing), and a last column of ones.
  Tensor label_values(const std::vector<int32_t>& nodes) const override {
    Tensor values = at::ones({std::ssize(nodes), value_columns()}, at::kFloat);
    auto* row = values.mutable_data_ptr<float>();
    for (const int32_t node : nodes) {
      for (int64_t c = 0; c < columns_; ++c) row[c] = std::isnan(truth(node, c)) ? 0.f : 2 * truth(node, c) - 1;
      row += value_columns();
    }
    return values;
  }

  /// Returns the mean binary cross-entropy over the labels that are known.
  LossOfNodes loss(const std::vector<int32_t>&) const override {
    return {[this](const Tensor& outputs, const Tensor& nodes) {
              namespace F = torch::nn::functional;
              const Tensor target = targets_.index_select(0, nodes), known = target.isnan().logical_not();
              const Tensor each = F::binary_cross_entropy_with_logits(
                  outputs, target.nan_to_num(0), F::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone));
              return (each * known).sum();
            },
            [this](const Tensor& nodes) { return known_values(targets_, nodes); }};
  }

  Tensor predictions(const Tensor& outputs) const override { return scaled(outputs).sigmoid(); }
  Tensor distillation_loss(const Tensor& outputs, const Tensor& wide) const override {
    return at::binary_cross_entropy_with_logits(scaled(outputs), wide);
  }
  Tensor deciding_outputs(const Tensor& outputs) const override { return outputs; }

  /// Returns each label's share of the training nodes for which the label is known as its probability.
  Predictions guess(const std::vector<int32_t>& train) const override {
    LargeVector<float> share(static_cast<size_t>(columns_), 0.f);
    for (int64_t c = 0; c < columns_; ++c) {
      int64_t known = 0, true_ones = 0;
      for (const int32_t node : train) {
        const float value = labels_.values[node * columns_ + c];
        known += !std::isnan(value), true_ones += value == 1;
      }
      if (known > 0) share[c] = static_cast<float>(true_ones) / static_cast<float>(known);
    }
    return {columns_, std::move(share)};
  }

  /// Returns the names of the labels that the node has.
  Json label(int64_t node) const override {
    return names([&](int64_t c) { return has(node, c); });
  }
  Json predicted(const float* p) const override {
    return names([&](int64_t c) { return decided(p, c); });
  }
  /// Returns the most probable label.
  std::vector<int64_t> deciding_columns(const Tensor& outputs) const override {
    return {outputs.argmax(0).item<int64_t>()};
  }

 protected:
  const char* name() const override { return "labels"; }
  int64_t value_columns() const override { return columns_ + 1; }
  bool labelled(int64_t node) const override {
    for (int64_t c = 0; c < columns_; ++c)
      if (!std::isnan(truth(node, c))) return true;
    return false;
  }
  void add_support(int64_t node, std::vector<int64_t>& counts) const override {
    for (int64_t c = 0; c < columns_; ++c) counts[c] += has(node, c);
  }
  const char* confidence_of() const override { return "share with the label"; }
  bool has_probability_columns() const override { return true; }

  /// Counts one decision per known label. The log loss takes the probability of the label's true value.
  Decisions decide(const Predictions& p, const std::vector<int32_t>& nodes) const override {
    Decisions out;
    out.by_output.resize(columns_);
    each_known(p, nodes, [&](int64_t c, double probability, bool label, bool predicted) {
      ++out.all, out.right += predicted == label;
      DecisionCounts& counts = out.by_output[c];
      counts.support += label, counts.predicted += predicted, counts.correct += label && predicted;
      out.log_loss -= std::log(std::max(kLeastProbability, label ? probability : 1 - probability));
    });
    return out;
  }

  ScoredNodes scored(const Predictions& p, const std::vector<int32_t>& nodes, int64_t column) const override {
    ScoredNodes out;
    for (const int32_t node : nodes) {
      if (std::isnan(truth(node, column))) continue;
      out.score.push_back(p.row(node)[column]);
      out.positive.push_back(has(node, column));
    }
    return out;
  }

  void each_confidence(const Predictions& p, const std::vector<int32_t>& nodes,
                       const std::function<void(double, bool)>& take) const override {
    each_known(p, nodes, [&](int64_t, double probability, bool label, bool) { take(probability, label); });
  }

  void each_logits(const Predictions& p, const std::vector<int32_t>& nodes,
                   const std::function<void(const double*, int64_t, int64_t)>& take) const override {
    each_known(p, nodes, [&](int64_t, double probability, bool label, bool) {
      const double inside = std::clamp(probability, kLeastCertainty, 1 - kLeastCertainty);
      const double logits[] = {0, std::log(inside / (1 - inside))};
      take(logits, 2, label);
    });
  }

  double truth_probability(int64_t node, const float* p) const override {
    double least = std::numeric_limits<double>::quiet_NaN();
    for (int64_t c = 0; c < columns_; ++c)
      if (!std::isnan(truth(node, c))) least = std::fmin(least, has(node, c) ? p[c] : 1 - p[c]);
    return least;
  }

  Confusion confusion(const Predictions&, const std::vector<int32_t>&) const override { return {}; }

  /// Appends the labels in a form such as 0|1||1, where the third label is missing.
  void append_label(int64_t node, std::string& line) const override {
    for (int64_t c = 0; c < columns_; ++c) {
      if (c > 0) line += '|';
      if (const float label = truth(node, c); !std::isnan(label)) line += label > kHalf ? '1' : '0';
    }
  }
  void append_prediction(const float* p, std::string& line) const override {
    for (int64_t c = 0; c < columns_; ++c) {
      if (c > 0) line += '|';
      line += decided(p, c) ? '1' : '0';
    }
  }

 private:
  /// Returns 0, 1, or NaN if the label is missing.
  float truth(int64_t node, int64_t column) const { return labels_.values[node * columns_ + column]; }
  bool has(int64_t node, int64_t column) const { return truth(node, column) > kHalf; }

  /// True if the row of probabilities `p` decides for the label.
  bool decided(const float* p, int64_t column) const {
    return thresholds().empty() ? p[column] > kHalf : p[column] >= thresholds()[column];
  }

  /// Calls take(column, probability, value of the label, decision) for every known label of `nodes`.
  template <class Take>
  void each_known(const Predictions& p, const std::vector<int32_t>& nodes, Take take) const {
    for (const int32_t node : nodes)
      for (int64_t c = 0; c < columns_; ++c)
        if (!std::isnan(truth(node, c))) take(c, p.row(node)[c], has(node, c), decided(p.row(node), c));
  }

  /// Returns the names of the labels for which chosen(column) is true.
  template <class Chosen>
  Json names(Chosen chosen) const {
    Json list = Json::array();
    for (int64_t c = 0; c < columns_; ++c)
      if (chosen(c)) list.push_back(column_name(c));
    return list;
  }

  Tensor targets_;  ///< float32 [n, labels], NaN for missing labels
};

}  // namespace

std::unique_ptr<Task> make_labels_task(const Dataset& data, const DataRecipe& recipe, at::Device device) {
  return std::make_unique<LabelsTask>(data, recipe, device);
}

}  // namespace graphsieve
