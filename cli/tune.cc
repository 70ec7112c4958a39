// SPDX-License-Identifier: Apache-2.0
// The search for a recipe is a command of the Python package. The program names it.
#include <memory>
#include <string>

#include "commands.h"

namespace graphsieve {

void add_tune_command(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "tune", "Search for a recipe by validation: a command of the Python package, python -m graphsieve tune");
  command->allow_extras();
  command->footer("Example:\n  python -m graphsieve tune graph.npz --out tuned --trials 30");
  command->callback([command, &program] {
    program.action = [command] {
      std::string line = "python -m graphsieve tune";
      for (const std::string& word : command->remaining()) line += " " + word;
      throw UsageError("tune is a command of the Python package: ", line);
    };
  });
}

}  // namespace graphsieve
