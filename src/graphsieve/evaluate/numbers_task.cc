// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/numbers_task.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/files/json_number.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kPoints = 500;  // nodes in the report's picture of predicted against true numbers
constexpr int64_t kResidualBins = 21, kMiddleBin = 10;
constexpr double kResidualReach = 3;  // the bins of residuals reach so many root mean squared errors

/// The sums over nodes from which the metrics of one number follow.
struct Sums {
  double nodes = 0, squares = 0, distances = 0;  ///< of prediction minus truth
  double truth = 0, truth_squares = 0;           ///< of the truth minus a number near its mean

  double rmse() const { return std::sqrt(ratio(squares, nodes)); }
  double mae() const { return ratio(distances, nodes); }
  /// Returns 1 − the squared error over the squared distance from the mean. With one value alone it is not defined.
  double r2() const {
    const double spread = truth_squares - ratio(truth * truth, nodes);
    return spread > 0 ? 1 - squares / spread : kNotDefined;
  }
  double of(const std::string& metric) const { return metric == "rmse" ? rmse() : metric == "mae" ? mae() : r2(); }
};

class NumbersTask : public Task {
 public:
  NumbersTask(const Dataset& data, const DataRecipe& recipe, at::Device device)
      : Task(data, recipe,
             metric_named(recipe.metric != "auto"   ? recipe.metric
                          : data.labels.classes > 1 ? "r2"
                                                    : "rmse")),
        loss_(recipe.loss),
        mean_(columns_, 0.0),
        deviation_(columns_, 1.0),
        targets_(at::empty({labels_.nodes(), columns_}, at::kFloat).to(device)) {
    const auto refuse = [&](const char* key, const std::string& value) {
      throw Error("data.", key, " is ", value, ", which is for classes; the labels of ", data.source,
                  " are numbers to predict");
    };
    if (!metric_.of_numbers) refuse("metric", metric_.name);
    if (recipe.positive_class != "auto") refuse("positive_class", recipe.positive_class);
    if (recipe.threshold != "auto") refuse("threshold", recipe.threshold);
    if (recipe.calibration != "none") refuse("calibration", recipe.calibration);
    if (recipe.class_weights != "none") refuse("class_weights", recipe.class_weights);
    standardise();
  }

  nn::OutputShape output_shape() const override { return {columns_, false}; }

  /// Takes the mean and the standard deviation of the training nodes.
  void learn_from(const std::vector<int32_t>& train) override {
    for (int64_t c = 0; c < columns_; ++c) {
      mean_[c] = mean_over(train, c);
      double squares = 0, count = 0;
      for (const int32_t node : train)
        if (const double off = truth(node, c) - mean_[c]; !std::isnan(off)) squares += off * off, ++count;
      deviation_[c] = squares > 0 ? std::sqrt(squares / count) : 1;
    }
    standardise();
  }
  Json learned() const override { return {{"means", mean_}, {"deviations", deviation_}}; }
  void take_learned(const JsonObject& learned) override {
    const auto take = [&](const char* key, std::vector<double>& to, bool positive) {
      const Json& values = learned.at(key);
      if (!values.is_array() || std::ssize(values) != columns_) learned.refuse(key, str("a list of ", columns_));
      for (int64_t c = 0; c < columns_; ++c) {
        if (!values[c].is_number() || (positive && values[c] <= 0)) learned.refuse(key, "numbers, deviations above 0");
        to[c] = values[c].get<double>();
      }
    };
    take("means", mean_, false);
    take("deviations", deviation_, true);
    standardise();
  }

  /// Returns the standardised numbers, 0 for a missing one, and a last column of ones.
  Tensor label_values(const std::vector<int32_t>& nodes) const override {
    const Tensor targets = targets_.cpu();
    Tensor values = at::ones({std::ssize(nodes), value_columns()}, at::kFloat);
    auto* row = values.mutable_data_ptr<float>();
    for (const int32_t node : nodes) {
      const float* target = targets.const_data_ptr<float>() + node * columns_;
      for (int64_t c = 0; c < columns_; ++c) row[c] = std::isnan(target[c]) ? 0.f : target[c];
      row += value_columns();
    }
    return values;
  }

  /// Returns the mean loss over the known numbers, of outputs against standardised numbers. The Huber loss is half the
  /// square up to a distance of 1, and the distance minus a half beyond.
  LossOfNodes loss(const std::vector<int32_t>&) const override {
    return {[this](const Tensor& outputs, const Tensor& nodes) {
              const Tensor target = targets_.index_select(0, nodes), known = target.isnan().logical_not();
              return (loss_each(outputs, target.nan_to_num(0)) * known).sum();
            },
            [this](const Tensor& nodes) { return known_values(targets_, nodes); }};
  }

  Tensor predictions(const Tensor& outputs) const override {
    return outputs * on(outputs, deviation_) + on(outputs, mean_);
  }
  /// Returns the loss of the outputs against the wide network's standardised predictions.
  Tensor distillation_loss(const Tensor& outputs, const Tensor& wide) const override {
    return loss_each(outputs, (wide - on(wide, mean_)) / on(wide, deviation_)).mean();
  }
  Tensor deciding_outputs(const Tensor& outputs) const override { return outputs; }

  double evaluate(const Predictions& p, const std::vector<int32_t>& nodes) const override {
    return mean_of(p, nodes, metric_.name);
  }
  /// Returns the mean of the training nodes.
  Predictions guess(const std::vector<int32_t>& train) const override {
    Predictions p{columns_, {}, {}};
    for (int64_t c = 0; c < columns_; ++c) p.value.push_back(static_cast<float>(mean_over(train, c)));
    return p;
  }
  std::vector<ClassFigures> per_class(const Predictions&, const std::vector<int32_t>&) const override { return {}; }

  Json quality(const Predictions& p, const Split& split, const QualityLimits& limits) const override {
    return {{"task", label_kind_name(LabelKind::kNumbers)},
            {"nodes", labels_.nodes()},
            {"classes", columns_},
            {"splits", splits(p, split)},
            {"numbers", by_number(p, split.test)},
            {"errors", errors(p, split.test, limits.errors)}};
  }

  std::vector<std::string> file_columns() const override {
    if (columns_ == 1) return {"label", "predicted"};
    std::vector<std::string> names;
    for (const char* what : {"label_", "predicted_"})
      for (int64_t c = 0; c < columns_; ++c) names.push_back(what + column_name(c));
    return names;
  }
  void append_cells(int64_t node, const float* p, std::string& line) const override {
    const auto out = std::back_inserter(line);
    for (int64_t c = 0; c < columns_; ++c) {
      line += ',';
      if (!std::isnan(truth(node, c))) fmt::format_to(out, "{}", labels_.values[node * columns_ + c]);
    }
    for (int64_t c = 0; c < columns_; ++c) fmt::format_to(out, ",{}", p[c]);
  }

  Json label(int64_t node) const override { return numbers(labels_.values.data() + node * columns_); }
  Json predicted(const float* p) const override { return numbers(p); }
  bool predicts_probabilities() const override { return false; }
  /// Returns the number that is farthest from its mean, in standard deviations.
  std::vector<int64_t> deciding_columns(const Tensor& outputs) const override {
    return {outputs.detach().abs().argmax(0).item<int64_t>()};
  }

 protected:
  int64_t value_columns() const override { return columns_ + 1; }

 private:
  /// Returns the node's number, or NaN if it is missing.
  double truth(int64_t node, int64_t column) const { return labels_.values[node * columns_ + column]; }

  /// Returns the mean of the nodes' known numbers; 0 if there is none.
  double mean_over(const std::vector<int32_t>& nodes, int64_t column) const {
    double sum = 0, count = 0;
    for (const int32_t node : nodes)
      if (const double value = truth(node, column); !std::isnan(value)) sum += value, ++count;
    return count > 0 ? sum / count : 0;
  }

  /// Returns one number, a list of several, or null for a number that is missing.
  Json numbers(const float* values) const {
    // As few digits as tell the float from its neighbours: 818.2, not 818.2000122070312.
    const auto shown = [](float value) {
      return std::isfinite(value) ? Json(std::stod(fmt::format("{}", value))) : Json();
    };
    if (columns_ == 1) return shown(values[0]);
    Json list = Json::array();
    for (int64_t c = 0; c < columns_; ++c) list.push_back(shown(values[c]));
    return list;
  }

  void standardise() {
    Tensor made = at::empty({labels_.nodes(), columns_}, at::kFloat);
    float* to = made.mutable_data_ptr<float>();
    for (int64_t i = 0; i < made.numel(); ++i) {
      const int64_t c = i % columns_;
      to[i] = static_cast<float>((double{labels_.values[i]} - mean_[c]) / deviation_[c]);
    }
    targets_ = made.to(targets_.device());
  }

  static Tensor on(const Tensor& other, const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(other.options());
  }

  Tensor loss_each(const Tensor& outputs, const Tensor& target) const {
    if (loss_ == "mae") return at::l1_loss(outputs, target, at::Reduction::None);
    if (loss_ == "huber") return at::huber_loss(outputs, target, at::Reduction::None, 1.0);
    return at::mse_loss(outputs, target, at::Reduction::None);
  }

  Sums sums(const Predictions& p, const std::vector<int32_t>& nodes, int64_t column) const {
    Sums to;
    for (const int32_t node : nodes) {
      const double value = truth(node, column);
      if (std::isnan(value)) continue;
      const double off = p.row(node)[column] - value, near = value - mean_[column];
      ++to.nodes, to.squares += off * off, to.distances += std::abs(off);
      to.truth += near, to.truth_squares += near * near;
    }
    return to;
  }

  /// Returns the mean of a metric over the numbers for which it is defined; NaN if there is none.
  double mean_of(const Predictions& p, const std::vector<int32_t>& nodes, const std::string& metric) const {
    double sum = 0, defined = 0;
    for (int64_t c = 0; c < columns_; ++c)
      if (const double value = sums(p, nodes, c).of(metric); !std::isnan(value)) sum += value, ++defined;
    return ratio(sum, defined);
  }

  Json splits(const Predictions& p, const Split& split) const {
    Json rows = Json::array();
    const std::pair<const char*, const std::vector<int32_t>&> parts[] = {
        {"train", split.train}, {"val", split.val}, {"test", split.test}};
    for (const auto& [name, nodes] : parts) {
      if (nodes.empty()) continue;
      Json row = {{"split", name}, {"nodes", nodes.size()}};
      row["labelled"] =
          std::count_if(nodes.begin(), nodes.end(), [&](int32_t node) { return is_labelled(labels_, node); });
      for (const char* metric : {"rmse", "mae", "r2"}) row[metric] = json_number(mean_of(p, nodes, metric));
      rows.push_back(std::move(row));
    }
    return rows;
  }

  /// Returns the figures of each number on `nodes`: metrics, points of (true, predicted), and the residuals (prediction
  /// minus truth) in bins. The last bin at either end has all residuals beyond.
  Json by_number(const Predictions& p, const std::vector<int32_t>& nodes) const {
    Json rows = Json::array();
    for (int64_t c = 0; c < columns_; ++c) {
      std::vector<int32_t> known;
      for (const int32_t node : nodes)
        if (!std::isnan(truth(node, c))) known.push_back(node);
      const Sums of = sums(p, nodes, c);
      const double width = of.rmse() > 0 ? 2 * kResidualReach * of.rmse() / kResidualBins : 0;
      std::vector<int64_t> bins(kResidualBins, 0);
      for (const int32_t node : known) {
        const double off = p.row(node)[c] - truth(node, c);
        const int64_t bin = width > 0 ? std::lround(off / width) : 0;
        ++bins[std::clamp<int64_t>(bin + kMiddleBin, 0, kResidualBins - 1)];
      }
      Json residuals = Json::array(), points = Json::array();
      for (int64_t b = 0; b < kResidualBins && !known.empty(); ++b)
        residuals.push_back({{"residual", width * static_cast<double>(b - kMiddleBin)}, {"nodes", bins[b]}});
      for (const int32_t node : at_most(known, kPoints)) points.push_back({truth(node, c), p.row(node)[c]});
      rows.push_back({{"name", column_name(c)},
                      {"nodes", known.size()},
                      {"mean", mean_[c]},
                      {"deviation", deviation_[c]},
                      {"rmse", json_number(of.rmse())},
                      {"mae", json_number(of.mae())},
                      {"r2", json_number(of.r2())},
                      {"residuals", residuals},
                      {"points", points}});
    }
    return rows;
  }

  /// Returns the nodes with the largest distance of a prediction from the truth, in standard deviations.
  Json errors(const Predictions& p, const std::vector<int32_t>& nodes, size_t most) const {
    std::vector<std::pair<double, int32_t>> worst;
    for (const int32_t node : nodes) {
      double off = kNotDefined;
      for (int64_t c = 0; c < columns_; ++c)
        off = std::fmax(off, std::abs(p.row(node)[c] - truth(node, c)) / deviation_[c]);
      if (!std::isnan(off)) worst.emplace_back(-off, node);
    }
    const auto shown = worst.begin() + static_cast<int64_t>(std::min(most, worst.size()));
    std::partial_sort(worst.begin(), shown, worst.end());
    Json rows = Json::array();
    for (auto at = worst.begin(); at != shown; ++at)
      rows.push_back({{"node", data_.ids.name(at->second)},
                      {"label", label(at->second)},
                      {"predicted", predicted(p.row(at->second))},
                      {"deviations", -at->first}});
    return rows;
  }

  const std::string loss_;
  std::vector<double> mean_, deviation_;  ///< of each number, over the training nodes
  Tensor targets_;                        ///< float32 [n, columns], standardised; NaN for missing numbers
};

}  // namespace

std::unique_ptr<Task> make_numbers_task(const Dataset& data, const DataRecipe& recipe, at::Device device) {
  return std::make_unique<NumbersTask>(data, recipe, device);
}

}  // namespace graphsieve
