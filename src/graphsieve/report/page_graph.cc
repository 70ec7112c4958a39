// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "graphsieve/report/page_text.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;
using html::number, html::percent, html::whole, html::words;

/// Writes the facts about the graph. A fact that is not known is omitted by the list.
void facts_list(const Json& graph, PageText& page) {
  const Json &facts = at(graph, "facts"), &degrees = at(facts, "degrees");
  std::string homophily, degree;
  if (at(facts, "homophily").is_number())
    homophily = fmt::format("{} of the edges join equal labels; {} would by chance", percent(at(facts, "homophily")),
                            percent(at(facts, "chance_homophily")));
  if (degrees.is_object())
    degree = fmt::format("median {}, 90 % {}, 99 % {}, largest {}", whole(at(degrees, "median")),
                         whole(at(degrees, "p90")), whole(at(degrees, "p99")), whole(at(degrees, "max")));
  page.list({{"name", words(at(graph, "name"))},
             {"source", words(at(graph, "source"))},
             {"nodes", whole(at(graph, "nodes"))},
             {"edges", edges_of(graph)},
             {"attention edges", whole(at(graph, "attention_edges"))},
             {"expander's spectral gap", number(at(graph, "expander_spectral_gap"))},
             {"features", whole(at(graph, "features"))},
             {at(facts, "labels") == "numbers"   ? "numbers to predict"
              : at(facts, "multi_label") == true ? "labels per node"
                                                 : "classes",
              whole(at(graph, "classes"))},
             {"nodes without a label", whole(at(facts, "unlabelled"))},
             {"nodes without an edge", whole(at(facts, "isolated"))},
             {"degree", degree},
             {"homophily", homophily},
             {"fingerprint", words(at(graph, "fingerprint"))}});
  for (const Json& n : at(facts, "notes")) page.note(words(n));
}

void edge_types(const Json& types, PageText& page) {
  if (types.empty()) return;
  html::Table t{"Edges of each type", {"type", "edges"}, {}};
  for (const Json& type : types) t.rows.push_back({words(at(type, "name")), whole(at(type, "edges"))});
  page.table(t);
}

/// Writes the distribution of the degrees.
void degrees(const Json& bins, PageText& page) {
  if (bins.empty()) return;
  html::Table t{"Nodes by degree", {"degree", "nodes"}, {}};
  for (const Json& bin : bins) {
    const std::string from = whole(at(bin, "from"));
    t.rows.push_back(
        {at(bin, "from") == at(bin, "to") ? from : from + " to " + whole(at(bin, "to")), whole(at(bin, "nodes"))});
  }
  page.chart({"Degrees", "bar", "Nodes by degree (both scales logarithmic):1", "log"}, t);
}

/// Writes the nodes of each class, from the first run that has predictions.
void balance(const Json& runs, PageText& page) {
  for (const Json& run : runs) {
    const Json& balance = at(at(run, "detail", "quality"), "class_balance");
    if (!balance.is_object()) continue;
    html::Table t{
        "Labelled nodes of each class, by part of the split", {"class", "train", "val", "test", "none", "all"}, {}};
    for (const Json& row : at(balance, "rows"))
      t.rows.push_back({words(at(row, "class")), whole(at(row, "train")), whole(at(row, "val")), whole(at(row, "test")),
                        whole(at(row, "none")), whole(at(row, "nodes"))});
    page.chart({"Classes", "bar", "Nodes of each class:1,2,3,4", "stacked"}, t);
    page.note_left_out(at(balance, "left_out"), "smaller classes");
    return;
  }
}

}  // namespace

void write_graph(const Json& report, PageText& page) {
  const Json& graph = at(report, "graph");
  page.open("The graph");
  facts_list(graph, page);
  edge_types(at(graph, "facts", "edge_types"), page);
  degrees(at(graph, "facts", "degree_bins"), page);
  balance(at(report, "runs"), page);
}

}  // namespace graphsieve
