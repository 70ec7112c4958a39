// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/report/report.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

/// The values of the options.
struct ReportOptions {
  std::vector<std::string> runs, nodes;
  std::string out, graph;
  int threads = 0;
  bool no_graph = false, overwrite = false, json = false, quiet = false;
};

/// Opens the graph of --graph, or the graph that the first run was trained on. Returns nothing, with a note, if the run
/// does not tell where its graph is, or if the graph no longer exists. A graph that exists and cannot be read is an
/// Error.
std::optional<Dataset> graph_for(const ReportOptions& options, Progress& progress) {
  if (!options.graph.empty()) return open_graph(options.graph);
  if (options.no_graph) return std::nullopt;
  const nlohmann::json result = read_result(options.runs.front());
  std::string graph;
  try {
    graph = graph_of_result(result, options.runs.front(), "--graph GRAPH");
  } catch (const Error& e) {
    progress.note(str("without the graph: ", e.what()));
    return std::nullopt;
  }
  if (!graph_is_there(graph)) {
    progress.note(str("without the graph: ", graph, " is no longer there"));
    return std::nullopt;
  }
  try {
    return open_graph(graph);
  } catch (const Error& e) {
    throw Error(e.what(), "; --no-graph makes the report without the graph");
  }
}

/// Returns the path of the page. RUN/report.html may always be replaced, because the program wrote it.
std::filesystem::path page_path(const ReportOptions& options) {
  std::vector<NamedPath> named = {{"--graph", options.graph}};
  std::vector<std::filesystem::path> inputs = {options.graph};
  for (const std::string& run : options.runs) named.push_back({"RUN", run}), inputs.emplace_back(run);
  require_distinct({{"--out", options.out}}, named);
  if (options.out.empty() && options.runs.size() == 1 && options.nodes.empty())
    return folder_path(options.runs.front()) / "report.html";
  const std::filesystem::path page = options.out.empty() ? "report.html" : options.out;
  refuse_existing_file(page, options.overwrite, inputs);
  return page;
}

void run_report(const ReportOptions& options) {
  ReportRequest request;
  for (const std::string& run : options.runs) {
    read_result(run);  // throws Error if it is not a run folder
    request.runs.push_back(folder_path(run));
  }
  request.nodes = options.nodes;
  const std::filesystem::path out = options.json ? std::filesystem::path() : page_path(options);
  set_threads(options.threads);
  watch_for_stop();
  nlohmann::json report;
  {
    Progress progress(options.quiet);
    std::optional<Dataset> graph = graph_for(options, progress);
    report = collect_report(request, graph ? &*graph : nullptr, progress);
  }
  if (options.json) {
    print_json(report);
    return;
  }
  write_text_file(out, report_page(report));
  print_text("{}\n", out.string());
}

}  // namespace

void add_report_command(Program& program) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = program.app.add_subcommand("report", "One HTML page on a run, or comparing several");
  command->add_option("RUN", options->runs, "Run folders, all of one graph")->required();
  command
      ->add_option("--node", options->nodes,
                   "Also explain this node, by your id, in the first run; may be given several times")
      ->type_name("ID")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  command
      ->add_option("--out", options->out,
                   "The page (default: RUN/report.html; of several runs or with --node report.html)")
      ->type_name("FILE");
  command->add_flag("--overwrite", options->overwrite, "Replace the file if there is one");
  command
      ->add_option("--graph", options->graph, "As for run (default: the graph that was trained on, where it still is)")
      ->type_name("GRAPH");
  command->add_flag("--no-graph", options->no_graph, "Do not load the graph: read the run folders alone")
      ->excludes("--graph");
  add_threads_option(*command, options->threads);
  command->add_flag("--json", options->json, "Print the content of the page as JSON and write no file");
  add_quiet_option(*command, options->quiet);
  command->footer(
      "The page holds everything in itself and needs no network. A run leaves one in its folder by itself.\n\n"
      "Examples:\n"
      "  graphsieve report runs/graph-1\n"
      "  graphsieve report runs/wide runs/narrow --out comparison.html\n"
      "  graphsieve report runs/graph-1 --node 17 --node 23 --out nodes.html");
  command->callback([options, &program] { program.action = [options] { run_report(*options); }; });
}

}  // namespace graphsieve
