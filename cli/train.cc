// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "graph_source.h"
#include "graphsieve/engine/experiment.h"
#include "run_folder.h"
#include "training_options.h"

namespace graphsieve {
namespace {

/// Trains the network on the scores of an earlier run. Unless the command line gives them, the graph, recipe, split and
/// seed are those of that run, because its estimator has seen the labels of its own split.
void train_on_scores(TrainingOptions options, const std::string& scores, bool seed_given) {
  const nlohmann::json result = read_result(scores);
  const nlohmann::json runs = result.value("runs", nlohmann::json::array());
  const nlohmann::json first = runs.is_array() && !runs.empty() ? runs.front() : nlohmann::json::object();
  if (options.graph.empty()) options.graph = graph_of_run(scores, "GRAPH");
  if (options.split.empty() && first.contains("split")) options.split = first.at("split").dump();
  if (!seed_given) options.seed = first.value("seed", uint64_t{0});
  RunRequest request;
  request.stages = Stages::kNetwork;
  request.scores_from = scores;
  train_and_report(options, request, (std::filesystem::path(scores) / "recipe.yaml").string());
}

}  // namespace

void add_train_command(Program& program) {
  auto options = std::make_shared<TrainingOptions>();
  auto scores = std::make_shared<std::string>();
  CLI::App* command = program.app.add_subcommand("train", "Train the network alone, on the scores of an earlier run");
  command->add_option("GRAPH", options->graph, "As for run (default: the graph of the run with the scores)");
  command->add_option("--scores", *scores, "Run folder whose estimator and scores are used")
      ->required()
      ->type_name("RUN");
  add_training_options(*command, *options);
  command->footer(
      "Recipe, split and seed are those of the run with the scores unless given.\n\n"
      "Examples:\n"
      "  graphsieve train --scores runs/scores --set network.width=128\n"
      "  graphsieve train graph.npz --scores runs/graph-1 --set network.sampler=graph_max --out runs/largest");
  command->callback([options, scores, command, &program] {
    program.action = [options, scores, command] { train_on_scores(*options, *scores, command->count("--seed") > 0); };
  });
}

}  // namespace graphsieve
