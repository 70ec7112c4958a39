// SPDX-License-Identifier: Apache-2.0
// The sections about one run: what was done, how training went, what was kept, what it cost, what compression did.
#include <fmt/format.h>

#include <algorithm>

#include "graphsieve/files/json_number.h"
#include "graphsieve/report/page_text.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;
using html::bytes, html::number, html::percent, html::seconds, html::whole, html::words;

/// Breaks a command into lines that a shell takes as one command, one option per line. Texts in quotes stay unchanged.
std::string in_lines(const std::string& command) {
  std::string lines;
  bool quoted = false;
  for (size_t i = 0; i < command.size(); ++i) {
    if (!quoted && command[i] == '\\' && i + 1 < command.size()) {
      lines += command[i++];
    } else if (command[i] == '\'') {
      quoted = !quoted;
    } else if (!quoted && command.compare(i, 3, " --") == 0) {
      lines += " \\\n ";
    }
    lines += command[i];
  }
  return lines;
}

/// Writes the keys that differ from the published recipe, and the whole recipe in a part that can be opened.
void recipe_changes(const Json& recipe, PageText& page) {
  if (!recipe.is_object()) return;
  const std::string published = words(at(recipe, "published"));
  const Json& changes = at(recipe, "changes");
  if (changes.empty()) {
    page.say(fmt::format("Every constant is that of the published recipe {}.", published));
  } else {
    html::Table t{"What differs from the published recipe " + published, {"key", "this run", "published"}, {}};
    for (const Json& c : changes)
      t.rows.push_back({words(at(c, "key")), words(at(c, "value")), words(at(c, "published"))});
    page.table(t);
  }
  if (!at(recipe, "text").is_string()) return;
  page.raw("<details><summary>The whole recipe</summary>\n");
  page.code(words(at(recipe, "text")));
  page.raw("</details>\n");
}

/// Writes how k was chosen by the error that it leaves.
void chosen_k(const Json& epsilon, PageText& page) {
  const Json& layers = at(epsilon, "layers");
  if (!layers.is_array()) return;
  html::Table t{fmt::format("k chosen so that the error ({}) is at most {}", words(at(epsilon, "epsilon_of")),
                            number(at(epsilon, "epsilon"))),
                {"layer", "k", "error", "within"},
                {}};
  for (size_t l = 0; l < layers.size(); ++l)
    t.rows.push_back({std::to_string(l), words(at(layers[l], "chosen")), number(at(layers[l], "error")),
                      at(layers[l], "within") == true ? "yes" : "no"});
  page.table(t);
}

/// Writes the runs that a folder of several runs sums up.
void members(const Json& run, const Json& detail, PageText& page) {
  if (at(run, "runs").size() < 2) return;
  page.note(fmt::format("The folder sums up {} runs; what follows is of {}.", at(run, "runs").size(), name_of(detail)));
  html::Table t{"Every run", {"split", "seed", "validation", "test", "best epoch"}, {}};
  for (const Json& m : at(run, "runs"))
    t.rows.push_back({words(at(m, "split")), words(at(m, "seed")), metric_value(run, at(m, "val")),
                      metric_value(run, at(m, "test")), whole(at(m, "best_epoch"))});
  page.table(t);
}

/// Writes what was done: the settings, the command to repeat the run, and its recipe.
void done(const Json& run, const Json& detail, const std::string& of, PageText& page) {
  page.open("What was done", of);
  const Json& member = at(detail, "run");
  std::string version = words(at(run, "version"));
  if (at(run, "torch").is_string()) version += ", torch " + words(at(run, "torch"));
  page.list({{"run folder", words(at(run, "folder"))},
             {"model", words(at(run, "model"))},
             {"recipe", words(at(run, "recipe"))},
             {"split and seed", fmt::format("{} and {}", words(at(member, "split")), words(at(member, "seed")))},
             {"best epoch", whole(at(member, "best_epoch"))},
             {"k of each layer", words(at(member, "k"))},
             {"graphsieve", version}});
  members(run, detail, page);
  if (at(detail, "command").is_string()) {
    page.sub("How to repeat it");
    page.code(in_lines(words(at(detail, "command"))));
  }
  recipe_changes(at(detail, "recipe"), page);
  chosen_k(at(detail, "epsilon"), page);
}

/// The curves of a stage as a table, and the columns of the table in each panel.
struct Curves {
  html::Table table;
  std::string panels;
  std::vector<const Json*> columns;

  /// Adds a panel with the columns that have values.
  void panel(const Json& stage, const char* title, const std::vector<std::pair<const char*, const char*>>& keys) {
    std::string numbers;
    for (const auto& [key, head] : keys) {
      const Json& column = at(stage, key);
      if (std::all_of(column.begin(), column.end(), [](const Json& x) { return x.is_null(); })) continue;
      columns.push_back(&column);
      table.head.emplace_back(head);
      numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", columns.size());
    }
    if (!numbers.empty()) panels += fmt::format("{}{}:{}", panels.empty() ? "" : ";", title, numbers);
  }
};

/// Writes the curves of one stage. Panels without values are omitted.
void stage_curves(const Json& stage, PageText& page) {
  Curves curves{{"Epochs of the " + words(at(stage, "stage")), {"epoch"}, {}}, "", {}};
  curves.panel(stage, "Loss", {{"loss", "loss"}});
  curves.panel(stage, "Metric", {{"val", "validation"}, {"test", "test"}});
  curves.panel(stage, "Learning rate", {{"lr", "learning rate"}});
  if (at(stage, "stage") == "estimator") curves.panel(stage, "Temperature", {{"temperature", "temperature"}});
  curves.panel(stage, "Norms",
               {{"grad_norm", "gradient"}, {"operator_norm", "maps, mean"}, {"vector_norm", "vectors, mean"}});
  const Json& epochs = at(stage, "epoch");
  for (size_t i = 0; i < epochs.size(); ++i) {
    std::vector<std::string> row = {words(epochs[i])};
    for (const Json* column : curves.columns) row.push_back(number((*column)[i]));
    curves.table.rows.push_back(std::move(row));
  }
  page.chart({"Stage: " + words(at(stage, "stage")), "line", curves.panels, ""}, curves.table);
  if (stage.contains("boundedness")) page.note(words(at(at(stage, "boundedness"), "sentence")) + ".");
  if (at(stage, "epochs") > epochs.size())
    page.note(fmt::format("{} of {} epochs are shown.", epochs.size(), whole(at(stage, "epochs"))));
  if (at(stage, "starts").is_number())
    page.note(fmt::format("The best of {} random starts is shown.", words(at(stage, "starts"))));
}

/// Writes the training curves of every stage. The section is omitted if the run has none.
void training(const Json& detail, const std::string& of, PageText& page) {
  const Json& curves = at(detail, "curves");
  if (curves.empty()) return;
  page.open("How training went", of);
  for (const Json& stage : curves) stage_curves(stage, page);
}

/// Writes the edges and the attention kept, by layer and edge type.
void kept_by_type(const Json& layers, PageText& page) {
  html::Table t{"Attention and edges kept, percent; by layer and type of edge",
                {"layer and type", "edges", "edges kept", "share of edges kept", "attention", "attention kept"},
                {}};
  for (const Json& layer : layers) {
    const std::string l = words(at(layer, "layer"));
    for (const Json& type : at(layer, "types")) {
      const double edges = number_of(at(type, "edges")), kept = number_of(at(type, "kept"));
      t.rows.push_back({fmt::format("layer {}: {}", l, words(at(type, "type"))), whole(at(type, "edges")),
                        whole(at(type, "kept")), percent(kept / edges), bare_percent(at(type, "mass")),
                        bare_percent(at(type, "kept_mass"))});
    }
    t.rows.push_back({fmt::format("layer {}: all", l), "", "", percent(at(layer, "kept_edges")), "100.00",
                      bare_percent(at(layer, "kept_mass"))});
  }
  page.chart({"By layer and type of edge", "bar", "Attention, and how much of it is kept, percent:4,5", "percent"}, t);
}

/// Writes the attention on the edges that a draw of each k, or the k heaviest edges, keep. The columns are those of all
/// layers drawn, then of all layers' heaviest.
void covered_by_k(const Json& layers, PageText& page) {
  html::Table t{"Attention on the edges that k in-edges per node keep, percent", {"k"}, {}};
  std::string panels;
  size_t rows = 0;
  for (const auto& [key, title, word] : {std::tuple{"drawn", "Attention on k drawn in-edges, percent", "drawn"},
                                         std::tuple{"heaviest", "On the k heaviest, percent", "heaviest"}}) {
    std::string columns;
    for (const Json& layer : layers) {
      columns += fmt::format("{}{}", columns.empty() ? "" : ",", t.head.size());
      t.head.push_back(fmt::format("layer {}, {}", words(at(layer, "layer")), word));
      rows = std::max(rows, at(layer, key).size());
    }
    panels += fmt::format("{}{}:{}", panels.empty() ? "" : ";", title, columns);
  }
  for (size_t k = 0; k < rows; ++k) {
    std::vector<std::string> row = {std::to_string(k + 1)};
    for (const char* key : {"drawn", "heaviest"})
      for (const Json& layer : layers) row.push_back(bare_percent(at(layer, key)[k]));
    t.rows.push_back(std::move(row));
  }
  page.chart({"Attention covered by k", "line", panels, "percent"}, t);
}

/// Writes how far the scores are from equal scores, by layer.
void scores_by_size(const Json& layers, PageText& page) {
  html::Table t{"Edges by score times in-degree, percent of the edges; 1 is the score of equal attention",
                {"score times in-degree"},
                {}};
  std::string columns;
  for (const Json& layer : layers) {
    columns += fmt::format("{}{}", columns.empty() ? "" : ",", t.head.size());
    t.head.push_back("layer " + words(at(layer, "layer")));
  }
  if (layers.empty() || !at(layers[0], "distribution").is_array()) return;
  for (size_t range = 0; range < at(layers[0], "distribution").size(); ++range) {
    const Json& first = at(layers[0], "distribution")[range];
    std::vector<std::string> row = {at(first, "from").is_null() ? "below " + number(at(first, "to"))
                                    : at(first, "to").is_null()
                                        ? "from " + number(at(first, "from"))
                                        : number(at(first, "from")) + " to " + number(at(first, "to"))};
    for (const Json& layer : layers) {
      const Json& of_layer = at(layer, "distribution");
      row.push_back(range < of_layer.size() ? bare_percent(at(of_layer[range], "share")) : "");
    }
    t.rows.push_back(std::move(row));
  }
  page.chart({"Distribution of the scores", "bar", "Edges, percent:" + columns, "percent"}, t);
}

constexpr int kClassColours = 8;

/// Draws a small graph's attention in one layer: the thickness of a line is the score, and edges that the draw left out
/// have broken lines.
std::string drawn_graph(const Json& picture, const Json& edges, const std::string& layer) {
  constexpr double kWidth = 520, kHeight = 400, kMargin = 16;
  const Json &xs = at(picture, "x"), &ys = at(picture, "y"), &classes = at(picture, "class");
  const auto x = [&](size_t i) { return kMargin + (kWidth - 2 * kMargin) * number_of(xs[i]); };
  const auto y = [&](size_t i) { return kMargin + (kHeight - 2 * kMargin) * number_of(ys[i]); };
  std::string lines, circles;
  size_t kept = 0;
  for (const Json& edge : edges) {
    const auto from = edge[0].get<size_t>(), to = edge[1].get<size_t>();
    if (from >= xs.size() || to >= xs.size() || from == to) continue;
    const bool drawn = edge[4].get<bool>();
    kept += drawn;
    lines +=
        fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke-width=\"{:.2f}\"{}/>",
                    x(from), y(from), x(to), y(to), 0.3 + 6 * number_of(edge[3]), drawn ? "" : " class=\"dropped\"");
  }
  for (size_t i = 0; i < xs.size(); ++i) {
    const int64_t of = i < classes.size() && classes[i].is_number() ? classes[i].get<int64_t>() : -1;
    circles += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" class=\"{}\"><title>node {}</title></circle>",
                           x(i), y(i), of < 0 ? "none" : fmt::format("class-{}", of % kClassColours), i);
  }
  return fmt::format(
      "<figure><svg class=\"around\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Layer {}: the graph with {} "
      "edges, of "
      "which {} were drawn\">{}{}</svg><figcaption>Layer {}</figcaption></figure>\n",
      kWidth, kHeight, html::escape(layer), edges.size(), kept, lines, circles, html::escape(layer));
}

/// Draws a small graph, layer by layer.
void pictures(const Json& picture, PageText& page) {
  if (!picture.is_object()) return;
  page.sub("The graph with its scores");
  page.note(
      "The thickness of a line is the estimator's attention; broken lines are edges that the draw left out. Colours "
      "are classes.");
  page.raw("<div class=\"pictures\">\n");
  for (size_t l = 0; l < at(picture, "layers").size(); ++l)
    page.raw(drawn_graph(picture, at(at(picture, "layers")[l], "edges"), std::to_string(l)));
  page.raw("</div>\n");
}

/// Writes what the draws kept of the estimator's attention. The section is omitted for a run without an estimator.
void kept(const Json& detail, const std::string& of, PageText& page) {
  const Json& attention = at(detail, "attention");
  if (!attention.is_object()) return;
  page.open("What was kept", of);
  page.say(
      fmt::format("The estimator's attention on the edges into a node sums to 1 in every layer. Of these edges {} "
                  "keeps k a node; what it kept in epoch {} is counted here over {}{} nodes.",
                  words(at(attention, "sampler")), words(at(attention, "epoch")), whole(at(attention, "destinations")),
                  at(attention, "sampled") == true ? " drawn" : ""));
  for (const Json& sign : at(detail, "run", "signs")) page.note("Look at this: " + words(sign) + ".");
  kept_by_type(at(attention, "layers"), page);
  covered_by_k(at(attention, "layers"), page);
  scores_by_size(at(attention, "layers"), page);
  pictures(at(attention, "picture"), page);
}

constexpr const char* kStages[] = {"estimator", "network"};

/// Writes the time by part. The time of a stage includes waiting for batches; drawing runs partly at the same time as
/// the steps, so it is no part of a sum.
void time_parts(const Json& run, const Json& member, PageText& page) {
  const auto or_0 = [](const Json& value) { return value.is_number() ? value.get<double>() : 0; };
  html::Table t{"Seconds by part", {"part", "seconds"}, {}};
  double sum = 0;
  for (const char* name : kStages) {
    const Json& stage = at(member, name);
    if (!stage.is_object()) continue;
    const double all = or_0(at(stage, "seconds")), drawing = or_0(at(stage, "sampling_seconds")),
                 waiting = or_0(at(stage, "waiting_seconds"));
    sum += all;
    t.rows.push_back({fmt::format("{}: steps and evaluations", name), number(std::max(0.0, all - waiting))});
    if (waiting >= 0.01) t.rows.push_back({fmt::format("{}: waiting for batches", name), number(waiting)});
    if (drawing >= 0.01)
      t.rows.push_back({fmt::format("{}: drawing edges (partly beside the steps)", name), number(drawing)});
  }
  if (at(run, "runs").size() == 1 && at(run, "seconds").is_number())
    t.rows.push_back({"scores, predictions, files", number(std::max(0.0, number_of(at(run, "seconds")) - sum))});
  page.chart({"Time", "bar", "Seconds by part:1", "horizontal"}, t);
}

/// Writes the memory measured and planned.
void memory_parts(const Json& member, const Json& planned, PageText& page) {
  html::Table t{"Memory, MiB", {"what", "MiB"}, {}};
  for (const char* name : kStages) {
    if (!at(member, name).is_object()) continue;
    t.rows.push_back(
        {fmt::format("{}: resident at most", name), html::mebibytes(at(member, name, "peak_resident_bytes"))});
    if (const Json& peak = at(member, name, "peak_device_bytes"); peak.is_number() && peak > 0)
      t.rows.push_back({fmt::format("{}: on the GPU at most", name), html::mebibytes(peak)});
    if (const Json& plan = at(planned, "stages", name); plan.is_number())
      t.rows.push_back({fmt::format("{}: planned", name), html::mebibytes(plan)});
  }
  if (const Json& full = at(planned, "full_exphormer_bytes"); full.is_number())
    t.rows.push_back({"full Exphormer: planned", html::mebibytes(full)});
  page.chart({"Memory", "bar", "MiB:1", "horizontal"}, t);
  if (!planned.is_object()) return;
  page.note(
      fmt::format("Planned is the process's own memory, as plan says it without a limit; resident counts mapped files "
                  "as well, the program and torch among them. The full Exphormer has the same widths on all edges of "
                  "the attention graph. Attention from every node to every other would take {} for its matrices alone.",
                  bytes(at(planned, "full_attention_bytes"))));
}

/// Writes the time and the memory of the run and of its stages.
void cost(const Json& run, const Json& detail, const std::string& of, PageText& page) {
  const Json &member = at(detail, "run"), &planned = at(detail, "planned");
  page.open("What it cost", of);
  page.list({{"whole run", seconds(at(run, "seconds"))},
             {"computed on", words(at(run, "device"))},
             {"resident at most", bytes(at(run, "peak_rss_bytes"))}});
  html::Table t{"The stages",
                {"stage", "epochs", "parameters", "time", "tensors at most", "large arrays at most", "resident at most",
                 "planned"},
                {}};
  for (const char* name : kStages)
    if (const Json& stage = at(member, name); stage.is_object())
      t.rows.push_back({name, whole(at(stage, "epochs")), whole(at(stage, "parameters")), seconds(at(stage, "seconds")),
                        bytes(at(stage, "peak_tensor_bytes")), bytes(at(stage, "peak_ram_bytes")),
                        bytes(at(stage, "peak_resident_bytes")), bytes(at(planned, "stages", name))});
  page.table(t);
  time_parts(run, member, page);
  memory_parts(member, planned, page);
}

/// Writes what compression did, with the network before and after.
void compression(const Json& run, const std::string& of, PageText& page) {
  const Json& c = at(run, "compression");
  if (!c.is_object()) return;
  page.open("Compression", of);
  const Json &assumption = at(c, "assumption", "holds"), &measured = at(c, "measured"), &wide = at(measured, "wide"),
             &narrow = at(measured, "narrow");
  std::string assumed;
  if (c.contains("assumption"))
    assumed = assumption.is_null() ? "makes none" : assumption == true ? "holds" : "does not hold";
  page.list({{"method", words(at(c, "method"))},
             {"from", words(at(c, "from"))},
             {"assumption", assumed},
             {"output error, relative", percent(at(measured, "output_error", "relative_mean"))}});
  if (!wide.is_object()) return;
  html::Table t{"Before and after", {"", "before", "after"}, {}};
  for (const char* key : {"val", "test"})
    t.rows.push_back({key, metric_value(run, at(wide, key)), metric_value(run, at(narrow, key))});
  for (const char* key : {"width", "parameters", "bytes", "multiply_adds"})
    t.rows.push_back({key, whole(at(wide, key)), whole(at(narrow, key))});
  t.rows.push_back(
      {"prediction, seconds", number(at(wide, "prediction_seconds")), number(at(narrow, "prediction_seconds"))});
  page.table(t);
}

}  // namespace

void write_run(const Json& run, const std::string& of, PageText& page) {
  const Json& detail = at(run, "detail");
  done(run, detail, of, page);
  training(detail, of, page);
  kept(detail, of, page);
  cost(run, detail, of, page);
  write_quality(run, of, page);
  compression(run, of, page);
}

}  // namespace graphsieve
