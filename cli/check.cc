// SPDX-License-Identifier: Apache-2.0
// The command graphsieve check.
#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/data/advice.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/engine/failure_signs.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/graph/degree_counts.h"
#include "graphsieve/recipe/models.h"
#include "progress.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// The values of the options.
struct CheckOptions {
  std::string graph;
  bool json = false, quiet = false;
};

/// Returns the report as JSON, for --json.
Json to_json(const GraphReport& r, const std::vector<std::string>& advice) {
  Json splits = Json::array();
  for (const auto& s : r.splits) splits.push_back({{"train", s.train}, {"val", s.val}, {"test", s.test}});
  Json types = Json::array();
  for (size_t t = 0; t < r.edge_types.size(); ++t)
    types.push_back({{"name", r.edge_types[t]}, {"edges", r.edge_type_counts[t]}});
  Json numbers = Json::array();
  for (const auto& n : r.numbers)
    numbers.push_back(
        {{"nodes", n.known}, {"mean", n.mean}, {"deviation", n.deviation}, {"least", n.least}, {"most", n.most}});
  return {{"name", r.name},
          {"source", path_text(r.source)},
          {"nodes", r.nodes},
          {"edges", r.edges},
          {"directed", r.directed},
          {"edge_types", types},
          {"loops", r.loops},
          {"duplicates", r.duplicates},
          {"isolated", r.isolated},
          {"degrees", degrees_json(r)},
          {"largest_node", r.largest_node},
          {"homophily", json_number(r.homophily)},
          {"chance_homophily", json_number(r.chance_homophily)},
          {"features",
           {{"columns", r.columns},
            {"sparse", r.sparse},
            {"nonzero_share", r.nonzero_share},
            {"constant_column_count", r.constant_column_count},
            {"constant_columns", r.constant_columns},
            {"zero_rows", r.zero_rows}}},
          {"labels",
           {{"classes", r.classes},
            {"kind", label_kind_name(r.label_kind)},
            {"multi", r.label_kind == LabelKind::kSeveral},
            {"counts", r.class_counts},
            {"numbers", numbers},
            {"unlabelled", r.unlabelled}}},
          {"splits", splits},
          {"notes", r.notes},
          {"advice", advice}};
}

/// Returns the sentence that the recipe's k leaves out almost nothing of this graph, or "".
std::string advice_on_k(const GraphReport& r, const Recipe& recipe) {
  if (!draws_edges(recipe) || recipe.network.epsilon > 0) return "";
  // Expander edges and loops are further in-edges of each node.
  const GraphRecipe& graph = recipe.graph;
  DegreeCounts counts((graph.expander_edges ? graph.expander_degree : 0) + (graph.self_loops ? 1 : 0), 0);
  if (graph.graph_edges)
    counts.insert(counts.end(), r.degree_counts.begin(), r.degree_counts.end());
  else
    counts.push_back(r.nodes);
  const std::string sign = sign_of_k(edge_share(counts, recipe.network.k));
  return sign.empty() ? "" : fmt::format("recipe {}, network.k={}: {}", recipe.name, recipe.network.k.front(), sign);
}

/// Prints the report as lines of a name and a value.
void print(const GraphReport& r, const std::vector<std::string>& advice) {
  const auto line = [](const char* what, const std::string& value) { print_text("{:<19}{}\n", what, value); };
  print_text("{}\n", r.source);
  line("nodes", fmt::format("{}, {} without an edge", r.nodes, r.isolated));
  line("edges", fmt::format("{} {}; {} self loops and {} duplicates left out", r.edges,
                            r.directed ? "directed" : "undirected", r.loops, r.duplicates));
  for (size_t t = 0; t < r.edge_types.size(); ++t)
    line(t == 0 ? "edges of each type" : "", fmt::format("{}: {}", r.edge_types[t], r.edge_type_counts[t]));
  line("degree", fmt::format("median {}, 90 % {}, 99 % {}, 99.9 % {}, largest {} (node {})", r.degrees[2], r.degrees[3],
                             r.degrees[4], r.degrees[5], r.degrees[6], r.largest_node));
  if (std::isfinite(r.homophily))
    line("homophily", fmt::format("{:.1f} % of edges join equal labels, {:.1f} % expected by chance", 100 * r.homophily,
                                  100 * r.chance_homophily));
  line("features",
       fmt::format("{} columns, {}, {:.2f} % not 0; {} constant columns, {} nodes all 0", r.columns,
                   r.sparse ? "sparse" : "dense", 100 * r.nonzero_share, r.constant_column_count, r.zero_rows));
  line(r.label_kind == LabelKind::kClasses   ? "classes"
       : r.label_kind == LabelKind::kSeveral ? "labels per node"
                                             : "numbers per node",
       fmt::format("{}; {} nodes without a label", r.classes, r.unlabelled));
  // With more classes, only the first counts are printed.
  constexpr size_t kShown = 20;
  const std::vector<int64_t> shown(r.class_counts.begin(),
                                   r.class_counts.begin() + std::min(kShown, r.class_counts.size()));
  for (const auto& n : r.numbers)
    line("to predict",
         fmt::format("mean {:.6g}, deviation {:.6g}, from {:.6g} to {:.6g}", n.mean, n.deviation, n.least, n.most));
  if (r.numbers.empty())
    line("nodes of each", fmt::format("{}{}", fmt::join(shown, ", "), r.class_counts.size() > kShown ? ", …" : ""));
  if (!r.splits.empty())
    line("given splits", fmt::format("{}; the first: {} train, {} val, {} test", r.splits.size(), r.splits[0].train,
                                     r.splits[0].val, r.splits[0].test));
  for (const std::string& note : r.notes) line("note", note);
  for (const std::string& text : advice) line("advice", text);
}

/// A graph folder is verified first; every graph is then read once for the report.
void check_command(const CheckOptions& options) {
  if (is_graph_folder(options.graph)) {
    Progress progress(options.quiet);
    progress.stage("check", 100);
    verify_graph_folder(options.graph, [&](double share) { progress.step(static_cast<int64_t>(100 * share), ""); });
  }
  const Dataset data = open_graph(options.graph);
  const GraphReport report = check_graph(data);
  std::vector<std::string> lines = advice(report, DataRecipe(), GraphRecipe());
  if (const std::string sign = advice_on_k(report, make_recipe("", data.recipe, {})); !sign.empty())
    lines.push_back(sign);
  if (options.json)
    print_json(to_json(report, lines), 2);
  else
    print(report, lines);
}

}  // namespace

void add_check_command(Program& program) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = program.app.add_subcommand("check", "Look at a graph before training on it");
  command->add_option("GRAPH", options->graph, "As for run")->required();
  command->add_flag("--json", options->json, "Print the report as JSON");
  command->add_flag("-q,--quiet", options->quiet, "No progress");
  command->footer(
      "Edges, degrees, homophily, features, labels, splits, and what is odd about them. Of a graph folder every byte "
      "is read:\n"
      "checksums, both directions of every edge, every feature. Exit code 1 where the graph cannot be used, with file "
      "and row.\n\n"
      "Examples:\n"
      "  graphsieve check tolokers.npz\n"
      "  graphsieve check graph --json");
  command->callback([&program, options] { program.action = [options] { check_command(*options); }; });
}

}  // namespace graphsieve
