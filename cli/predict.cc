// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/engine/predict.h"
#include "graphsieve/files/paths.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "tables.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

struct PredictOptions {
  std::string run, graph, out, embeddings, ids;
  std::string nodes, edges, unknown = "zeros";  // tables in place of the graph
  std::string predictions = "all", device = "cpu";
  uint64_t memory = 0;
  int64_t first_draw = 0, draws = 0;
  int threads = 0;
  bool standard_error = false;
  bool raw_ids = false;
  bool drop_dangling = false;
  bool overwrite = false;
  bool quiet = false;
};

/// Converts the tables under the run's schema to a graph folder and returns its path.
std::string converted(const PredictOptions& options, const TemporaryFolder& folder, Progress& progress) {
  TablesRequest request;
  request.nodes = options.nodes;
  request.edges = options.edges;
  request.out = folder.path() / "graph";
  request.like = schema_of_folder(options.run);
  request.unknown = unknown_texts(options.unknown);
  request.drop_dangling = options.drop_dangling;
  request.name = std::filesystem::path(options.nodes).stem().string();
  if (options.memory > 0) request.memory = std::min(request.memory, static_cast<int64_t>(options.memory / 2));
  convert_with_progress(request, progress);
  return request.out.string();
}

void run_predict(const PredictOptions& options) {
  const std::vector<NamedPath> outputs = {{"--out", options.out}, {"--embeddings", options.embeddings}};
  require_distinct(outputs, {{"RUN", options.run},
                             {"GRAPH", options.graph},
                             {"--nodes", options.nodes},
                             {"--edges", options.edges},
                             {"--ids", options.ids}});
  if (!options.ids.empty() && (options.predictions != "all" || !options.embeddings.empty()))
    throw UsageError("--ids goes neither with --predictions nor with --embeddings");
  if (options.edges.empty() != options.nodes.empty()) throw UsageError("--nodes and --edges go together");
  const bool tables = !options.nodes.empty();
  if (tables && !options.graph.empty()) throw UsageError("expected GRAPH, or --nodes and --edges, but not both");
  if (options.drop_dangling && !tables) throw UsageError("--drop-dangling belongs to --nodes and --edges");
  read_result(options.run);  // throws Error if it is not a run folder
  const std::string graph = tables                  ? options.nodes
                            : options.graph.empty() ? graph_of_run(options.run, "GRAPH")
                                                    : options.graph;
  refuse_existing_file(options.out, options.overwrite, {options.run, graph});
  // Embeddings without predictions may remain from an interrupted call of this command. They are then compared with the
  // new ones instead of being refused.
  if (!options.embeddings.empty() && entry_exists(options.out))
    refuse_existing_file(options.embeddings, options.overwrite, {options.run, graph}, "--embeddings");
  if (!options.embeddings.empty()) require_replaceable_file(options.embeddings, {options.run, graph});
  set_threads(options.threads);
  watch_for_stop();
  {
    Progress progress(options.quiet);
    std::optional<TemporaryFolder> folder;
    if (tables) folder.emplace();
    Dataset data = open_graph(tables ? converted(options, *folder, progress) : graph);
    if (progress.stop_requested()) throw Interrupted();
    predict(std::move(data),
            {options.run, options.out, options.embeddings, options.overwrite, predicted_nodes(options.predictions),
             options.ids, options.raw_ids, static_cast<int64_t>(options.memory), options.first_draw, options.draws,
             options.standard_error, options.device, unknown_texts(options.unknown)},
            progress);
  }
  print_text("{}\n", options.out);
}

}  // namespace

void add_predict_command(Program& program) {
  auto options = std::make_shared<PredictOptions>();
  CLI::App* command = program.app.add_subcommand("predict", "Predict every node's class with a trained run");
  command->add_option("RUN", options->run, "Run folder")->required();
  command->add_option("GRAPH", options->graph, "As for run (default: the graph that was trained on)");
  command->add_option("--nodes", options->nodes, "In place of GRAPH: a node table, which needs no labels")
      ->type_name("FILE");
  command
      ->add_option("--edges", options->edges,
                   "The edge table. Tables are read under the training data's schema: columns are found by name, and "
                   "categories, dates and missing values become features as in training")
      ->type_name("FILE");
  command->add_flag("--drop-dangling", options->drop_dangling, "Leave out edges with an id that no node has");
  add_unknown_option(*command, options->unknown, "A text that the training data did not have: zeros, or refuse");
  command->add_option("--out", options->out, "Predictions, a CSV file: node, split, label, predicted, p_0, p_1, …")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--embeddings", options->embeddings,
                   "Also write the last hidden vectors, an .npy file [nodes x width]")
      ->type_name("FILE");
  command
      ->add_option(
          "--ids", options->ids,
          "Predict these nodes alone: a file with one id per line. On the graph that was trained on, only they "
          "and the nodes around them are computed")
      ->type_name("FILE");
  command
      ->add_option("--draws", options->draws,
                   "Average the predictions of so many draws of edges (default: the recipe's network.eval_draws)")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command
      ->add_option("--draw", options->first_draw,
                   "The first draw that is taken: with --draws 1, the predictions of this draw alone")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N");
  command->add_flag("--standard-error", options->standard_error,
                    "Add a column with the standard error of the mean over the draws");
  add_predictions_option(*command, options->predictions);
  add_raw_ids_option(*command, options->raw_ids);
  add_memory_option(*command, options->memory);
  add_device_option(*command, options->device);
  command->add_flag("--overwrite", options->overwrite, "Replace the files if they exist");
  add_threads_option(*command, options->threads);
  add_quiet_option(*command, options->quiet);
  command->footer(
      "Examples:\n"
      "  graphsieve predict runs/graph-1 --out predictions.csv\n"
      "  graphsieve predict runs/graph-1 changed.npz --out changed.csv --embeddings changed.npy\n"
      "  graphsieve predict runs/payments-1 --nodes new.csv --edges new-payments.csv --out scores.csv");
  command->callback([options, &program] { program.action = [options] { run_predict(*options); }; });
}

}  // namespace graphsieve
