// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "graphsieve/engine/experiment.h"
#include "training_options.h"

namespace graphsieve {

void add_run_command(Program& program) {
  auto options = std::make_shared<TrainingOptions>();
  CLI::App* command = program.app.add_subcommand("run", "Train on a graph: estimator, sampling, network");
  command
      ->add_option(
          "GRAPH", options->graph,
          "An .npz or .mat file, a graph folder (see convert), or minesweeper[:SIDE[:SEED]] for a generated graph")
      ->required();
  add_training_options(*command, *options);
  command->footer(
      "Prints a table of the runs and, as the last line, the run folder.\n\n"
      "Examples:\n"
      "  graphsieve run minesweeper.npz --split all\n"
      "  graphsieve run graph.npz --recipe default --set network.width=32 --set network.k=8-4-4-4\n"
      "  graphsieve run graph.npz --epsilon 0.1\n"
      "  graphsieve run graph.npz --set model=exphormer --seed 3 --repeats 5 --out runs/full\n"
      "  graphsieve run minesweeper:30 --set estimator.epochs=5 --set network.epochs=5");
  command->callback(
      [options, &program] { program.action = [options] { train_and_report(*options, RunRequest{}, ""); }; });
}

}  // namespace graphsieve
