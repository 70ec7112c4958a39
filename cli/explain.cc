#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/io/atomic_file.h"
#include "graphsieve/report/explain.h"
#include "graphsieve/report/html.h"
#include "graphsieve/report/report.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

std::string words(const Json& value) { return without_controls(html::words(value)); }

struct ExplainOptions {
  std::string run, graph, out;
  ExplainRequest request;
  int threads = 0;
  bool overwrite = false, json = false, quiet = false;
};

std::string percent(const Json& share) {
  return share.is_number() ? fmt::format("{:.2f}", 100 * share.get<double>()) : "-";
}
std::string or_dash(const Json& value) { return value.is_null() ? "-" : words(value); }

void print_layer(const Json& layer) {
  fmt::print("\nlayer {}: {} neighbours\n", words(layer.at("layer")), words(layer.at("neighbours")));
  fmt::print("{:>16} {:>10} {:>8} {:>6} {:>10} {:>6}  {} -> {}\n", "neighbour", "type", "score %", "draws",
             "attention %", "part", "label", "predicted");
  for (const Json& e : layer.at("edges"))
    fmt::print("{:>16} {:>10} {:>8} {:>6} {:>11} {:>6}  {} -> {}\n", words(e.at("node")), words(e.at("type")),
               percent(e.at("score")), or_dash(e.at("draws")), percent(e.at("attention")), words(e.at("split")),
               or_dash(e.at("label")), or_dash(e.at("predicted")));
  if (layer.at("left_out") > 0)
    fmt::print("{:>16} {:>10} {:>8} {:>6} {:>11}\n", words(layer.at("left_out")) + " more", "",
               percent(layer.at("left_out_score")), "", percent(layer.at("left_out_attention")));
}

void print_explanation(const Json& found) {
  const Json& node = found.at("node");
  fmt::print("node {} ({}): label {}, predicted {}\n", words(node.at("node")), words(node.at("split")),
             or_dash(node.at("label")), or_dash(node.at("predicted")));
  for (const Json& c : node.value("classes", Json::array()))
    fmt::print("  {} {} %\n", words(c.at("class")), percent(c.at("probability")));
  for (const Json& layer : found.at("layers")) print_layer(layer);
  if (!found.at("nodes").empty())
    fmt::print("\nover all layers, of {} nodes reached\n{:>16} {:>8} {:>13}\n", words(found.at("reached")), "node",
               "flow %", "contribution");
  for (const Json& n : found.at("nodes"))
    fmt::print("{:>16} {:>8} {:>13}  {} -> {}\n", words(n.at("node")), percent(n.at("flow")),
               html::number(n.at("contribution")), or_dash(n.at("label")), or_dash(n.at("predicted")));
  if (!found.at("features").is_array()) return;
  const Json& decided = found.at("decided");
  fmt::print("\nfeatures, for {}{}{}\n{:>16} {:>13} {:>13} {:>10}\n", words(decided.at("class")),
             decided.at("against").is_null() ? "" : " against ", words(decided.at("against")), "feature",
             "contribution", "own part", "value");
  for (const Json& f : found.at("features"))
    fmt::print("{:>16} {:>13} {:>13} {:>10}\n", words(f.at("feature")), html::number(f.at("contribution")),
               html::number(f.at("own")), html::number(f.at("value")));
}

void run_explain(ExplainOptions options) {
  const Json result = read_result(options.run);  // says so if it is not a run folder
  if (!options.out.empty()) refuse_existing(options.out, options.overwrite);
  options.request.run = folder_path(options.run);
  set_threads(options.threads);
  watch_for_stop();
  Json found;
  {
    Progress progress(options.quiet);
    Dataset data = open_graph(options.graph.empty() ? graph_of_run(options.run) : options.graph);
    found = explain(data, options.request, progress);
  }
  if (!options.out.empty()) {
    const Json page = {{"version", GRAPHSIEVE_VERSION},
                       {"graph", result.at("graph")},
                       {"runs", Json::array()},
                       {"explained", Json::array({found})}};
    write_text_file(options.out, report_page(page));
    fmt::print("{}\n", options.out);
  } else if (options.json) {
    fmt::print("{}\n", found.dump(1, ' ', false, Json::error_handler_t::replace));
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
    command->add_option(name, to, text)
        ->check(CLI::Range(int64_t{1}, int64_t{1000000}).description(""))
        ->type_name("N");
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
