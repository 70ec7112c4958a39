// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/report/explain.h"
#include "graphsieve/report/html.h"
#include "graphsieve/report/report.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

std::string words(const Json& value) { return html::words(value); }

/// The values of the options.
struct ExplainOptions {
  std::string run, graph, out;
  ExplainRequest request;
  int threads = 0;
  bool overwrite = false, json = false, quiet = false;
};

std::string percent(const Json& share) {
  return share.is_number() ? fmt::format("{:.2f}", 100 * share.get<double>()) : "-";
}
/// Returns a value as text; "-" for null.
std::string or_dash(const Json& value) { return value.is_null() ? "-" : words(value); }

/// Prints the edges into the node in one layer.
void print_layer(const Json& layer) {
  print_text("\nlayer {}: {} neighbours\n", words(layer.at("layer")), words(layer.at("neighbours")));
  print_text("{:>16} {:>10} {:>8} {:>6} {:>10} {:>6}  {} -> {}\n", "neighbour", "type", "score %", "draws",
             "attention %", "part", "label", "predicted");
  for (const Json& e : layer.at("edges"))
    print_text("{:>16} {:>10} {:>8} {:>6} {:>11} {:>6}  {} -> {}\n", words(e.at("node")), words(e.at("type")),
               percent(e.at("score")), or_dash(e.at("draws")), percent(e.at("attention")), words(e.at("split")),
               or_dash(e.at("label")), or_dash(e.at("predicted")));
  if (layer.at("left_out") > 0)
    print_text("{:>16} {:>10} {:>8} {:>6} {:>11}\n", words(layer.at("left_out")) + " more", "",
               percent(layer.at("left_out_score")), "", percent(layer.at("left_out_attention")));
}

/// Prints the explanation as tables.
void print_explanation(const Json& found) {
  const Json& node = found.at("node");
  print_text("node {} ({}): label {}, predicted {}\n", words(node.at("node")), words(node.at("split")),
             or_dash(node.at("label")), or_dash(node.at("predicted")));
  for (const Json& c : node.value("classes", Json::array()))
    print_text("  {} {} %\n", words(c.at("class")), percent(c.at("probability")));
  for (const Json& layer : found.at("layers")) print_layer(layer);
  if (!found.at("nodes").empty())
    print_text("\nover all layers, of {} nodes reached\n{:>16} {:>8} {:>13}\n", words(found.at("reached")), "node",
               "flow %", "contribution");
  for (const Json& n : found.at("nodes"))
    print_text("{:>16} {:>8} {:>13}  {} -> {}\n", words(n.at("node")), percent(n.at("flow")),
               html::number(n.at("contribution")), or_dash(n.at("label")), or_dash(n.at("predicted")));
  // Without gradients (too many features, or no network) there are no contributions.
  if (!found.at("features").is_array()) return;
  const Json& decided = found.at("decided");
  print_text("\nfeatures, for {}{}{}\n{:>16} {:>13} {:>13} {:>10}\n", words(decided.at("class")),
             decided.at("against").is_null() ? "" : " against ", words(decided.at("against")), "feature",
             "contribution", "own part", "value");
  for (const Json& f : found.at("features"))
    print_text("{:>16} {:>13} {:>13} {:>10}\n", words(f.at("name")), html::number(f.at("contribution")),
               html::number(f.at("own")), html::number(f.at("value")));
}

void run_explain(ExplainOptions options) {
  const Json result = read_result(options.run);  // throws Error if it is not a run folder
  require_distinct({{"--out", options.out}}, {{"RUN", options.run}, {"--graph", options.graph}});
  if (!options.out.empty()) refuse_existing_file(options.out, options.overwrite, {options.run, options.graph});
  options.request.run = folder_path(options.run);
  set_threads(options.threads);
  watch_for_stop();
  Json found;
  {
    Progress progress(options.quiet);
    Dataset data = open_graph(options.graph.empty() ? graph_of_run(options.run, "--graph GRAPH") : options.graph);
    found = explain(data, options.request, progress);
  }
  if (!options.out.empty()) {
    // A report without runs, whose page has the section about the node only.
    const Json page = {{"version", GRAPHSIEVE_VERSION},
                       {"graph", result.at("graph")},
                       {"runs", Json::array()},
                       {"explained", Json::array({found})}};
    write_text_file(options.out, report_page(page));
    print_text("{}\n", options.out);
  } else if (options.json) {
    print_json(found);
  } else {
    print_explanation(found);
  }
}

}  // namespace

void add_explain_command(Program& program) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = program.app.add_subcommand("explain", "What decided one node's prediction");
  command->add_option("RUN", options->run, "Run folder")->required();
  command->add_option("--node", options->request.node, "The node, by your id")->required()->type_name("ID");
  const auto most = [&](const char* name, int64_t& to, const char* text) {
    command->add_option(name, to, text)->transform(whole_number(1, 1000000))->type_name("N");
  };
  most("--edges", options->request.edges, "Edges of a layer, the heaviest (default: 20)");
  most("--features", options->request.features, "Features, those that contribute most (default: 15)");
  command->add_option("--graph", options->graph, "As for run (default: the graph that was trained on)")
      ->type_name("GRAPH");
  auto* out = command->add_option("--out", options->out, "Write a page with pictures instead of printing")
                  ->type_name("FILE.html");
  command->add_flag("--overwrite", options->overwrite, "Replace the file if there is one");
  add_threads_option(*command, options->threads);
  command->add_flag("--json", options->json, "Print everything as JSON")->excludes(out);
  add_quiet_option(*command, options->quiet);
  command->footer(
      "Layer by layer the edges into the node: the estimator's score, draws in the best epoch, the network's "
      "attention; then\n"
      "the nodes and features that the prediction comes from over all layers.\n\n"
      "Examples:\n"
      "  graphsieve explain runs/graph-1 --node 17\n"
      "  graphsieve explain runs/graph-1 --node user-8 --out user-8.html");
  command->callback([options, &program] { program.action = [options] { run_explain(*options); }; });
}

}  // namespace graphsieve
