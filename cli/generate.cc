// SPDX-License-Identifier: Apache-2.0
// The command graphsieve generate.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "commands.h"
#include "graphsieve/datasets/generate_power_law.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "numbers.h"
#include "progress.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

/// The values of the options.
struct GenerateCommand {
  PowerLawGraph graph;
  GenerateOptions options;
  std::string out, features = "float32";
  uint64_t memory = uint64_t{1} << 30;
  int threads = 0;
  bool quiet = false;
};

/// Generates the graph folder and prints what it has.
void generate(GenerateCommand& command) {
  set_threads(command.threads);
  watch_for_stop();
  command.options.features = float_type(command.features);
  command.options.memory = static_cast<int64_t>(command.memory);
  {
    Progress progress(command.quiet);
    progress.stage("generate", 1000);
    // An exception in the callback ends the generation; nothing of the folder then remains.
    command.options.progress = [&](double share) {
      progress.step(static_cast<int64_t>(1000 * share), "");
      if (progress.stop_requested()) throw Interrupted();
    };
    generate_power_law(command.graph, command.out, command.options);
  }
  const Dataset made = read_graph_folder(command.out);
  print_text("{} nodes, {} edges, {} features, {} classes\n{}\n", made.nodes, made.graph->source.size() / 2,
             made.features.cols, made.labels.classes, command.out);
}

}  // namespace

void add_generate_command(Program& program) {
  auto command = std::make_shared<GenerateCommand>();
  CLI::App* app = program.app.add_subcommand("generate", "Make a synthetic graph of any size");
  PowerLawGraph& g = command->graph;
  app->add_option("--out", command->out, "The new graph folder")->required()->type_name("FOLDER");
  app->add_option("--nodes", g.nodes, "Nodes")->transform(whole_number())->capture_default_str()->type_name("N");
  app->add_option("--degree", g.degree, "Mean degree")->transform(real_number())->capture_default_str()->type_name("D");
  app->add_option("--exponent", g.exponent, "Of the degrees' power law; smaller: larger hubs")
      ->transform(real_number())
      ->capture_default_str()
      ->type_name("X");
  app->add_option("--homophily", g.homophily, "Share of edges inside a community")
      ->transform(real_number())
      ->capture_default_str()
      ->type_name("SHARE");
  app->add_option("--classes", g.classes, "Classes")->transform(whole_number())->capture_default_str()->type_name("C");
  app->add_option("--columns", g.columns, "Feature columns")
      ->transform(whole_number())
      ->capture_default_str()
      ->type_name("D");
  app->add_option("--noise", g.noise, "Standard deviation of the features around their means")
      ->transform(real_number())
      ->capture_default_str()
      ->type_name("X");
  app->add_option("--seed", g.seed, "Random seed")
      ->transform(whole_number(0, std::numeric_limits<uint64_t>::max()))
      ->capture_default_str()
      ->type_name("SEED");
  app->add_option("--features", command->features, "How features are stored: float32, float16 or bfloat16")
      ->check(CLI::IsMember({"float32", "float16", "bfloat16"}))
      ->type_name("TYPE")
      ->capture_default_str();
  app->add_option("--memory", command->memory, "Memory for sorting the edges, as 512MiB or 4GiB (default: 1GiB)")
      ->transform(byte_count())
      ->type_name("BYTES");
  app->add_option("--threads", command->threads,
                  "Threads; the graph is the same for any number (default: usable cores)")
      ->transform(whole_number(1, 1024));
  app->add_flag("--overwrite", command->options.overwrite, "Replace the graph folder if there is one");
  app->add_flag("-q,--quiet", command->quiet, "No progress");
  app->footer(
      "Communities with a class each, hubs with a power law of degrees, features that tell a class only to within a "
      "pair: the\n"
      "rest is told by one node in sixteen, some steps away. The same seed gives the same graph.\n\n"
      "Examples:\n"
      "  graphsieve generate --nodes 1000000 --degree 20 --out million\n"
      "  graphsieve generate --nodes 28000000 --degree 28 --columns 128 --features float16 --memory 2GiB --out large");
  app->callback([&program, command] { program.action = [command] { generate(*command); }; });
}

}  // namespace graphsieve
