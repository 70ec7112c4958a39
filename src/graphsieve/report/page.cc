// The page's sections, from the report's JSON alone. Fields may be missing or null: then their part is not there.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "graphsieve/base/random.h"
#include "graphsieve/io/json_number.h"
#include "graphsieve/report/html.h"
#include "graphsieve/report/page_assets.h"
#include "graphsieve/report/report.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;
using html::bytes, html::escape, html::number, html::percent, html::seconds, html::table, html::whole, html::words;

constexpr size_t kPictured = 14;  ///< neighbours in a picture

/// The member, or null. The report outlives what is taken of it.
const Json& at(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

const Json& at(const Json& object, const char* key, const char* next) { return at(at(object, key), next); }

std::string name_of(const Json& run) {
  const std::string folder = words(at(run, "folder"));
  return folder.substr(folder.find_last_of('/') + 1);
}

class Page {
 public:
  explicit Page(const Json& report) : report_(report), runs_(at(report, "runs")) {}

  std::string text() {
    const std::string graph = words(at(report_, "graph", "name"));
    heading_ = runs_.empty() ? graph : str_of(graph, ": ", name_of(runs_[0]), runs_.size() > 1 ? " and others" : "");
    summary();
    if (runs_.size() > 1) comparison();
    for (const Json& node : at(report_, "explained")) explained(node);
    graph_section();
    for (const Json& run : runs_)
      if (at(run, "detail").is_object()) run_sections(run);
    missing();
    return whole_page();
  }

 private:
  template <class... Parts>
  static std::string str_of(const Parts&... parts) {
    return (std::string() + ... + parts);
  }

  void open(const std::string& title) {
    const std::string id = fmt::format("section-{}", sections_.size() + 1);
    sections_.emplace_back(id, title);
    body_ += fmt::format("<h2 id=\"{}\">{}</h2>\n", id, escape(title));
  }
  void sub(const std::string& title) { body_ += fmt::format("<h3>{}</h3>\n", escape(title)); }
  void say(const std::string& text, const char* style = "") {
    body_ += fmt::format("<p{}>{}</p>\n", style, escape(text));
  }
  void note(const std::string& text) { say(text, " class=\"note\""); }
  void list(const std::vector<std::pair<std::string, std::string>>& items) {
    body_ += "<dl>\n";
    for (const auto& [what, value] : items)
      if (!value.empty()) body_ += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape(what), escape(value));
    body_ += "</dl>\n";
  }

  static std::string left_out(const Json& count, const char* what) {
    return count.is_number() && count > 0 ? fmt::format("{} {} are left out.", whole(count), what) : "";
  }
  void note_left_out(const Json& count, const char* what) {
    if (const std::string text = left_out(count, what); !text.empty()) note(text);
  }

  static std::string mean_and_deviation(const Json& run) {
    const std::string mean = percent(at(run, "test_mean"));
    const bool several = at(run, "runs").size() > 1;
    return several && !mean.empty()
               ? fmt::format("{} ± {}", mean.substr(0, mean.size() - 2), percent(at(run, "test_std")))
               : mean;
  }

  void summary() {
    if (runs_.empty()) return;
    const Json &graph = at(report_, "graph"), &run = runs_[0], &member = at(run, "runs")[0],
               &network = at(member, "network");
    std::string text = fmt::format("{} on {} ({} nodes, {}): {} {} on the test nodes", words(at(run, "model")),
                                   words(at(graph, "name")), whole(at(graph, "nodes")), edges_of(graph),
                                   words(at(run, "metric")), mean_and_deviation(run));
    if (at(run, "runs").size() > 1) text += fmt::format(" over {} runs", at(run, "runs").size());
    if (network.is_object() && at(run, "model") == "spexphormer")
      text += fmt::format(", with {} of the attention edges", percent(at(network, "edge_share")));
    body_ += fmt::format("<p class=\"lead\">{}.</p>\n", escape(text));
  }

  static std::string edges_of(const Json& graph) {
    const Json& facts = at(graph, "facts");
    if (!facts.is_object()) return whole(at(graph, "edges")) + " edges, both directions counted";
    return fmt::format("{} {} edges", whole(at(facts, "edges")),
                       at(facts, "directed") == true ? "directed" : "undirected");
  }

  // Several runs.

  void comparison() {
    open("Comparison");
    html::Table t{"Runs on this graph",
                  {"run", "model", "width", "k", "parameters", "validation", "test", "edges kept", "seconds",
                   "peak resident MiB", "compressed by"},
                  {}};
    html::Table bars{"Test metric of each run, percent", {"run", "test"}, {}};
    for (const Json& run : runs_) {
      const Json &member = at(run, "runs")[0],
                 &stage = at(member, "network").is_object() ? at(member, "network") : at(member, "estimator");
      t.rows.push_back({name_of(run), words(at(run, "model")), words(at(run, "width")), words(at(member, "k")),
                        whole(at(stage, "parameters")), percent(at(member, "val")), mean_and_deviation(run),
                        percent(at(stage, "edge_share")), number(at(run, "seconds")),
                        html::mebibytes(at(run, "peak_rss_bytes")), words(at(run, "compression", "method"))});
      bars.rows.push_back({name_of(run), percent(at(run, "test_mean"))});
    }
    body_ += table(t);
    body_ += html::chart(
        {"Test metric", "bar", words(at(runs_[0], "metric")) + " on the test nodes, percent:1", "horizontal"}, bars);
    bool differ = false;
    for (const Json& run : runs_) differ |= at(run, "metric") != at(runs_[0], "metric");
    if (differ) note("The runs were measured by different metrics; their values cannot be compared.");
  }

  // The graph.

  void graph_section() {
    const Json &graph = at(report_, "graph"), &facts = at(graph, "facts"), &degrees = at(facts, "degrees");
    open("The graph");
    std::string homophily;
    if (at(facts, "homophily").is_number())
      homophily = fmt::format("{} of the edges join equal labels; {} would by chance", percent(at(facts, "homophily")),
                              percent(at(facts, "chance_homophily")));
    std::string degree;
    if (degrees.is_object())
      degree = fmt::format("median {}, 90 % {}, 99 % {}, largest {}", whole(at(degrees, "median")),
                           whole(at(degrees, "p90")), whole(at(degrees, "p99")), whole(at(degrees, "max")));
    list({{"name", words(at(graph, "name"))},
          {"source", words(at(graph, "source"))},
          {"nodes", whole(at(graph, "nodes"))},
          {"edges", edges_of(graph)},
          {"attention edges", fmt::format("{}, the edges of the attention graph", whole(at(graph, "attention_edges")))},
          {"expander's spectral gap", number(at(graph, "expander_spectral_gap"))},
          {"features", whole(at(graph, "features"))},
          {at(facts, "multi_label") == true ? "labels a node" : "classes", whole(at(graph, "classes"))},
          {"nodes without a label", whole(at(facts, "unlabelled"))},
          {"nodes without an edge", whole(at(facts, "isolated"))},
          {"degree", degree},
          {"homophily", homophily},
          {"fingerprint", words(at(graph, "fingerprint"))}});
    for (const Json& n : at(facts, "notes")) note(words(n));
    if (const Json& types = at(facts, "edge_types"); !types.empty()) {
      html::Table t{"Edges of each type", {"type", "edges"}, {}};
      for (const Json& type : types) t.rows.push_back({words(at(type, "name")), whole(at(type, "edges"))});
      body_ += table(t);
    }
    if (const Json& bins = at(facts, "degree_bins"); !bins.empty()) {
      html::Table t{"Nodes by degree", {"degree", "nodes"}, {}};
      for (const Json& bin : bins) {
        const bool one = at(bin, "from") == at(bin, "to");
        t.rows.push_back({one ? whole(at(bin, "from")) : whole(at(bin, "from")) + " to " + whole(at(bin, "to")),
                          whole(at(bin, "nodes"))});
      }
      body_ += html::chart({"Degrees", "bar", "Nodes by degree (both scales logarithmic):1", "log"}, t);
    }
    balance();
  }

  void balance() {
    for (const Json& run : runs_) {
      const Json &quality = at(run, "detail", "quality"), &balance = at(quality, "class_balance");
      if (!balance.is_object()) continue;
      html::Table t{
          "Labelled nodes of each class, by part of the split", {"class", "train", "val", "test", "none", "all"}, {}};
      for (const Json& row : at(balance, "rows"))
        t.rows.push_back({words(at(row, "class")), whole(at(row, "train")), whole(at(row, "val")),
                          whole(at(row, "test")), whole(at(row, "none")), whole(at(row, "nodes"))});
      body_ += html::chart({"Classes", "bar", "Nodes of each class:1,2,3,4", "stacked"}, t);
      note_left_out(at(balance, "left_out"), "smaller classes");
      return;
    }
  }

  // One run.

  void run_sections(const Json& run) {
    const Json& detail = at(run, "detail");
    several_ = runs_.size() > 1 ? name_of(run) + ": " : "";
    done(run, detail);
    training(detail);
    kept(detail);
    cost(run, detail);
    quality(run, detail);
    compression(run);
  }

  std::string of_run(const std::string& title) const { return several_.empty() ? title : several_ + title; }

  void done(const Json& run, const Json& detail) {
    open(of_run("What was done"));
    const Json &member = at(detail, "run"), &recipe = at(detail, "recipe");
    list({{"run folder", words(at(run, "folder"))},
          {"model", words(at(run, "model"))},
          {"recipe", words(at(run, "recipe"))},
          {"split and seed", fmt::format("{} and {}", words(at(member, "split")), words(at(member, "seed")))},
          {"best epoch", whole(at(member, "best_epoch"))},
          {"k of each layer", words(at(member, "k"))},
          {"graphsieve", words(at(run, "version"))}});
    if (at(run, "runs").size() > 1) {
      note(fmt::format("The folder sums up {} runs; what follows is of {}.", at(run, "runs").size(), name_of(detail)));
      html::Table t{"Every run", {"split", "seed", "validation", "test", "best epoch"}, {}};
      for (const Json& m : at(run, "runs"))
        t.rows.push_back({words(at(m, "split")), words(at(m, "seed")), percent(at(m, "val")), percent(at(m, "test")),
                          whole(at(m, "best_epoch"))});
      body_ += table(t);
    }
    if (at(detail, "command").is_string()) {
      sub("How to repeat it");
      body_ += fmt::format("<pre><code>{}</code></pre>\n", escape(words(at(detail, "command"))));
    }
    if (const Json& changes = at(recipe, "changes"); recipe.is_object()) {
      const std::string published = words(at(recipe, "published"));
      if (changes.empty()) {
        say(fmt::format("Every constant is that of the published recipe {}.", published));
      } else {
        html::Table t{"What differs from the published recipe " + published, {"key", "this run", "published"}, {}};
        for (const Json& c : changes)
          t.rows.push_back({words(at(c, "key")), words(at(c, "value")), words(at(c, "published"))});
        body_ += table(t);
      }
    }
    if (const Json& layers = at(detail, "epsilon", "layers"); layers.is_array()) {
      html::Table t{fmt::format("k chosen so that the error ({}) is at most {}",
                                words(at(detail, "epsilon", "epsilon_of")), number(at(detail, "epsilon", "epsilon"))),
                    {"layer", "k", "error", "within"},
                    {}};
      for (size_t l = 0; l < layers.size(); ++l)
        t.rows.push_back({std::to_string(l), words(at(layers[l], "chosen")), number(at(layers[l], "error")),
                          at(layers[l], "within") == true ? "yes" : "no"});
      body_ += table(t);
    }
  }

  void training(const Json& detail) {
    const Json& curves = at(detail, "curves");
    if (curves.empty()) return;
    open(of_run("How training went"));
    for (const Json& stage : curves) {
      html::Table t{"Epochs of the " + words(at(stage, "stage")), {"epoch"}, {}};
      std::vector<const Json*> columns;
      std::string panels;
      const auto add = [&](const char* title, const std::vector<std::pair<const char*, const char*>>& keys) {
        std::string numbers;
        for (const auto& [key, head] : keys) {
          const Json& column = at(stage, key);
          if (column.empty() || std::all_of(column.begin(), column.end(), [](const Json& x) { return x.is_null(); }))
            continue;
          columns.push_back(&column);
          t.head.emplace_back(head);
          numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", columns.size());
        }
        if (!numbers.empty()) panels += fmt::format("{}{}:{}", panels.empty() ? "" : ";", title, numbers);
      };
      add("Loss", {{"loss", "loss"}});
      add("Metric", {{"val", "validation"}, {"test", "test"}});
      add("Learning rate", {{"lr", "learning rate"}});
      if (at(stage, "stage") == "estimator") add("Temperature", {{"temperature", "temperature"}});
      add("Norms", {{"grad_norm", "gradient"}, {"operator_norm", "maps, mean"}, {"vector_norm", "vectors, mean"}});
      const Json& epochs = at(stage, "epoch");
      for (size_t i = 0; i < epochs.size(); ++i) {
        std::vector<std::string> row = {words(epochs[i])};
        for (const Json* column : columns) row.push_back(number((*column)[i]));
        t.rows.push_back(std::move(row));
      }
      body_ += html::chart({of_run("Stage: " + words(at(stage, "stage"))), "line", panels, ""}, t);
      if (at(stage, "epochs") > epochs.size())
        note(fmt::format("{} of {} epochs are shown.", epochs.size(), whole(at(stage, "epochs"))));
      if (at(stage, "starts").is_number())
        note(fmt::format("The best of {} random starts is shown.", words(at(stage, "starts"))));
    }
  }

  void kept(const Json& detail) {
    const Json& attention = at(detail, "attention");
    if (!attention.is_object()) return;
    open(of_run("What was kept"));
    say(
        fmt::format("The estimator's attention on the edges into a node sums to 1 in every layer. Of these edges {} "
                    "keeps k a node; "
                    "what it kept in epoch {} is counted here over {}{} nodes.",
                    words(at(attention, "sampler")), words(at(attention, "epoch")),
                    whole(at(attention, "destinations")), at(attention, "sampled") == true ? " drawn" : ""));
    html::Table t{"Attention and edges kept, percent; by layer and type of edge",
                  {"layer and type", "edges", "edges kept", "share of edges kept", "attention, percent",
                   "attention kept, percent"},
                  {}};
    html::Table curve{"Attention on the edges that k in-edges a node keep, percent", {"k"}, {}};
    size_t rows = 0;
    for (const Json& layer : at(attention, "layers")) {
      const std::string l = words(at(layer, "layer"));
      for (const Json& type : at(layer, "types")) {
        const double edges = number_of(at(type, "edges")), of = number_of(at(type, "kept"));
        t.rows.push_back({fmt::format("{}, {}", l, words(at(type, "type"))), whole(at(type, "edges")),
                          whole(at(type, "kept")), percent(of / edges), bare_percent(at(type, "mass")),
                          bare_percent(at(type, "kept_mass"))});
      }
      t.rows.push_back({fmt::format("{}, all", l), "", "", percent(at(layer, "kept_edges")), "100.00",
                        bare_percent(at(layer, "kept_mass"))});
      curve.head.push_back(fmt::format("layer {}, drawn", l));
      curve.head.push_back(fmt::format("layer {}, heaviest", l));
      rows = std::max(rows, at(layer, "drawn").size());
    }
    body_ +=
        html::chart({"By layer and type of edge", "bar", "Attention, and how much of it is kept, percent:4,5", ""}, t);
    std::string columns;
    for (size_t c = 1; c < curve.head.size(); ++c) columns += fmt::format("{}{}", c > 1 ? "," : "", c);
    for (size_t k = 0; k < rows; ++k) {
      std::vector<std::string> row = {std::to_string(k + 1)};
      for (const Json& layer : at(attention, "layers"))
        for (const char* key : {"drawn", "heaviest"}) row.push_back(bare_percent(at(layer, key)[k]));
      curve.rows.push_back(std::move(row));
    }
    body_ += html::chart({"Attention covered by k", "line", "Attention on k in-edges a node, percent:" + columns, ""},
                         curve);
  }

  static std::string bare_percent(const Json& share) {
    return share.is_number() ? fmt::format("{:.2f}", 100 * share.get<double>()) : "";
  }

  void cost(const Json& run, const Json& detail) {
    open(of_run("What it cost"));
    const Json &member = at(detail, "run"), &planned = at(detail, "planned");
    html::Table time{"Seconds by part", {"part", "seconds"}, {}};
    html::Table memory{"Memory, MiB", {"what", "MiB"}, {}};
    html::Table stages{"The stages",
                       {"stage", "epochs", "parameters", "time", "tensors at most", "large arrays at most",
                        "resident at most", "planned"},
                       {}};
    double sum = 0;
    for (const char* name : {"estimator", "network"}) {
      const Json& stage = at(member, name);
      if (!stage.is_object()) continue;
      const double all = number_of(at(stage, "seconds")),
                   drawing = at(stage, "sampling_seconds").is_number() ? number_of(at(stage, "sampling_seconds")) : 0,
                   waiting = at(stage, "waiting_seconds").is_number() ? number_of(at(stage, "waiting_seconds")) : 0;
      sum += all;
      time.rows.push_back({fmt::format("{}: steps and evaluations", name), number(std::max(0.0, all - waiting))});
      if (waiting > 0) time.rows.push_back({fmt::format("{}: waiting for batches", name), number(waiting)});
      if (drawing > 0)
        time.rows.push_back({fmt::format("{}: drawing edges (partly beside the steps)", name), number(drawing)});
      stages.rows.push_back({name, whole(at(stage, "epochs")), whole(at(stage, "parameters")),
                             seconds(at(stage, "seconds")), bytes(at(stage, "peak_tensor_bytes")),
                             bytes(at(stage, "peak_ram_bytes")), bytes(at(stage, "peak_resident_bytes")),
                             bytes(at(at(planned, "stages"), name))});
      memory.rows.push_back(
          {fmt::format("{}: measured, resident", name), html::mebibytes(at(stage, "peak_resident_bytes"))});
      if (at(at(planned, "stages"), name).is_number())
        memory.rows.push_back({fmt::format("{}: planned", name), html::mebibytes(at(at(planned, "stages"), name))});
    }
    const bool alone = at(run, "runs").size() == 1;
    if (alone && at(run, "seconds").is_number())
      time.rows.push_back({"scores, predictions, files", number(std::max(0.0, number_of(at(run, "seconds")) - sum))});
    if (at(planned, "full_exphormer_bytes").is_number())
      memory.rows.push_back({"full Exphormer: planned", html::mebibytes(at(planned, "full_exphormer_bytes"))});
    body_ += table(stages);
    body_ += html::chart({"Time", "bar", "Seconds by part:1", "horizontal"}, time);
    body_ += html::chart({"Memory", "bar", "MiB:1", "horizontal"}, memory);
    if (at(planned, "full_attention_bytes").is_number())
      note(
          fmt::format("Planned is what plan says without a limit of memory; the full Exphormer has the same widths on "
                      "all edges of the "
                      "attention graph. Attention from every node to every other would take {} for its matrices alone.",
                      bytes(at(planned, "full_attention_bytes"))));
    list({{"whole run", seconds(at(run, "seconds"))}, {"resident at most", bytes(at(run, "peak_rss_bytes"))}});
  }

  void quality(const Json& run, const Json& detail) {
    const Json &quality = at(detail, "quality"), &member = at(detail, "run");
    if (!quality.is_object()) return;
    open(of_run("How good it is"));
    const bool multi = at(quality, "multi_label") == true;
    list({{words(at(run, "metric")) + ", validation", percent(at(member, "val"))},
          {words(at(run, "metric")) + ", test", percent(at(member, "test"))}});
    html::Table parts{
        "By part of the split", {"part", "nodes", "labelled", "accuracy", "macro F1", "ROC AUC", "log loss"}, {}};
    for (const Json& part : at(quality, "splits"))
      parts.rows.push_back({words(at(part, "split")), whole(at(part, "nodes")), whole(at(part, "labelled")),
                            percent(at(part, "accuracy")), percent(at(part, "macro_f1")), percent(at(part, "roc_auc")),
                            number(at(part, "log_loss"))});
    body_ += table(parts);
    confusion(at(quality, "confusion"));
    worst(at(quality, "worst"));
    calibration(at(quality, "calibration"), multi);
    curves(at(quality, "curves"));
  }

  void confusion(const Json& confusion) {
    if (!confusion.is_object()) return;
    sub("Confusion on the test nodes");
    std::vector<std::string> names;
    for (const Json& name : at(confusion, "classes")) names.push_back(words(name));
    const Json &rows = at(confusion, "rows"), &others = at(confusion, "others");
    if (rows.size() > names.size()) names.push_back(fmt::format("{} others", whole(others)));
    body_ +=
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix\"><table><caption>Nodes; a "
        "row is a "
        "label, a column a prediction; shaded by share of the row</caption>\n<thead><tr><th scope=\"col\">label</th>";
    for (const std::string& name : names) body_ += fmt::format("<th scope=\"col\">{}</th>", escape(name));
    body_ += "</tr></thead>\n<tbody>\n";
    for (size_t r = 0; r < rows.size(); ++r) {
      double sum = 0;
      for (const Json& count : rows[r]) sum += count.get<double>();
      body_ += fmt::format("<tr><th scope=\"row\">{}</th>", escape(names[r]));
      for (const Json& count : rows[r])
        body_ += fmt::format("<td class=\"heat\" style=\"--share:{:.3f}\">{}</td>",
                             sum > 0 ? count.get<double>() / sum : 0, whole(count));
      body_ += "</tr>\n";
    }
    body_ += "</tbody></table></div>\n";
  }

  void worst(const Json& worst) {
    if (!worst.is_object()) return;
    html::Table t{"Classes with the lowest F1 on the test nodes",
                  {"class", "test nodes", "precision", "recall", "F1", "most often taken for"},
                  {}};
    for (const Json& row : at(worst, "rows")) {
      const bool mistaken = at(row, "mistaken_for").is_string();
      t.rows.push_back(
          {words(at(row, "class")), whole(at(row, "support")), percent(at(row, "precision")),
           percent(at(row, "recall")), percent(at(row, "f1")),
           mistaken ? fmt::format("{} ({} times)", words(at(row, "mistaken_for")), whole(at(row, "times"))) : ""});
    }
    body_ += table(t);
    note_left_out(at(worst, "left_out"), "classes with a higher F1");
    note_left_out(at(worst, "without_test_nodes"), "classes without test nodes");
  }

  void calibration(const Json& calibration, bool multi) {
    if (at(calibration, "bins").empty()) return;
    html::Table t{"Test nodes by the probability that they were given",
                  {"mean probability", multi ? "share with the label" : "share predicted rightly", "decisions"},
                  {}};
    for (const Json& bin : at(calibration, "bins"))
      t.rows.push_back({number(at(bin, "confidence")), number(at(bin, "share")), whole(at(bin, "count"))});
    body_ += html::chart({fmt::format("Calibration: expected error {}", percent(at(calibration, "error"))), "line",
                          "Calibration:1", "unit diagonal"},
                         t);
  }

  void curves(const Json& curves) {
    if (at(curves, "rows").empty()) return;
    html::Table areas{"Areas under the curves, one class against the others",
                      {"class", "test nodes with it", "ROC AUC", "average precision"},
                      {}};
    html::Table roc{"ROC curves", {"class", "false positive rate", "true positive rate"}, {}};
    html::Table pr{"Precision-recall curves", {"class", "recall", "precision"}, {}};
    for (const Json& row : at(curves, "rows")) {
      const std::string name = words(at(row, "class"));
      areas.rows.push_back(
          {name, whole(at(row, "positives")), percent(at(row, "roc_auc")), percent(at(row, "average_precision"))});
      for (const Json& p : at(row, "roc")) roc.rows.push_back({name, number(p[0]), number(p[1])});
      for (const Json& p : at(row, "precision_recall")) pr.rows.push_back({name, number(p[0]), number(p[1])});
    }
    body_ += table(areas);
    body_ += html::chart({"ROC", "curves", "ROC curves, test nodes", "unit diagonal"}, roc);
    body_ += html::chart({"Precision and recall", "curves", "Precision-recall curves, test nodes", "unit"}, pr);
    note_left_out(at(curves, "left_out"), "other classes");
  }

  void compression(const Json& run) {
    const Json& c = at(run, "compression");
    if (!c.is_object()) return;
    open(of_run("Compression"));
    const Json &assumption = at(c, "assumption", "holds"), &measured = at(c, "measured"), &wide = at(measured, "wide"),
               &narrow = at(measured, "narrow");
    list({{"method", words(at(c, "method"))},
          {"from", words(at(c, "from"))},
          {"assumption", c.contains("assumption") ? (assumption.is_null() ? "makes none"
                                                     : assumption == true ? "holds"
                                                                          : "does not hold")
                                                  : ""},
          {"output error, relative", percent(at(measured, "output_error", "relative_mean"))}});
    if (!wide.is_object()) return;
    html::Table t{"Before and after", {"", "before", "after"}, {}};
    for (const char* key : {"val", "test"}) t.rows.push_back({key, percent(at(wide, key)), percent(at(narrow, key))});
    for (const char* key : {"width", "parameters", "bytes", "multiply_adds"})
      t.rows.push_back({key, whole(at(wide, key)), whole(at(narrow, key))});
    t.rows.push_back(
        {"prediction, seconds", number(at(wide, "prediction_seconds")), number(at(narrow, "prediction_seconds"))});
    body_ += table(t);
  }

  // One node.

  void explained(const Json& e) {
    const Json& node = at(e, "node");
    open("Node " + words(at(node, "node")));
    std::string classes;
    for (const Json& c : at(node, "classes"))
      classes +=
          fmt::format("{}{} {}", classes.empty() ? "" : ", ", words(at(c, "class")), percent(at(c, "probability")));
    list({{"label", words(at(node, "label")).empty() ? "none" : words(at(node, "label"))},
          {"predicted", words(at(node, "predicted"))},
          {"probabilities", classes},
          {"part of the split", words(at(node, "split"))},
          {"epoch", words(at(e, "epoch"))}});
    note(
        "In the pictures thickness is attention, or the score where there is none. Broken: not drawn. Blue: the label "
        "is the "
        "predicted class; orange: another; grey: none.");
    for (const Json& layer : at(e, "layers")) layer_of_node(node, layer);
    if (const Json& nodes = at(e, "nodes"); !nodes.empty()) {
      html::Table t{"Over all layers: nodes with the most attention flow",
                    {"node", "flow, percent", "contribution", "label", "predicted", "part"},
                    {}};
      for (const Json& n : nodes)
        t.rows.push_back({words(at(n, "node")), bare_percent(at(n, "flow")), number(at(n, "contribution")),
                          words(at(n, "label")), words(at(n, "predicted")), words(at(n, "split"))});
      body_ +=
          html::chart({"Nodes that the prediction comes from", "bar", "Attention flow, percent:1", "horizontal"}, t);
      note(fmt::format("{} nodes are reached in all.", whole(at(e, "reached"))));
    }
    if (const Json& features = at(e, "features"); features.is_array()) {
      const Json& decided = at(e, "decided");
      const std::string against = words(at(decided, "against"));
      html::Table t{fmt::format("Features by what they contribute to {}{} (features times gradient; sum of all {}, the "
                                "logits differ by {})",
                                words(at(decided, "class")), against.empty() ? "" : " against " + against,
                                number(at(decided, "contributions")), number(at(decided, "margin"))),
                    {"feature", "contribution", "the node's own part", "the node's value"},
                    {}};
      for (const Json& f : features)
        t.rows.push_back(
            {words(at(f, "feature")), number(at(f, "contribution")), number(at(f, "own")), number(at(f, "value"))});
      body_ += html::chart(
          {"Features", "bar", "Contribution of a feature, and the node's own part of it:1,2", "horizontal"}, t);
    }
  }

  void layer_of_node(const Json& node, const Json& layer) {
    const std::string l = words(at(layer, "layer"));
    sub("Layer " + l);
    html::Table t{
        fmt::format("Edges into the node in layer {}, the heaviest", l),
        {"neighbour", "edge type", "score, percent", "draws", "attention, percent", "label", "predicted", "part"},
        {}};
    for (const Json& edge : at(layer, "edges"))
      t.rows.push_back({words(at(edge, "node")), words(at(edge, "type")), bare_percent(at(edge, "score")),
                        words(at(edge, "draws")), bare_percent(at(edge, "attention")), words(at(edge, "label")),
                        words(at(edge, "predicted")), words(at(edge, "split"))});
    picture(node, layer);
    body_ += table(t);
    if (at(layer, "left_out") > 0)
      note(fmt::format("{} lighter edges are left out; score {}, attention {} percent together.",
                       whole(at(layer, "left_out")), bare_percent(at(layer, "left_out_score")),
                       bare_percent(at(layer, "left_out_attention"))));
  }

  /// The node in the middle, its heaviest neighbours around it: thick lines for much attention, broken ones for edges
  /// that were not drawn; blue where the neighbour's label is the predicted class.
  void picture(const Json& node, const Json& layer) {
    const Json& edges = at(layer, "edges");
    const size_t count = std::min(kPictured, edges.size());
    std::string lines, circles;
    for (size_t i = 0; i < count; ++i) {
      const Json& edge = edges[i];
      const bool by_attention = at(edge, "attention").is_number();
      const Json& weight = by_attention ? at(edge, "attention") : at(edge, "score");
      const bool dropped = at(edge, "draws").is_number() && at(edge, "draws") == 0;
      const double angle =
          2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(count) - std::numbers::pi / 2;
      const double x = 260 + 150 * std::cos(angle), y = 190 + 130 * std::sin(angle);
      lines += fmt::format("<line x1=\"260\" y1=\"190\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke-width=\"{:.2f}\"{}/>", x, y,
                           0.75 + 9 * (weight.is_number() ? std::min(1.0, weight.get<double>()) : 0),
                           dropped ? " class=\"dropped\"" : "");
      const char* kind = at(edge, "label").is_null()                  ? "none"
                         : at(edge, "label") == at(node, "predicted") ? "same"
                                                                      : "other";
      const bool left = std::cos(angle) < -0.1, right = std::cos(angle) > 0.1;
      circles += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"8\" class=\"{}\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
          "text-anchor=\"{}\">{}</text>",
          x, y, kind,
          x + (left    ? -14
               : right ? 14
                       : 0),
          left || right ? y + 4 : y + (std::sin(angle) > 0 ? 24 : -14),
          left    ? "end"
          : right ? "start"
                  : "middle",
          escape(shortened(words(at(edge, "node")))));
    }
    body_ += fmt::format(
        "<svg class=\"around\" viewBox=\"0 0 520 380\" role=\"img\" aria-label=\"Layer {}: the node and its {} "
        "heaviest neighbours; the table "
        "below has their figures\">{}{}<circle cx=\"260\" cy=\"190\" r=\"11\" class=\"{}\"/></svg>\n",
        escape(words(at(layer, "layer"))), count, lines, circles,
        at(node, "label") == at(node, "predicted") ? "same" : "other");
  }

  /// The first letters of a long id, cut between letters.
  static std::string shortened(const std::string& id) {
    constexpr size_t kLetters = 12;
    size_t letters = 0, bytes = 0;
    while (bytes < id.size() && letters < kLetters) {
      ++letters, ++bytes;
      while (bytes < id.size() && (static_cast<unsigned char>(id[bytes]) & 0xC0) == 0x80) ++bytes;
    }
    return bytes < id.size() ? id.substr(0, bytes) + "…" : id;
  }

  void missing() {
    if (at(report_, "missing").empty()) return;
    open("What is missing");
    body_ += "<ul>\n";
    for (const Json& what : at(report_, "missing")) body_ += fmt::format("<li>{}</li>\n", escape(words(what)));
    body_ += "</ul>\n";
  }

  std::string whole_page() const {
    std::string links;
    for (const auto& [id, title] : sections_)
      links += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, escape(title));
    uint64_t key = 0;
    for (const char c : body_) key = mix64(key ^ static_cast<unsigned char>(c));
    const std::string nonce = fmt::format("{:016x}", key);
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'nonce-{}'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>graphsieve report: "
        "{}</title>\n<style>\n",
        nonce, escape(heading_));
    page += page_style();
    page += fmt::format(
        "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the "
        "content</a>\n<header><h1>{}</h1></header>\n"
        "<nav aria-label=\"Sections\"><ul>\n{}</ul></nav>\n<main id=\"content\">\n{}</main>\n"
        "<footer><p class=\"note\">Made by graphsieve {}. This file needs no network.</p></footer>\n",
        escape(heading_), links, body_, escape(words(at(report_, "version"))));
    for (const std::string_view script : {charting_script(), page_script()}) {
      page += fmt::format("<script nonce=\"{}\">\n", nonce);
      page += script;
      page += "</script>\n";
    }
    return page + "</body>\n</html>\n";
  }

  const Json& report_;
  const Json& runs_;
  std::string heading_, body_, several_;
  std::vector<std::pair<std::string, std::string>> sections_;
};

}  // namespace

std::string report_page(const Json& report) { return Page(report).text(); }

}  // namespace graphsieve
