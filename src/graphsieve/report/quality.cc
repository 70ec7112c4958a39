#include "graphsieve/report/quality.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <unordered_map>

#include "graphsieve/base/error.h"
#include "graphsieve/base/spreadsheet_text.h"
#include "graphsieve/files/input_stream.h"
#include "graphsieve/files/json_number.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr const char* kParts[] = {"train", "val", "test", "none"};
constexpr int kTest = 2, kNone = 3;
constexpr int kLogitBins = 4001;
constexpr double kBinsPerLogit = 100, kLargestLogit = 20;
constexpr int kCalibrationBins = 10;
constexpr double kCurveStep = 1.0 / 100;  ///< between two points of a curve

int logit_bin(double p) {
  if (!(p > 0)) return 0;
  if (p >= 1) return kLogitBins - 1;
  return static_cast<int>(
      std::lround((std::clamp(std::log(p / (1 - p)), -kLargestLogit, kLargestLogit) + kLargestLogit) * kBinsPerLogit));
}

double ratio(double a, double b) { return b > 0 ? a / b : std::nan(""); }

/// Probabilities of one class: how many nodes with it and without it have each.
struct Histogram {
  std::vector<int64_t> with = std::vector<int64_t>(kLogitBins, 0), without = std::vector<int64_t>(kLogitBins, 0);
  void add(double p, bool positive) { ++(positive ? with : without)[logit_bin(p)]; }
  int64_t positives() const { return std::accumulate(with.begin(), with.end(), int64_t{0}); }
  int64_t negatives() const { return std::accumulate(without.begin(), without.end(), int64_t{0}); }
};

/// What the curves of a histogram come to. The lists are thinned out.
struct ScoreCurves {
  double roc_auc = std::nan(""), average_precision = std::nan("");
  Json roc = Json::array(), precision_recall = Json::array();
};

ScoreCurves curves_of(const Histogram& h) {
  ScoreCurves to;
  const auto positives = static_cast<double>(h.positives()), negatives = static_cast<double>(h.negatives());
  if (positives == 0 || negatives == 0) return to;
  double tpr = 0, fpr = 0, precision = 1, kept_tpr = 0, kept_fpr = 0, kept_recall = -1;
  to.roc_auc = to.average_precision = 0;
  to.roc.push_back({0, 0});
  double with = 0, without = 0;
  for (int b = kLogitBins - 1; b >= 0; --b) {
    if (h.with[b] + h.without[b] == 0) continue;
    with += static_cast<double>(h.with[b]), without += static_cast<double>(h.without[b]);
    const double next_tpr = with / positives, next_fpr = without / negatives;
    precision = with / (with + without);
    to.roc_auc += (next_fpr - fpr) * (next_tpr + tpr) / 2;
    to.average_precision += (next_tpr - tpr) * precision;
    tpr = next_tpr, fpr = next_fpr;
    const bool last = with == positives && without == negatives;
    if (last || tpr - kept_tpr >= kCurveStep || fpr - kept_fpr >= kCurveStep) {
      to.roc.push_back({fpr, tpr});
      kept_tpr = tpr, kept_fpr = fpr;
    }
    if (last || tpr - kept_recall >= kCurveStep) {
      to.precision_recall.push_back({tpr, precision});
      kept_recall = tpr;
    }
  }
  return to;
}

/// Counts of one part of the split, by class.
struct PartCounts {
  int64_t nodes = 0, labelled = 0, right = 0, decisions = 0;
  double log_loss = 0;
  std::vector<int64_t> support, predicted, correct;
  std::vector<Histogram> histograms;  ///< where there is a column for each class

  void widen(size_t classes) { support.resize(classes), predicted.resize(classes), correct.resize(classes); }
  double precision(size_t c) const { return ratio(static_cast<double>(correct[c]), static_cast<double>(predicted[c])); }
  double recall(size_t c) const { return ratio(static_cast<double>(correct[c]), static_cast<double>(support[c])); }
  double f1(size_t c) const {
    return ratio(2 * static_cast<double>(correct[c]), static_cast<double>(predicted[c] + support[c]));
  }
};

struct CalibrationBin {
  int64_t count = 0;
  double confidence = 0, right = 0;
};

class Quality {
 public:
  Quality(const std::vector<std::string>& head, const QualityLimits& limits) : limits_(limits) {
    columns_ = head.size() > 4 && head[4] != "probability";
    for (size_t c = 4; columns_ && c < head.size(); ++c)
      class_of(head[c].starts_with("p_") ? head[c].substr(2) : head[c]);
    if (columns_)
      for (int part = 0; part < kNone; ++part) parts_[part].histograms.resize(names_.size());
  }

  void add(const std::vector<std::string>& row) {
    const int part = part_of(row[1]);
    if (total_++ == 0) multi_ = columns_ && (names_.size() == 1 || is_several(row[3]));
    ++parts_[part].nodes;
    if (multi_)
      several(row, parts_[part], part == kTest);
    else
      single(row, parts_[part], part);
  }

  Json json() const {
    Json to = {{"nodes", total_},    {"multi_label", multi_},      {"classes", names_.size()},
               {"splits", splits()}, {"class_balance", balance()}, {"calibration", calibration()},
               {"worst", worst()},   {"curves", curves()}};
    if (!multi_) to["confusion"] = confusion();
    return to;
  }

 private:
  static int part_of(const std::string& name) {
    const auto found = std::find(std::begin(kParts), std::end(kParts), name);
    if (found == std::end(kParts)) throw Error("split is '", name, "', expected train, val, test or none");
    return static_cast<int>(found - std::begin(kParts));
  }

  /// The class that a cell names, in the form of spreadsheet_text.h.
  size_t class_of_cell(const std::string& cell) { return class_of(text_of_spreadsheet(cell)); }

  size_t class_of(const std::string& name) {
    const auto [at, added] = index_.emplace(name, names_.size());
    if (added) {
      names_.push_back(name);
      for (PartCounts& part : parts_) part.widen(names_.size());
    }
    return at->second;
  }

  /// True if the cell holds several labels, such as 0|1|1, one for each column of probabilities.
  bool is_several(const std::string& cell) const {
    return !index_.contains(cell) && cell.size() + 1 == 2 * names_.size() &&
           cell.find_first_not_of("01|") == std::string::npos;
  }

  static double number(const std::string& cell) {
    char* end = nullptr;
    const double value = std::strtod(cell.c_str(), &end);
    if (cell.empty() || *end != '\0') throw Error("'", cell, "' is no probability");
    return value;
  }

  void single(const std::vector<std::string>& row, PartCounts& part, int which) {
    const size_t predicted = class_of_cell(row[3]);
    ++part.predicted[predicted];
    if (row[2].empty()) {
      --part.predicted[predicted];
      return;
    }
    const size_t label = class_of_cell(row[2]);
    ++part.labelled, ++part.support[label];
    const bool right = label == predicted;
    part.right += right, part.correct[label] += right, ++part.decisions;
    if (which == kNone || row.size() < 5) return;
    const double p = number(row[columns_ ? 4 + predicted : 4]);
    if (columns_) {
      part.log_loss -= std::log(std::max(1e-12, number(row[4 + label])));
      for (size_t c = 0; c < names_.size(); ++c) part.histograms[c].add(number(row[4 + c]), c == label);
    }
    if (which != kTest) return;
    calibrate(p, right);
    ++confused_[{label, predicted}];
  }

  void several(const std::vector<std::string>& row, PartCounts& part, bool test) {
    bool labelled = false;
    size_t at = 0;
    for (size_t c = 0; c < names_.size(); ++c) {
      const size_t bar = std::min(row[2].find('|', at), row[2].size());
      const std::string cell = row[2].substr(std::min(at, row[2].size()), bar - std::min(at, row[2].size()));
      at = bar + 1;
      if (cell.empty()) continue;
      labelled = true;
      const double p = number(row[4 + c]);
      const bool label = cell == "1", predicted = p > 0.5;
      ++part.decisions, part.right += label == predicted;
      part.support[c] += label, part.predicted[c] += predicted, part.correct[c] += label && predicted;
      part.log_loss -= std::log(std::max(1e-12, label ? p : 1 - p));
      if (!part.histograms.empty()) part.histograms[c].add(p, label);
      if (test) calibrate(p, label);
    }
    part.labelled += labelled;
  }

  void calibrate(double p, bool right) {
    CalibrationBin& bin = bins_[std::clamp(static_cast<int>(p * kCalibrationBins), 0, kCalibrationBins - 1)];
    ++bin.count, bin.confidence += p, bin.right += right;
  }

  Json splits() const {
    Json to = Json::array();
    for (int i = 0; i < 4; ++i) {
      const PartCounts& part = parts_[i];
      if (part.nodes == 0) continue;
      Json row = {{"split", kParts[i]}, {"nodes", part.nodes}, {"labelled", part.labelled}};
      if (i != kNone && part.decisions > 0) {
        double f1 = 0, seen = 0, auc = 0, areas = 0;
        for (size_t c = 0; c < names_.size(); ++c)
          if (const double of_class = part.f1(c); !std::isnan(of_class)) f1 += of_class, ++seen;
        const bool binary = names_.size() == 2 && !multi_;
        for (size_t c = binary ? 1 : 0; c < part.histograms.size(); ++c)
          if (const double area = curves_of(part.histograms[c]).roc_auc; !std::isnan(area)) auc += area, ++areas;
        row["accuracy"] = static_cast<double>(part.right) / static_cast<double>(part.decisions);
        row["macro_f1"] = json_number(ratio(f1, seen));
        row["roc_auc"] = json_number(ratio(auc, areas));
        row["log_loss"] = columns_ ? json_number(part.log_loss / static_cast<double>(part.decisions)) : Json();
      }
      to.push_back(std::move(row));
    }
    return to;
  }

  /// Classes from the largest `size` to the smallest, at most so many.
  template <class Size>
  std::vector<size_t> largest(size_t most, Size size) const {
    std::vector<size_t> order(names_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return size(a) > size(b); });
    order.resize(std::min(most, order.size()));
    return order;
  }

  Json balance() const {
    Json rows = Json::array();
    const auto all = [&](size_t c) {
      int64_t sum = 0;
      for (const PartCounts& part : parts_) sum += part.support[c];
      return sum;
    };
    for (const size_t c : largest(limits_.balance, all)) {
      Json row = {{"class", names_[c]}, {"nodes", all(c)}};
      for (int i = 0; i < 4; ++i) row[kParts[i]] = parts_[i].support[c];
      rows.push_back(std::move(row));
    }
    return {{"rows", rows}, {"left_out", names_.size() - rows.size()}};
  }

  Json calibration() const {
    Json rows = Json::array();
    double error = 0, count = 0;
    for (int b = 0; b < kCalibrationBins; ++b) {
      const CalibrationBin& bin = bins_[b];
      if (bin.count == 0) continue;
      const auto n = static_cast<double>(bin.count);
      error += std::abs(bin.confidence - bin.right), count += n;
      rows.push_back({{"from", b / static_cast<double>(kCalibrationBins)},
                      {"to", (b + 1) / static_cast<double>(kCalibrationBins)},
                      {"count", bin.count},
                      {"confidence", bin.confidence / n},
                      {"share", bin.right / n}});
    }
    return {{"bins", rows}, {"error", json_number(ratio(error, count))}};
  }

  /// The class for which nodes of class c were taken most often, or names_.size().
  std::pair<size_t, int64_t> mistaken_for(size_t c) const {
    std::pair<size_t, int64_t> most{names_.size(), 0};
    for (auto at = confused_.lower_bound({c, 0}); at != confused_.end() && at->first.first == c; ++at)
      if (at->first.second != c && at->second > most.second) most = {at->first.second, at->second};
    return most;
  }

  Json worst() const {
    const PartCounts& test = parts_[kTest];
    std::vector<size_t> there;
    for (size_t c = 0; c < names_.size(); ++c)
      if (test.support[c] > 0) there.push_back(c);
    std::stable_sort(there.begin(), there.end(), [&](size_t a, size_t b) { return test.f1(a) < test.f1(b); });
    const size_t all = there.size();
    there.resize(std::min(all, limits_.worst));
    Json rows = Json::array();
    for (const size_t c : there) {
      Json row = {{"class", names_[c]},
                  {"support", test.support[c]},
                  {"precision", json_number(test.precision(c))},
                  {"recall", json_number(test.recall(c))},
                  {"f1", json_number(test.f1(c))}};
      if (const auto [other, times] = mistaken_for(c); times > 0)
        row["mistaken_for"] = names_[other], row["times"] = times;
      rows.push_back(std::move(row));
    }
    return {{"rows", rows}, {"left_out", all - rows.size()}, {"without_test_nodes", names_.size() - all}};
  }

  Json curves() const {
    Json rows = Json::array();
    if (!columns_) return {{"rows", rows}, {"left_out", names_.size()}};
    const PartCounts& test = parts_[kTest];
    std::vector<size_t> shown = largest(limits_.curves, [&](size_t c) { return test.support[c]; });
    if (names_.size() == 2 && !multi_) shown = {1};
    size_t without = 0;
    for (const size_t c : shown) {
      const ScoreCurves curves = curves_of(test.histograms[c]);
      if (std::isnan(curves.roc_auc) && ++without) continue;
      rows.push_back({{"class", names_[c]},
                      {"positives", test.histograms[c].positives()},
                      {"negatives", test.histograms[c].negatives()},
                      {"roc_auc", curves.roc_auc},
                      {"average_precision", curves.average_precision},
                      {"roc", curves.roc},
                      {"precision_recall", curves.precision_recall}});
    }
    const bool binary = names_.size() == 2 && !multi_;
    return {{"rows", rows}, {"left_out", binary ? 0 : names_.size() - shown.size() + without}};
  }

  Json confusion() const {
    const PartCounts& test = parts_[kTest];
    const std::vector<size_t> shown = largest(limits_.confusion, [&](size_t c) { return test.support[c]; });
    const bool others = shown.size() < names_.size();
    const size_t size = shown.size() + others;
    std::vector<size_t> place(names_.size(), shown.size());
    Json names = Json::array();
    for (size_t i = 0; i < shown.size(); ++i) place[shown[i]] = i, names.push_back(names_[shown[i]]);
    std::vector<std::vector<int64_t>> rows(size, std::vector<int64_t>(size, 0));
    for (const auto& [pair, count] : confused_) rows[place[pair.first]][place[pair.second]] += count;
    return {{"classes", names}, {"others", names_.size() - shown.size()}, {"rows", rows}};
  }

  const QualityLimits limits_;
  bool columns_ = false, multi_ = false;
  int64_t total_ = 0;
  std::vector<std::string> names_;
  std::unordered_map<std::string, size_t> index_;
  PartCounts parts_[4];
  std::vector<CalibrationBin> bins_ = std::vector<CalibrationBin>(kCalibrationBins);
  std::map<std::pair<size_t, size_t>, int64_t> confused_;  ///< (label, predicted) of the test nodes
};

/// The next record's text, over several lines where a cell in quotes is; false at the end.
bool next_record(std::istream& file, std::string& record, int64_t& line) {
  record.clear();
  std::string text;
  while (std::getline(file, text)) {
    ++line;
    record += text;
    if (std::count(record.begin(), record.end(), '"') % 2 == 0) return true;
    record += '\n';
  }
  return false;
}

}  // namespace

std::vector<std::string> csv_record(std::string_view text, size_t& at) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"')
        cells.back() += c;
      else if (at + 1 < text.size() && text[at + 1] == '"')
        cells.back() += text[++at];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

Json prediction_quality(const std::filesystem::path& path, const QualityLimits& limits) {
  InputStream file(path);
  std::string text;
  int64_t line = 0;
  const auto cells = [&] {
    size_t at = 0;
    return csv_record(text, at);
  };
  const bool any = next_record(file, text, line);
  const std::vector<std::string> head = any ? cells() : std::vector<std::string>();
  if (head.size() < 5 || head[0] != "node" || head[1] != "split" || head[2] != "label" || head[3] != "predicted")
    throw Error(path.string(),
                ": line 1 is no head of predictions; expected node, split, label, predicted and probabilities");
  Quality quality(head, limits);
  while (next_record(file, text, line)) {
    const std::vector<std::string> row = cells();
    if (row.size() != head.size())
      throw Error(path.string(), ": line ", line, " has ", row.size(), " cells, expected ", head.size());
    try {
      quality.add(row);
    } catch (const Error& e) {
      throw Error(path.string(), ": line ", line, ": ", e.what());
    }
  }
  return quality.json();
}

}  // namespace graphsieve
