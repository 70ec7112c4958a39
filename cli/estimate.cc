// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "graphsieve/engine/experiment.h"
#include "training_options.h"

namespace graphsieve {

void add_estimate_command(Program& program) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command =
      program.app.add_subcommand("estimate", "Train the attention score estimator alone, keep the scores");
  command
      ->add_option(
          "GRAPH", options->graph,
          "An .npz or .mat file, a graph folder (see convert), or minesweeper[:SIDE[:SEED]] for a generated graph")
      ->required();
  add_training_options(*command, *options);
  command->footer(
      "Examples:\n"
      "  graphsieve estimate graph.npz --out runs/scores\n"
      "  graphsieve train --scores runs/scores --set network.width=128");
  command->callback([options, &program] {
    program.action = [options] {
      RunRequest request;
      request.stages = Stages::kEstimator;
      train_and_report(*options, request, "");
    };
  });
}

}  // namespace graphsieve
