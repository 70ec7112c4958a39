// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/analysis/inspect.h"
#include "numbers.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// The values of the options.
struct InspectOptions {
  std::string run, other, graph;
  int64_t k = 0, destinations = 0;
  uint64_t seed = 0;
  int threads = 0;
  bool json = false, quiet = false;
};

std::string four_decimals(const Json& value) {
  return value.is_number() ? fmt::format("{:.4f}", value.get<double>()) : "-";
}

/// Returns a statistic as text: 0.1234, or 0.1234 ±0.0012 if destinations were sampled.
std::string statistic(const Json& s) {
  if (!s.at("half_width").is_number() || s.at("half_width") == 0.0) return four_decimals(s.at("mean"));
  return fmt::format("{} ±{:.4f}", four_decimals(s.at("mean")), s.at("half_width").get<double>());
}

/// Returns the underestimation factor at a quantile; 0 if it is not defined.
double factor_at(const Json& agreement, double quantile) {
  for (const Json& q : agreement.at("underestimation"))
    if (q.at("quantile") == quantile && q.at("factor").is_number()) return q.at("factor").get<double>();
  return 0;
}

/// Prints the measurements of one run.
void print_alone(const Json& found) {
  print_text("{}: {}, attention of the {} (width {}), {} attention edges, {} destinations\n",
             found.at("run").get<std::string>(), found.at("model").get<std::string>(),
             found.at("scores_of").get<std::string>(), found.at("scores_width").get<int64_t>(),
             found.at("attention_edges").get<int64_t>(), found.at("destinations").get<int64_t>());
  print_text("{:>5} {:>5} {:>18} {:>20} {:>20}\n", "layer", "k", "entropy/ln degree", "mass of k heaviest",
             "effective degree");
  for (const Json& layer : found.at("attention")) {
    const Json& s = layer.at("statistics");
    print_text("{:>5} {:>5} {:>18} {:>20} {:>20}\n", layer.at("layer").get<int64_t>(), layer.at("k").get<int64_t>(),
               statistic(s.at("entropy")), statistic(s.at("heaviest_mass")), statistic(s.at("effective_degree")));
  }
  // A run without a network has only the attention of its estimator.
  if (!found.contains("operator_norms")) return;
  print_text("\noperator norms of the layers' maps: mean {}\n", four_decimals(found.at("operator_norm_mean")));
  for (const Json& map : found.at("operator_norms"))
    print_text("  {:<28} {:>10}\n", map.at("map").get<std::string>(), four_decimals(map.at("norm")));
  print_text("norms of the vectors that enter each layer: mean {}\n", four_decimals(found.at("vector_norm_mean")));
  for (const Json& layer : found.at("vector_norms"))
    print_text("  layer {:<22} {:>10}   largest {}\n", layer.at("layer").get<int64_t>(),
               four_decimals(layer.at("mean")), four_decimals(layer.at("max")));
  if (!found.at("middle_norms").empty()) print_text("norms of the vectors that enter each layer's FFN\n");
  for (const Json& layer : found.at("middle_norms"))
    print_text("  layer {:<22} {:>10}   largest {}\n", layer.at("layer").get<int64_t>(),
               four_decimals(layer.at("mean")), four_decimals(layer.at("max")));
  print_text("boundedness: {}. {}\n", found.at("boundedness").at("verdict").get<std::string>(),
             found.at("boundedness").at("sentence").get<std::string>());
  if (found.at("norms_by_epoch").empty()) return;
  print_text("over the epochs: mean operator norm, norms of the vectors that enter each layer\n");
  for (const Json& epoch : found.at("norms_by_epoch")) {
    print_text("  epoch {:<6} {:>10}  ", epoch.at("epoch").get<int64_t>(),
               four_decimals(epoch.at("operator_norm_mean")));
    for (const Json& norm : epoch.at("vector_norms")) print_text(" {:>8}", four_decimals(norm));
    print_text("\n");
  }
}

/// Prints the comparison of two runs, with uniform and random scores as a reference.
void print_comparison(const Json& found) {
  print_text("\nnarrow {} against wide {}; uniform and random scores for reference\n",
             found.at("narrow").get<std::string>(), found.at("wide").get<std::string>());
  print_text("{:>5} {:<8} {:>14} {:>17} {:>9} {:>9} {:>9} {:>9} {:>12} {:>14}\n", "layer", "scores", "energy, values",
             "energy, neighbours", "variation", "pearson", "spearman", "overlap", "mass covered", "a/b at 1 %");
  for (const Json& layer : found.at("layers"))
    for (const auto& [key, name] :
         {std::pair("agreement", "narrow"), std::pair("uniform", "uniform"), std::pair("random", "random")}) {
      const Json& s = layer.at(key);
      print_text("{:>5} {:<8} {:>14} {:>18} {:>9} {:>9} {:>9} {:>9} {:>12} {:>14.4g}\n",
                 layer.at("layer").get<int64_t>(), name, statistic(s.at("energy_values")),
                 statistic(s.at("energy_neighbours")), statistic(s.at("total_variation")), statistic(s.at("pearson")),
                 statistic(s.at("spearman")), statistic(s.at("overlap")), statistic(s.at("mass_covered")),
                 factor_at(s, 0.01));
    }
}

void run_inspect(const InspectOptions& options) {
  read_result(options.run);  // throws Error if it is not a run folder
  if (!options.other.empty()) read_result(options.other);
  set_threads(options.threads);
  watch_for_stop();
  Json found;
  {
    Progress progress(options.quiet);
    Dataset data = open_graph(options.graph.empty() ? graph_of_run(options.run, "--graph GRAPH") : options.graph);
    found =
        inspect(std::move(data), {options.run, options.other, options.k, options.destinations, options.seed}, progress);
  }
  if (options.json) {
    print_json(found);
    return;
  }
  print_alone(found);
  if (found.contains("comparison")) print_comparison(found.at("comparison"));
}

}  // namespace

void add_inspect_command(Program& program) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command =
      program.app.add_subcommand("inspect", "Norms and attention of a trained run, or how two runs agree");
  command->add_option("RUN", options->run, "Run folder")->required();
  command->add_option("OTHER", options->other,
                      "Another run on the same graph, seed and edges; the narrower is held against the wider");
  command->add_option("--graph", options->graph, "As for run (default: the graph that was trained on)")
      ->type_name("GRAPH");
  command->add_option("--k", options->k, "Heaviest edges per node (default: the recipe's network.k, or 10)")
      ->transform(whole_number(1, 1000000))
      ->type_name("K");
  command->add_option("--destinations", options->destinations, "Nodes sampled, with 95 % intervals (default: all)")
      ->transform(whole_number(2, uint64_t{1} << 40))
      ->type_name("N");
  add_seed_option(*command, options->seed, "Of the sampled nodes and the random scores (default: 0)");
  add_threads_option(*command, options->threads);
  command->add_flag("--json", options->json, "Print everything as JSON");
  add_quiet_option(*command, options->quiet);
  command->footer(
      "Scores are the estimator's where the run has one, else the network's (mean of the heads), on the whole\n"
      "attention graph.\n\n"
      "Examples:\n"
      "  graphsieve inspect runs/graph-1\n"
      "  graphsieve inspect runs/narrow runs/wide --destinations 2000 --json");
  command->callback([options, &program] { program.action = [options] { run_inspect(*options); }; });
}

}  // namespace graphsieve
