// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/engine/failure_signs.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/plan/plan.h"
#include "progress.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// The values of the options.
struct PlanOptions {
  std::string graph, recipe, split_file;
  std::vector<std::string> settings;
  uint64_t memory = 0;
  int threads = 0;
  std::string predictions = "all";
  bool no_time = false, json = false, quiet = false;
};

/// Returns a number of bytes with a unit, in powers of 1024.
std::string size_text(int64_t bytes) {
  const auto b = static_cast<double>(bytes);
  if (b < 1e3) return fmt::format("{} B", bytes);
  const char* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  const int power = std::min(6, static_cast<int>(std::log2(b) / 10));
  return power == 0 ? fmt::format("{} B", bytes)
                    : fmt::format("{:.3g} {}", b / std::pow(1024, power), units[power - 1]);
}

/// Returns a time as text; "-" if it was not estimated.
std::string time_text(double seconds) { return std::isnan(seconds) ? "-" : clock_text(seconds); }

/// Returns the plan as JSON, for --json.
Json to_json(const Plan& plan, uint64_t memory) {
  Json stages = Json::array();
  for (const StagePlan& s : plan.stages)
    stages.push_back({{"stage", s.name},
                      {"memory_bytes", s.memory},
                      {"recomputed_memory_bytes", s.recomputed},
                      {"scratch_bytes", s.scratch},
                      {"disk_bytes", s.disk},
                      {"epochs", s.epochs},
                      {"steps", s.steps},
                      {"draws_whole_graph", s.batches.draws_whole},
                      {"batches_per_read", s.batches.batches_per_call},
                      {"evaluated_at_once", s.evaluation.nodes_per_list},
                      {"seconds_per_epoch", json_number(s.seconds_per_epoch)},
                      {"seconds", json_number(s.seconds)}});
  return {{"stages", stages},
          {"memory_bytes", plan.memory},
          {"scratch_bytes", plan.scratch},
          {"disk_bytes", plan.disk},
          {"seconds", json_number(plan.seconds)},
          {"memory_limit_bytes", memory},
          {"fits", plan.fits},
          {"least_memory_bytes", plan.least},
          {"batch_size", plan.batch_size},
          {"recipe_batch_size", plan.recipe_batch_size},
          {"attention_edges", plan.attention_edges},
          {"edge_share", json_number(plan.edge_share)},
          {"full_exphormer_bytes", plan.full_exphormer},
          {"full_attention_bytes", plan.full_attention}};
}

/// Returns a sentence on the memory of the run if stages computed their blocks again in the backward pass; empty if
/// that would save less than a tenth.
std::string recompute_text(const Plan& plan) {
  int64_t memory = 0;
  for (const StagePlan& s : plan.stages) memory = std::max(memory, std::min(s.memory, s.recomputed));
  if (10 * memory > 9 * plan.memory) return "";
  std::string keys;
  for (const StagePlan& s : plan.stages)
    if (s.memory > memory) keys += fmt::format(" --set {}.recompute=true", s.name);
  return fmt::format("{} of memory, with the same results and about a third more time for each step:{}\n",
                     size_text(memory), keys);
}

/// Prints the plan as a table with one row per stage.
void print(const Plan& plan) {
  print_text("{:<10} {:>10} {:>14} {:>10} {:>8} {:>8} {:>12} {:>10}\n", "stage", "memory", "scratch files",
             "run folder", "epochs", "steps", "time, epoch", "time");
  for (const StagePlan& s : plan.stages)
    print_text("{:<10} {:>10} {:>14} {:>10} {:>8} {:>8} {:>12} {:>10}\n", s.name, size_text(s.memory),
               s.scratch > 0 ? size_text(s.scratch) : "-", size_text(s.disk), s.epochs, s.steps,
               std::isnan(s.seconds_per_epoch) ? "-" : fmt::format("{:.3g} s", s.seconds_per_epoch),
               time_text(s.seconds));
  print_text("\nin all: {} of memory, {} in the run folder, {}\n", size_text(plan.memory), size_text(plan.disk),
             time_text(plan.seconds));
  if (plan.batch_size != plan.recipe_batch_size)
    print_text("batches of {} nodes (the recipe's {} do not fit): --set network.batch_size={}\n", plan.batch_size,
               plan.recipe_batch_size, plan.batch_size);
  print_text("{}", recompute_text(plan));
  print_text(
      "for comparison: the unsparsified Exphormer of these widths {}; attention matrices of all pairs alone {}\n",
      size_text(plan.full_exphormer), size_text(plan.full_attention));
}

void run_plan(const PlanOptions& options) {
  set_threads(options.threads);
  Plan plan;
  {
    watch_for_stop();
    Progress progress(options.quiet);
    Dataset data = open_graph(options.graph);
    Recipe recipe = make_recipe(options.recipe, data.recipe, options.settings);
    use_split_file(options.split_file, data, recipe);
    plan = make_plan(data, recipe,
                     {static_cast<int64_t>(options.memory), !options.no_time, predicted_nodes(options.predictions)},
                     progress);
    if (const std::string sign = sign_of_k(plan.edge_share); !sign.empty()) progress.note(sign);
  }
  if (options.json)
    print_json(to_json(plan, options.memory));
  else
    print(plan);
  // The plan is printed first, so that the user sees what does not fit.
  if (!plan.fits)
    throw Error("does not fit into ", size_text(static_cast<int64_t>(options.memory)), ": even batches of ",
                plan.batch_size, " nodes need --memory ", size_text(plan.least));
}

}  // namespace

void add_plan_command(Program& program) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command = program.app.add_subcommand("plan", "Memory, disk and time of a run, before it starts");
  command->add_option("GRAPH", options->graph, "As for run")->required();
  add_recipe_options(*command, options->recipe, options->settings);
  add_split_file_option(*command, options->split_file);
  add_memory_option(*command, options->memory);
  add_predictions_option(*command, options->predictions);
  add_threads_option(*command, options->threads);
  command->add_flag("--no-time", options->no_time, "Do not estimate the time, for which some steps are run");
  command->add_flag("--json", options->json, "Print everything as JSON");
  add_quiet_option(*command, options->quiet);
  command->footer(
      "Memory is what cannot be dropped (anonymous memory): pages of mapped files come on top while there is room.\n"
      "Exit code 1 where the run does not fit into --memory.\n\n"
      "Examples:\n"
      "  graphsieve plan graph.npz\n"
      "  graphsieve plan products --recipe amazon2m --memory 4GiB");
  command->callback([options, &program] { program.action = [options] { run_plan(*options); }; });
}

}  // namespace graphsieve
