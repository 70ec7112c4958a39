#include "graphsieve/evaluate/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Counts {
  int64_t true_positive = 0, false_positive = 0, false_negative = 0;
};

/// Per class (or label) counts, and how many of all decisions were right.
std::vector<Counts> count(const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes,
                          int64_t& right, int64_t& all) {
  std::vector<Counts> counts(labels.classes);
  right = all = 0;
  const auto decide = [&](int64_t c, bool predicted, bool actual) {
    counts[c].true_positive += predicted && actual;
    counts[c].false_positive += predicted && !actual;
    counts[c].false_negative += !predicted && actual;
  };
  for (int32_t node : nodes) {
    if (!labels.multi_label()) {
      const int32_t best = p.best(node), label = labels.single[node];
      right += best == label;
      ++all;
      decide(best, true, best == label);
      if (best != label) decide(label, false, true);
      continue;
    }
    for (int64_t c = 0; c < labels.classes; ++c) {
      const float label = labels.multi[node * labels.classes + c];
      if (std::isnan(label)) continue;
      const bool predicted = p.row(node)[c] > 0.5f;
      right += predicted == (label > 0.5f);
      ++all;
      decide(c, predicted, label > 0.5f);
    }
  }
  return counts;
}

double ratio(int64_t a, int64_t b) { return b > 0 ? static_cast<double>(a) / static_cast<double>(b) : 0; }

double f1(const Counts& c) {
  return ratio(2 * c.true_positive, 2 * c.true_positive + c.false_positive + c.false_negative);
}

double mean_auc(const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes) {
  double sum = 0;
  int64_t defined = 0;
  const bool binary = !labels.multi_label() && labels.classes == 2;
  for (int64_t c = binary ? 1 : 0; c < labels.classes; ++c) {
    std::vector<float> score;
    std::vector<uint8_t> positive;
    for (int32_t node : nodes) {
      const float label = labels.multi_label() ? labels.multi[node * labels.classes + c]
                                               : static_cast<float>(labels.single[node] == c);
      if (std::isnan(label)) continue;
      score.push_back(p.row(node)[c]);
      positive.push_back(label > 0.5f);
    }
    const double auc = roc_auc(score, positive);
    if (std::isnan(auc)) continue;
    sum += auc;
    ++defined;
  }
  return defined > 0 ? sum / static_cast<double>(defined) : kNaN;
}

}  // namespace

Metric metric_of(const std::string& name, const Labels& labels) {
  if (name == "accuracy") return Metric::kAccuracy;
  if (name == "roc_auc") return Metric::kRocAuc;
  if (name == "macro_f1") return Metric::kMacroF1;
  if (name == "auto") return labels.multi_label() || labels.classes == 2 ? Metric::kRocAuc : Metric::kAccuracy;
  throw Error("data.metric is '", name, "', expected auto, accuracy, roc_auc or macro_f1");
}

std::string metric_name(Metric metric) {
  return metric == Metric::kAccuracy ? "accuracy" : metric == Metric::kRocAuc ? "roc_auc" : "macro_f1";
}

int32_t Probabilities::best(int64_t node) const {
  const float* p = row(node);
  return static_cast<int32_t>(std::max_element(p, p + classes) - p);
}

double roc_auc(const std::vector<float>& score, const std::vector<uint8_t>& positive) {
  std::vector<int64_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return score[a] < score[b]; });
  double wins = 0;
  int64_t negatives = 0, positives = 0;
  for (size_t i = 0; i < order.size();) {
    int64_t tied[2] = {0, 0};
    size_t end = i;
    for (; end < order.size() && score[order[end]] == score[order[i]]; ++end) ++tied[positive[order[end]] ? 1 : 0];
    wins += static_cast<double>(tied[1]) * (static_cast<double>(negatives) + 0.5 * static_cast<double>(tied[0]));
    negatives += tied[0];
    positives += tied[1];
    i = end;
  }
  if (negatives == 0 || positives == 0) return kNaN;
  return wins / static_cast<double>(negatives) / static_cast<double>(positives);
}

double evaluate(Metric metric, const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes) {
  if (metric == Metric::kRocAuc) return mean_auc(p, labels, nodes);
  int64_t right, all;
  const auto counts = count(p, labels, nodes, right, all);
  if (metric == Metric::kAccuracy) return all > 0 ? ratio(right, all) : kNaN;
  double sum = 0;
  int64_t seen = 0;
  for (const Counts& c : counts) {
    if (c.true_positive + c.false_negative + c.false_positive == 0) continue;
    sum += f1(c);
    ++seen;
  }
  return seen > 0 ? sum / static_cast<double>(seen) : kNaN;
}

std::vector<ClassFigures> per_class(const Probabilities& p, const Labels& labels, const std::vector<int32_t>& nodes) {
  int64_t right, all;
  std::vector<ClassFigures> figures;
  for (const Counts& c : count(p, labels, nodes, right, all))
    figures.push_back({c.true_positive + c.false_negative, ratio(c.true_positive, c.true_positive + c.false_positive),
                       ratio(c.true_positive, c.true_positive + c.false_negative), f1(c)});
  return figures;
}

bool better(double a, double b) { return !std::isnan(a) && (std::isnan(b) || a > b); }

}  // namespace graphsieve
