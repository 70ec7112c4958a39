// SPDX-License-Identifier: Apache-2.0
// The page, made from the report's JSON only. Fields may be missing or null; their parts of the page are then omitted.
#include <fmt/format.h>

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/report/page_text.h"
#include "graphsieve/report/report.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;
using html::number, html::percent, html::whole, html::words;

/// Writes the first sentence of the page: model, graph, metric and, for a sampled network, the share of the edges.
void summary(const Json& report, PageText& page) {
  const Json& runs = at(report, "runs");
  if (runs.empty()) return;
  const Json &graph = at(report, "graph"), &run = runs[0], &network = at(at(run, "runs")[0], "network");
  std::string text =
      fmt::format("{} on {} ({} nodes, {}): {} {} on the test nodes", words(at(run, "model")), words(at(graph, "name")),
                  whole(at(graph, "nodes")), edges_of(graph), metric_words(run), mean_and_deviation(run));
  if (at(run, "runs").size() > 1) text += fmt::format(" over {} runs", at(run, "runs").size());
  if (at(network, "edge_share").is_number() && at(network, "edge_share") < 1)
    text += fmt::format(", with {} of the attention edges", percent(at(network, "edge_share")));
  page.lead(text + ".");
  const Json& simple = at(at(run, "detail"), "baselines");
  if (at(simple, "guess", "test").is_number())
    page.say(fmt::format("On the same split, {} gives {}{}.",
                         at(graph, "facts", "labels") == "numbers" ? "the mean of the training nodes"
                                                                   : "guessing by the classes' shares",
                         metric_value(run, at(simple, "guess", "test")),
                         at(simple, "linear").is_object()
                             ? fmt::format(", and a linear model of features and degree, without edges, {}",
                                           metric_value(run, at(simple, "linear", "test")))
                             : ""));
}

/// Writes the comparison of several runs.
void comparison(const Json& runs, PageText& page) {
  page.open("Comparison");
  html::Table t{"Runs on this graph",
                {"run", "model", "width", "k", "parameters", "validation", "test", "edges kept", "seconds",
                 "peak resident MiB", "compressed by"},
                {}};
  html::Table bars{"Test metric of each run", {"run", "test"}, {}};
  for (const Json& run : runs) {
    const Json &member = at(run, "runs")[0],
               &stage = at(member, "network").is_object() ? at(member, "network") : at(member, "estimator");
    t.rows.push_back({name_of(run), words(at(run, "model")), words(at(run, "width")), words(at(member, "k")),
                      whole(at(stage, "parameters")), metric_value(run, at(member, "val")), mean_and_deviation(run),
                      percent(at(stage, "edge_share")), number(at(run, "seconds")),
                      html::mebibytes(at(run, "peak_rss_bytes")), words(at(run, "compression", "method"))});
    bars.rows.push_back({name_of(run), metric_value(run, at(run, "test_mean"))});
  }
  page.table(t);
  page.chart({"Test metric", "bar", metric_words(runs[0]) + " on the test nodes:1", "horizontal"}, bars);
  if (std::any_of(runs.begin(), runs.end(),
                  [&](const Json& run) { return at(run, "metric") != at(runs[0], "metric"); }))
    page.note("The runs were measured by different metrics; their values cannot be compared.");
}

void missing(const Json& what, PageText& page) {
  if (what.empty()) return;
  page.open("What is missing");
  page.raw("<ul>\n");
  for (const Json& text : what) page.raw(fmt::format("<li>{}</li>\n", html::escape(words(text))));
  page.raw("</ul>\n");
}

}  // namespace

std::string report_page(const Json& report) {
  PageText page;
  const Json& runs = at(report, "runs");
  std::string heading = words(at(report, "graph", "name"));
  if (!runs.empty()) heading += str(": ", name_of(runs[0]), runs.size() > 1 ? " and others" : "");
  summary(report, page);
  if (runs.size() > 1) comparison(runs, page);
  for (const Json& node : at(report, "explained")) write_explained(node, page);
  write_graph(report, page);
  for (const Json& run : runs)
    if (at(run, "detail").is_object()) write_run(run, runs.size() > 1 ? name_of(run) : "", page);
  missing(at(report, "missing"), page);
  return page.page(heading, words(at(report, "version")));
}

}  // namespace graphsieve
