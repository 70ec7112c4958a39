// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "graph_source.h"
#include "graphsieve/engine/predict.h"
#include "graphsieve/files/paths.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

struct PredictOptions {
  std::string run, graph, out, embeddings;
  std::string predictions = "all", device = "cpu";
  uint64_t memory = 0;
  int threads = 0;
  bool raw_ids = false;
  bool overwrite = false;
  bool quiet = false;
};

void run_predict(const PredictOptions& options) {
  const std::vector<NamedPath> outputs = {{"--out", options.out}, {"--embeddings", options.embeddings}};
  require_distinct(outputs, {{"RUN", options.run}, {"GRAPH", options.graph}});
  read_result(options.run);  // throws Error if it is not a run folder
  const std::string graph = options.graph.empty() ? graph_of_run(options.run, "GRAPH") : options.graph;
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
    Dataset data = open_graph(graph);
    if (progress.stop_requested()) throw Interrupted();
    predict(std::move(data),
            {options.run, options.out, options.embeddings, options.overwrite, predicted_nodes(options.predictions),
             options.raw_ids, static_cast<int64_t>(options.memory), options.device},
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
  command->add_option("--out", options->out, "Predictions, a CSV file: node, split, label, predicted, p_0, p_1, …")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--embeddings", options->embeddings,
                   "Also write the last hidden vectors, an .npy file [nodes x width]")
      ->type_name("FILE");
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
      "  graphsieve predict runs/graph-1 changed.npz --out changed.csv --embeddings changed.npy");
  command->callback([options, &program] { program.action = [options] { run_predict(*options); }; });
}

}  // namespace graphsieve
