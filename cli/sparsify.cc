// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "graphsieve/engine/sparsify.h"
#include "graphsieve/files/paths.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

/// The values of the options.
struct SparsifyOptions {
  std::string run, k, epsilon, epsilon_of, sampler, out;
  int64_t epoch = 0;
  int threads = 0;
  bool quiet = false;
};

/// The options change the recipe of the run, which checks them.
SparsifyRequest make_request(const SparsifyOptions& options) {
  read_result(options.run);  // throws Error if it is not a run folder
  std::vector<std::string> settings;
  if (!options.k.empty()) settings.push_back("network.k=" + options.k);
  if (!options.epsilon.empty()) settings.push_back("network.epsilon=" + options.epsilon);
  if (!options.epsilon_of.empty()) settings.push_back("network.epsilon_of=" + options.epsilon_of);
  if (!options.sampler.empty()) settings.push_back("network.sampler=" + options.sampler);
  const std::string recipe_path = (std::filesystem::path(options.run) / "recipe.yaml").string();
  const Recipe recipe = make_recipe(recipe_path, "", settings);
  SparsifyRequest request;
  request.run = folder_path(options.run);
  // Without --out, the folder gets the next free number.
  request.numbered = options.out.empty();
  request.out = folder_path(request.numbered ? request.run.string() + "-sparse" : options.out);
  if (!options.k.empty()) request.k = recipe.network.k;
  if (!options.epsilon.empty()) request.epsilon = recipe.network.epsilon;
  request.epsilon_of = recipe.network.epsilon_of;
  request.sampler = recipe.network.sampler;
  request.epoch = options.epoch;
  return request;
}

void run_sparsify(const SparsifyOptions& options) {
  require_distinct({{"--out", options.out}}, {{"RUN", options.run}});
  if (!options.out.empty() && path_exists(options.out)) {
    throw Error(options.out, ": already exists; name another with --out");
  }
  set_threads(options.threads);
  watch_for_stop();
  const SparsifyRequest request = make_request(options);
  std::filesystem::path out;
  {
    Progress progress(options.quiet);
    out = sparsify(request, progress);
  }
  print_text("{}\n", out.string());
}

}  // namespace

void add_sparsify_command(Program& program) {
  auto options = std::make_shared<SparsifyOptions>();
  CLI::App* command = program.app.add_subcommand("sparsify", "Draw a sparse graph with the scores of a run");
  command->add_option("RUN", options->run, "Run folder with scores")->required();
  auto* k = command
                ->add_option("--k", options->k,
                             "In-edges per node: one number, or one per layer as 12-5-5-5 (default: the run's)")
                ->type_name("K");
  add_epsilon_option(*command, options->epsilon);
  auto* epsilon = command->get_option("--epsilon")->excludes(k);
  command
      ->add_option("--epsilon-of", options->epsilon_of, "mass or operator_norm (default: the run's network.epsilon_of)")
      ->needs(epsilon)
      ->type_name("NAME");
  command
      ->add_option("--sampler", options->sampler, "graph_reservoir, graph_uniform, graph_max, … (default: the run's)")
      ->type_name("NAME");
  command->add_option("--epoch", options->epoch, "Epoch whose draw is written (default: 0)")
      ->transform(whole_number(0, 1000000000))
      ->type_name("E");
  command->add_option("--out", options->out, "New folder (default: RUN-sparse-N, the next free N)")
      ->type_name("FOLDER");
  add_threads_option(*command, options->threads);
  add_quiet_option(*command, options->quiet);
  command->footer(
      "Writes layer_L_source.npy and layer_L_type.npy, [nodes x k], and prints the folder.\n\n"
      "Examples:\n"
      "  graphsieve sparsify runs/graph-1 --k 8 --out sparse\n"
      "  graphsieve sparsify runs/graph-1 --k 12-5-5-5 --sampler graph_max\n"
      "  graphsieve sparsify runs/graph-1 --epsilon 0.1");
  command->callback([options, &program] { program.action = [options] { run_sparsify(*options); }; });
}

}  // namespace graphsieve
