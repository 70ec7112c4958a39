// SPDX-License-Identifier: Apache-2.0
// The section about the quality of a run's predictions.
#include <fmt/format.h>

#include <algorithm>

#include "graphsieve/report/page_text.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;
using html::escape, html::number, html::percent, html::whole, html::words;

/// Writes the figures of numbers to predict by part of the split.
void number_splits(const Json& splits, PageText& page) {
  html::Table t{"By part of the split",
                {"part", "nodes", "with a number", "root mean squared error", "mean absolute error", "R²"},
                {}};
  for (const Json& part : splits)
    t.rows.push_back({words(at(part, "split")), whole(at(part, "nodes")), whole(at(part, "labelled")),
                      number(at(part, "rmse")), number(at(part, "mae")), number(at(part, "r2"))});
  page.table(t);
}

/// Writes predicted against true values and the residuals of one number.
void one_number(const Json& one, PageText& page) {
  const std::string name = words(at(one, "name"));
  page.sub(fmt::format("Number {}", name));
  page.list({{"test nodes", whole(at(one, "nodes"))},
             {"root mean squared error", number(at(one, "rmse"))},
             {"mean absolute error", number(at(one, "mae"))},
             {"R²", number(at(one, "r2"))},
             {"mean of the training nodes", number(at(one, "mean"))},
             {"deviation of the training nodes", number(at(one, "deviation"))}});
  const Json &points = at(one, "points"), &residuals = at(one, "residuals");
  if (points.empty()) return;
  html::Table pairs{"Predicted and true values of test nodes", {"", "true", "predicted"}, {}};
  double least = points[0][0].get<double>(), most = least;
  for (const Json& point : points) {
    least = std::min(least, point[0].get<double>()), most = std::max(most, point[0].get<double>());
    pairs.rows.push_back({"node", number(point[0]), number(point[1])});
  }
  for (const double end : {least, most}) pairs.rows.push_back({"equal", number(end), number(end)});
  html::Table bins{"Residuals: prediction minus true value", {"residual", "test nodes"}, {}};
  for (const Json& bin : residuals) bins.rows.push_back({number(at(bin, "residual")), whole(at(bin, "nodes"))});
  page.raw("<div class=\"beside\">\n");
  page.chart({"Predicted against true", "curves", "Predicted against true values, test nodes", "points"}, pairs);
  page.chart({"Residuals", "bar", "Test nodes by residual:1", ""}, bins);
  page.raw("</div>\n");
}

/// Writes the quality of predicted numbers.
void numbers(const Json& quality, PageText& page) {
  number_splits(at(quality, "splits"), page);
  for (const Json& one : at(quality, "numbers")) one_number(one, page);
  html::Table t{"Test nodes with the largest errors", {"node", "true", "predicted", "error, in deviations"}, {}};
  for (const Json& row : at(quality, "errors"))
    t.rows.push_back(
        {words(at(row, "node")), words(at(row, "label")), words(at(row, "predicted")), number(at(row, "deviations"))});
  if (!t.rows.empty()) page.table(t);
}

void splits(const Json& splits, PageText& page) {
  html::Table t{
      "By part of the split",
      {"part", "nodes", "labelled", "accuracy", "balanced", "macro F1", "ROC AUC", "average precision", "log loss"},
      {}};
  for (const Json& part : splits)
    t.rows.push_back({words(at(part, "split")), whole(at(part, "nodes")), whole(at(part, "labelled")),
                      percent(at(part, "accuracy")), percent(part.value("balanced_accuracy", Json())),
                      percent(at(part, "macro_f1")), percent(at(part, "roc_auc")),
                      percent(part.value("average_precision", Json())), number(at(part, "log_loss"))});
  page.table(t);
}

/// Writes the confusion matrix, a table whose cells are shaded by their share of the row. With many classes, the last
/// row and column are all other classes.
void confusion(const Json& confusion, PageText& page) {
  if (!confusion.is_object()) return;
  std::vector<std::string> names;
  for (const Json& name : at(confusion, "classes")) names.push_back(words(name));
  const Json& rows = at(confusion, "rows");
  if (rows.size() > names.size()) names.push_back(fmt::format("{} others", whole(at(confusion, "others"))));
  page.sub("Confusion on the test nodes");
  std::string body =
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Confusion matrix\"><table><caption>Nodes; a "
      "row is a label, a column a prediction; shaded by share of the row</caption>\n"
      "<thead><tr><th scope=\"col\">label</th>";
  for (const std::string& name : names) body += fmt::format("<th scope=\"col\" class=\"n\">{}</th>", escape(name));
  body += "</tr></thead>\n<tbody>\n";
  for (size_t r = 0; r < rows.size(); ++r) {
    double sum = 0;
    for (const Json& count : rows[r]) sum += count.get<double>();
    body += fmt::format("<tr><th scope=\"row\">{}</th>", escape(names[r]));
    for (const Json& count : rows[r])
      body += fmt::format("<td class=\"heat\" style=\"--share:{:.3f}\">{}</td>",
                          sum > 0 ? count.get<double>() / sum : 0, whole(count));
    body += "</tr>\n";
  }
  page.raw(body + "</tbody></table></div>\n");
}

/// Writes the classes with the lowest F1, and the class that each is most often taken for.
void worst(const Json& worst, PageText& page) {
  if (!worst.is_object()) return;
  html::Table t{"Classes with the lowest F1 on the test nodes",
                {"class", "test nodes", "precision", "recall", "F1", "most often taken for"},
                {}};
  for (const Json& row : at(worst, "rows")) {
    const bool mistaken = at(row, "mistaken_for").is_string();
    t.rows.push_back(
        {words(at(row, "class")), whole(at(row, "support")), percent(at(row, "precision")), percent(at(row, "recall")),
         percent(at(row, "f1")),
         mistaken ? fmt::format("{} ({} times)", words(at(row, "mistaken_for")), whole(at(row, "times"))) : ""});
  }
  page.table(t);
  page.note_left_out(at(worst, "left_out"), "classes with a higher F1");
  page.note_left_out(at(worst, "without_test_nodes"), "classes without test nodes");
}

/// Writes the calibration: for each bin of probabilities, the share of correct predictions.
void calibration(const Json& calibration, PageText& page) {
  if (at(calibration, "bins").empty()) return;
  html::Table t{"Test nodes by the probability that they were given",
                {"mean probability", words(at(calibration, "share_of")), "decisions"},
                {}};
  for (const Json& bin : at(calibration, "bins"))
    t.rows.push_back({number(at(bin, "confidence")), number(at(bin, "share")), whole(at(bin, "count"))});
  page.chart({fmt::format("Calibration: expected error {}", percent(at(calibration, "error"))), "line", "Calibration:1",
              "unit diagonal"},
             t);
}

/// Writes what a threshold, or a number of nodes to look at, means for the positive class.
void positive_class(const Json& positive, PageText& page) {
  if (!positive.is_object()) return;
  const std::string name = words(at(positive, "class"));
  page.sub(fmt::format("The positive class: {}", name));
  if (at(positive, "threshold").is_number())
    page.note(fmt::format("Nodes are predicted to be {} from a probability of {} on.", name,
                          number(at(positive, "threshold"))));
  if (at(positive, "temperature") != 1)
    page.note(fmt::format("Probabilities are calibrated: the outputs are divided by {}.",
                          number(at(positive, "temperature"))));
  html::Table t{"Test nodes that a threshold would select", {"threshold", "nodes", "precision", "recall", "F1"}, {}};
  for (const Json& row : at(positive, "thresholds"))
    t.rows.push_back({number(at(row, "threshold")), whole(at(row, "predicted")), percent(at(row, "precision")),
                      percent(at(row, "recall")), percent(at(row, "f1"))});
  page.table(t);
  if (at(positive, "first").empty()) return;
  html::Table first{fmt::format("Test nodes with the largest probability of {}", name),
                    {"nodes looked at", "precision", "recall"},
                    {}};
  for (const Json& row : at(positive, "first"))
    first.rows.push_back({whole(at(row, "k")), percent(at(row, "precision")), percent(at(row, "recall"))});
  page.table(first);
}

/// Writes the test nodes whose label got the least probability.
void errors(const Json& rows, PageText& page) {
  if (!rows.is_array() || rows.empty()) return;
  html::Table t{"Test nodes whose label got the least probability",
                {"node", "label", "predicted", "probability of the label"},
                {}};
  for (const Json& row : rows)
    t.rows.push_back({words(at(row, "node")), words(at(row, "label")), words(at(row, "predicted")),
                      percent(at(row, "probability"))});
  page.table(t);
}

void areas(const Json& rows, PageText& page) {
  html::Table t{"Areas under the curves, one class against the others",
                {"class", "test nodes with it", "ROC AUC", "average precision"},
                {}};
  for (const Json& row : rows)
    t.rows.push_back({words(at(row, "class")), whole(at(row, "positives")), percent(at(row, "roc_auc")),
                      percent(at(row, "average_precision"))});
  page.table(t);
}

/// Returns the points of one kind of curve, for all classes.
html::Table curve_table(const Json& rows, const char* key, const char* caption, const char* x, const char* y) {
  html::Table t{caption, {"class", x, y}, {}};
  for (const Json& row : rows)
    for (const Json& p : at(row, key)) t.rows.push_back({words(at(row, "class")), number(p[0]), number(p[1])});
  return t;
}

void curves(const Json& curves, PageText& page) {
  const Json& rows = at(curves, "rows");
  if (rows.empty()) return;
  page.chart({"ROC", "curves", "ROC curves, test nodes", "unit diagonal"},
             curve_table(rows, "roc", "ROC curves", "false positive rate", "true positive rate"));
  page.chart({"Precision and recall", "curves", "Precision-recall curves, test nodes", "unit"},
             curve_table(rows, "precision_recall", "Precision-recall curves", "recall", "precision"));
}

}  // namespace

void write_quality(const Json& run, const std::string& of, PageText& page) {
  const Json &quality = at(run, "detail", "quality"), &member = at(run, "detail", "run");
  if (!quality.is_object()) return;
  page.open("How good it is", of);
  const Json& simple = at(run, "detail", "baselines");
  page.list(
      {{metric_words(run) + ", validation", metric_value(run, at(member, "val"))},
       {metric_words(run) + ", test", metric_value(run, at(member, "test"))},
       {metric_words(run) + ", test, guessing", metric_value(run, at(simple, "guess", "test"))},
       {metric_words(run) + ", test, linear model without edges", metric_value(run, at(simple, "linear", "test"))}});
  for (const Json& text : run.at("detail").value("shifts", Json::array()))
    page.note("Test nodes against training nodes: " + words(text) + ".");
  if (at(quality, "task") == "numbers") return numbers(quality, page);
  splits(at(quality, "splits"), page);
  confusion(at(quality, "confusion"), page);
  positive_class(quality.value("positive", Json()), page);
  worst(at(quality, "worst"), page);
  const Json& shown = at(quality, "curves");
  if (!at(shown, "rows").empty()) areas(at(shown, "rows"), page);
  page.raw("<div class=\"beside\">\n");
  calibration(at(quality, "calibration"), page);
  curves(shown, page);
  page.raw("</div>\n");
  if (!at(shown, "rows").empty()) page.note_left_out(at(shown, "left_out"), "other classes");
  errors(quality.value("errors", Json()), page);
}

}  // namespace graphsieve
