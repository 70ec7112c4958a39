// SPDX-License-Identifier: Apache-2.0
// The report's figures of a classification: by part of the split and by class, the calibration and the curves.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "graphsieve/evaluate/classification.h"
#include "graphsieve/files/json_number.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr int kCalibrationBins = 10;
constexpr double kThresholds[] = {.01, .02, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .99};
constexpr int64_t kFirst[] = {10, 20, 50, 100, 200, 500, 1000, 10000, 100000};  // numbers of nodes to look at

/// Returns a curve as a list of [x, y].
Json points(const std::vector<std::pair<double, double>>& curve) {
  Json to = Json::array();
  for (const auto& [x, y] : curve) to.push_back({x, y});
  return to;
}

}  // namespace

/// The figures of one classification, which json() puts together. Each other function computes one part of the JSON
/// object. The decisions on the test nodes, which several parts need, are made once.
class Quality {
 public:
  Quality(const ClassificationTask& task, const Predictions& p, const Split& split, const QualityLimits& limits)
      : task_(task),
        p_(p),
        split_(split),
        limits_(limits),
        test_(task.decide(p, split.test)),
        confused_(task.confusion(p, split.test)) {
    std::vector<bool> in_split(task.labels_.nodes(), false);
    for (const auto* part : {&split.train, &split.val, &split.test})
      for (const int32_t node : *part) in_split[node] = true;
    for (int32_t node = 0; node < static_cast<int32_t>(in_split.size()); ++node)
      if (!in_split[node]) others_.push_back(node);
  }

  Json json() const {
    Json to = {{"task", task_.name()},       {"nodes", task_.labels_.nodes()},
               {"classes", task_.columns()}, {"splits", splits()},
               {"class_balance", balance()}, {"calibration", calibration()},
               {"worst", worst()},           {"curves", curves()},
               {"errors", errors()}};
    if (task_.positive() >= 0) to["positive"] = positive();
    if (!confused_.empty()) to["confusion"] = confusion();
    return to;
  }

 private:
  struct Part {
    const char* name;
    const std::vector<int32_t>& nodes;
  };
  /// Returns the parts of the split. The last part has the nodes outside of the split, whose predictions do not count.
  std::vector<Part> parts() const {
    return {{"train", split_.train}, {"val", split_.val}, {"test", split_.test}, {"none", others_}};
  }

  /// Returns a row of figures for each part of the split that has nodes.
  Json splits() const {
    Json to = Json::array();
    for (const auto& [name, nodes] : parts()) {
      if (nodes.empty()) continue;
      const auto labelled =
          std::count_if(nodes.begin(), nodes.end(), [&](int32_t node) { return task_.labelled(node); });
      Json row = {{"split", name}, {"nodes", nodes.size()}, {"labelled", labelled}};
      if (&nodes != &others_) {
        const Decisions decisions = task_.decide(p_, nodes);
        row["accuracy"] = json_number(decisions.accuracy());
        row["macro_f1"] = json_number(decisions.macro_f1());
        row["balanced_accuracy"] = json_number(decisions.balanced_accuracy());
        row["roc_auc"] = json_number(task_.mean_of(p_, nodes, [](const ScoredNodes& one) { return roc_auc(one); }));
        row["average_precision"] =
            json_number(task_.mean_of(p_, nodes, [](const ScoredNodes& one) { return average_precision(one); }));
        row["log_loss"] = json_number(decisions.mean_log_loss());
      }
      to.push_back(std::move(row));
    }
    return to;
  }

  /// Returns the columns from the largest size(column) to the smallest, at most `most`.
  template <class Size>
  std::vector<int64_t> largest_columns(size_t most, Size size) const {
    std::vector<int64_t> order(task_.columns());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return size(a) > size(b); });
    order.resize(std::min(most, order.size()));
    return order;
  }
  /// Returns the columns with the most test nodes, at most `most`.
  std::vector<int64_t> largest_in_test(size_t most) const {
    return largest_columns(most, [&](int64_t c) { return test_.by_output[c].support; });
  }

  /// Returns the number of nodes by class and part of the split, for the classes with the most nodes.
  Json balance() const {
    std::vector<std::vector<int64_t>> support;  // [part][column]
    for (const auto& [name, nodes] : parts()) {
      std::vector<int64_t>& of_part = support.emplace_back(task_.columns(), 0);
      for (const int32_t node : nodes) task_.add_support(node, of_part);
    }
    const auto all = [&](int64_t c) {
      int64_t sum = 0;
      for (const auto& of_part : support) sum += of_part[c];
      return sum;
    };
    Json rows = Json::array();
    for (const int64_t c : largest_columns(limits_.balance, all)) {
      Json row = {{"class", task_.column_name(c)}, {"nodes", all(c)}};
      for (size_t part = 0; part < support.size(); ++part) row[parts()[part].name] = support[part][c];
      rows.push_back(std::move(row));
    }
    return {{"rows", rows}, {"left_out", task_.columns() - static_cast<int64_t>(rows.size())}};
  }

  /// Returns the mean probability and the share of true outcomes in bins of the probability. The calibration error is
  /// the mean distance between the two over all decisions.
  Json calibration() const {
    struct Bin {
      int64_t count = 0;
      double confidence = 0, right = 0;
    };
    std::vector<Bin> bins(kCalibrationBins);
    task_.each_confidence(p_, split_.test, [&](double p, bool right) {
      Bin& bin = bins[std::clamp(static_cast<int>(p * kCalibrationBins), 0, kCalibrationBins - 1)];
      ++bin.count, bin.confidence += p, bin.right += right;
    });
    Json rows = Json::array();
    double error = 0, count = 0;
    for (int b = 0; b < kCalibrationBins; ++b) {
      const Bin& bin = bins[b];
      if (bin.count == 0) continue;
      const auto n = static_cast<double>(bin.count);
      error += std::abs(bin.confidence - bin.right), count += n;
      rows.push_back({{"from", b / static_cast<double>(kCalibrationBins)},
                      {"to", (b + 1) / static_cast<double>(kCalibrationBins)},
                      {"count", bin.count},
                      {"confidence", bin.confidence / n},
                      {"share", bin.right / n}});
    }
    return {{"bins", rows}, {"error", json_number(ratio(error, count))}, {"share_of", task_.confidence_of()}};
  }

  /// Returns the class that nodes of class `column` were most often mistaken for (−1 if none was), and how many times.
  std::pair<int64_t, int64_t> mistaken_for(int64_t column) const {
    std::pair<int64_t, int64_t> most{-1, 0};
    for (auto at = confused_.lower_bound({column, 0}); at != confused_.end() && at->first.first == column; ++at)
      if (at->first.second != column && at->second > most.second) most = {at->first.second, at->second};
    return most;
  }

  /// Returns the figures of the classes with the lowest F1 among those that have test nodes.
  Json worst() const {
    std::vector<int64_t> columns;
    for (int64_t c = 0; c < task_.columns(); ++c)
      if (test_.by_output[c].support > 0) columns.push_back(c);
    std::stable_sort(columns.begin(), columns.end(),
                     [&](int64_t a, int64_t b) { return test_.by_output[a].f1() < test_.by_output[b].f1(); });
    const size_t all = columns.size();
    columns.resize(std::min(all, limits_.worst));
    Json rows = Json::array();
    for (const int64_t c : columns) {
      const DecisionCounts& counts = test_.by_output[c];
      Json row = {{"class", task_.column_name(c)},
                  {"support", counts.support},
                  {"precision", json_number(counts.precision())},
                  {"recall", json_number(counts.recall())},
                  {"f1", json_number(counts.f1())}};
      if (const auto [other, times] = mistaken_for(c); times > 0)
        row["mistaken_for"] = task_.column_name(other), row["times"] = times;
      rows.push_back(std::move(row));
    }
    return {{"rows", rows},
            {"left_out", all - rows.size()},
            {"without_test_nodes", task_.columns() - static_cast<int64_t>(all)}};
  }

  /// Returns the curves of the classes with the most test nodes; if the task has a positive class, those of it only.
  Json curves() const {
    const bool of_one_alone = task_.positive() >= 0;
    const std::vector<int64_t> shown = of_one_alone ? task_.scored_columns() : largest_in_test(limits_.curves);
    Json rows = Json::array();
    for (const int64_t c : shown) {
      const ScoreCurves of_class = score_curves(task_.scored(p_, split_.test, c));
      if (std::isnan(of_class.roc_auc)) continue;
      rows.push_back({{"class", task_.column_name(c)},
                      {"positives", of_class.positives},
                      {"negatives", of_class.negatives},
                      {"roc_auc", of_class.roc_auc},
                      {"average_precision", of_class.average_precision},
                      {"roc", points(of_class.roc)},
                      {"precision_recall", points(of_class.precision_recall)}});
    }
    return {{"rows", rows}, {"left_out", of_one_alone ? 0 : task_.columns() - static_cast<int64_t>(rows.size())}};
  }

  /// Returns what a choice of a threshold or of a number of nodes means for the positive class on the test nodes.
  Json positive() const {
    const int64_t column = task_.positive();
    const ScoredNodes nodes = task_.scored(p_, split_.test, column);
    const auto count = std::ssize(nodes.score);
    const bool chosen = task_.columns() == 2 && !task_.thresholds().empty();
    std::vector<double> thresholds(std::begin(kThresholds), std::end(kThresholds));
    if (chosen) thresholds.push_back(task_.thresholds()[0]);
    std::sort(thresholds.begin(), thresholds.end());
    thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
    Json rows = Json::array();
    for (const double threshold : thresholds) {
      const DecisionCounts counts = counts_at(nodes, threshold);
      rows.push_back({{"threshold", threshold},
                      {"predicted", counts.predicted},
                      {"precision", json_number(counts.precision())},
                      {"recall", json_number(counts.recall())},
                      {"f1", json_number(counts.f1())}});
    }
    Json first = Json::array();
    const auto all = static_cast<double>(test_.by_output[column].support);
    for (const int64_t k : kFirst) {
      if (k > count) break;
      const double precision = precision_at(nodes, k);
      first.push_back({{"k", k},
                       {"precision", json_number(precision)},
                       {"recall", json_number(ratio(precision * static_cast<double>(k), all))}});
    }
    return {{"class", task_.column_name(column)},
            {"threshold", chosen ? Json(task_.thresholds()[0]) : Json()},
            {"temperature", task_.temperature()},
            {"thresholds", rows},
            {"first", first}};
  }

  /// Returns the test nodes whose label got the least probability, by their ids.
  Json errors() const {
    std::vector<std::pair<double, int32_t>> nodes;
    for (const int32_t node : split_.test)
      if (const double p = task_.truth_probability(node, p_.row(node)); !std::isnan(p)) nodes.emplace_back(p, node);
    const auto shown = nodes.begin() + static_cast<int64_t>(std::min(limits_.errors, nodes.size()));
    std::partial_sort(nodes.begin(), shown, nodes.end());
    Json rows = Json::array();
    for (auto at = nodes.begin(); at != shown; ++at)
      rows.push_back({{"node", task_.data_.ids.name(at->second)},
                      {"label", task_.label(at->second)},
                      {"predicted", task_.predicted(p_.row(at->second))},
                      {"probability", at->first}});
    return rows;
  }

  /// Returns the confusion matrix of the classes with the most test nodes. All other classes share the last row and the
  /// last column.
  Json confusion() const {
    const std::vector<int64_t> shown = largest_in_test(limits_.confusion);
    const bool others = static_cast<int64_t>(shown.size()) < task_.columns();
    std::vector<size_t> row_of(task_.columns(), shown.size());
    Json names = Json::array();
    for (size_t i = 0; i < shown.size(); ++i) row_of[shown[i]] = i, names.push_back(task_.column_name(shown[i]));
    const size_t size = shown.size() + others;
    std::vector<std::vector<int64_t>> rows(size, std::vector<int64_t>(size, 0));
    for (const auto& [pair, count] : confused_) rows[row_of[pair.first]][row_of[pair.second]] += count;
    return {{"classes", names}, {"others", task_.columns() - static_cast<int64_t>(shown.size())}, {"rows", rows}};
  }

  const ClassificationTask& task_;
  const Predictions& p_;
  const Split& split_;
  const QualityLimits limits_;
  const Decisions test_;
  const ClassificationTask::Confusion confused_;
  std::vector<int32_t> others_;  ///< nodes that are in no list of the split
};

Json ClassificationTask::quality(const Predictions& p, const Split& split, const QualityLimits& limits) const {
  return Quality(*this, p, split, limits).json();
}

}  // namespace graphsieve
