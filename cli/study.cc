// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/study/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "commands.h"
#include "graph_source.h"
#include "graphsieve/recipe/metric.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "terminal.h"
#include "training_options.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// The values of the options.
struct StudyOptions {
  std::string graph, recipe;
  std::vector<std::string> settings;
  StudyRequest request;
  int threads = 0;
  bool json = false, quiet = false;
  std::string out;
};

/// Returns "mean ± deviation", or only the mean if there is one run.
std::string shown(const Json& row, const std::string& figure, double scale, int digits) {
  const Json found = row.value(figure, Json());
  if (!found.is_object() || !found.at("mean").is_number()) return "-";
  const std::string mean = fmt::format("{:.{}f}", scale * found.at("mean").get<double>(), digits);
  if (found.at("count").get<int64_t>() < 2) return mean;
  return fmt::format("{} ± {:.{}f}", mean, scale * found.at("std").get<double>(), digits);
}

/// A column of the table: its title, the figure that it shows, and how.
struct Column {
  const char* title;
  const char* figure;
  double scale;
  int digits;
};

/// Returns the columns that suit an axis.
std::vector<Column> columns_of(const std::string& axis, const Metric& metric) {
  const double scale = metric.in_percent ? 100 : 1;
  const int digits = metric.in_percent ? 2 : 4;
  constexpr double kMiB = 1.0 / (1 << 20);
  if (axis == "width")
    return {{metric.in_percent ? "val, %" : "val", "val", scale, digits},
            {metric.in_percent ? "test, %" : "test", "test", scale, digits},
            {"energy, values", "agreement.energy_values", 1, 5},
            {"energy, neighbours", "agreement.energy_neighbours", 1, 4},
            {"energy, uniform", "uniform.energy_neighbours", 1, 4},
            {"energy, random", "random.energy_neighbours", 1, 4},
            {"spearman", "agreement.spearman", 1, 3},
            {"overlap", "agreement.overlap", 1, 3},
            {"overlap, uniform", "uniform.overlap", 1, 3},
            {"overlap, random", "random.overlap", 1, 3},
            {"held MiB", "peak_bytes", kMiB, 1}};
  if (axis == "k")
    return {{metric.in_percent ? "val, %" : "val", "val", scale, digits},
            {metric.in_percent ? "test, %" : "test", "test", scale, digits},
            {"spectral error", "spectral_error", 1, 3},
            {"unbiased", "spectral_error_unbiased", 1, 3},
            {"edges kept, %", "edge_share", 100, 1},
            {"held MiB", "peak_bytes", kMiB, 1},
            {"s/epoch", "seconds_per_epoch", 1, 4}};
  if (find_recipe_key(axis))
    return {{metric.in_percent ? "val, %" : "val", "val", scale, digits},
            {metric.in_percent ? "test, %" : "test", "test", scale, digits},
            {"edges kept, %", "edge_share", 100, 1},
            {"held MiB", "peak_bytes", kMiB, 1},
            {"s/epoch", "seconds_per_epoch", 1, 4}};
  return {{"nodes", "nodes", 1, 0},
          {"attention edges", "attention_edges", 1, 0},
          {"estimator MiB", "estimator_peak_bytes", kMiB, 1},
          {"of tensors", "estimator_peak_tensor_bytes", kMiB, 1},
          {"network MiB", "network_peak_bytes", kMiB, 1},
          {"of tensors", "network_peak_tensor_bytes", kMiB, 1},
          {"estimator s/epoch", "estimator_seconds_per_epoch", 1, 4},
          {"network s/epoch", "network_seconds_per_epoch", 1, 4}};
}

/// Prints the summary of the study, one row per value and variant.
void print_study(const Json& found, const std::string& out) {
  const std::string axis = found.at("axis");
  const auto columns = columns_of(axis, metric_or_share(found.value("metric", "")));
  const bool of_key = find_recipe_key(axis) != nullptr;
  print_text("{:>8} {:<16}", axis, axis == "width" || of_key ? "" : axis == "k" ? "sampler" : "model");
  for (const Column& c : columns) print_text(" {:>18}", c.title);
  print_text("\n");
  for (const Json& row : found.at("summary")) {
    const Json& value = row.at("value");
    print_text("{:>8} {:<16}", value.is_string() ? value.get<std::string>() : value.dump(), row.value("variant", ""));
    for (const Column& c : columns) print_text(" {:>18}", shown(row, c.figure, c.scale, c.digits));
    print_text("\n");
  }
  if (found.contains("pays_from")) {
    // "at none of these" means that the full network needs less at the largest value of the study.
    const auto from = [&](const char* figure) {
      const Json& value = found.at("pays_from").at(figure);
      return value.is_null() ? std::string("at none of these") : fmt::format("from {} {}", axis, value.get<int64_t>());
    };
    print_text("both sparse stages need less than the full network: memory {}, time {}\n", from("peak_bytes"),
               from("seconds_per_epoch"));
  }
  if (found.value("label_inputs", false)) print_text("values with labels as inputs\n");
  print_text("study folder: {}\n", out);
}

/// Opens the graph (or generates one per value), makes the recipe, runs the study and prints it.
void run_study(StudyOptions options) {
  StudyRequest& request = options.request;
  if (const std::string error = study_axis_error(request.axis); !error.empty()) throw UsageError(error);
  if (!find_recipe_key(request.axis))
    for (std::string& value : request.values)
      if (const std::string error = whole_number(1, 100000)(value); !error.empty())
        throw UsageError("--values: " + error);
  const bool size = request.axis == "size";
  if (size == !options.graph.empty())
    throw UsageError(size ? "a study of size generates its graphs; expected no GRAPH" : "GRAPH is missing");
  set_threads(options.threads);
  watch_for_stop();
  Json found;
  {
    Progress progress(options.quiet);
    const auto given = size ? nullptr : std::make_shared<Dataset>(open_graph(options.graph));
    // Only the axis size needs a different graph for each value.
    const DatasetOf data = [&](int64_t value) {
      return given ? *given : open_graph(str("minesweeper:", value, ":", request.seed));
    };
    const Recipe recipe = make_recipe(options.recipe, given ? given->recipe : "minesweeper", options.settings);
    request.out = options.out.empty()
                      ? std::filesystem::path("studies") / str(request.axis, "-", given ? given->name : "generated")
                      : folder_path(options.out);
    require_distinct({{"--out", request.out}}, {{"GRAPH", options.graph}});
    found = study(data, recipe, request, progress);
  }
  if (options.json)
    print_json(found);
  else
    print_study(found, request.out.string());
}

}  // namespace

void add_study_command(Program& program) {
  auto options = std::make_shared<StudyOptions>();
  StudyRequest& request = options->request;
  CLI::App* command = program.app.add_subcommand("study", "Train one recipe along one axis, and compare");
  command
      ->add_option("AXIS", request.axis,
                   "width, k, density (graph.expander_degree), size (of a generated graph), or a key of a recipe")
      ->required();
  command->add_option("GRAPH", options->graph, "As for run; none for size");
  command
      ->add_option("--values", request.values,
                   "Points of the axis, joined by commas (default: the axis's own; a key has none)")
      ->delimiter(',')
      ->type_name("VALUE,…");
  command->add_option("--recipe", options->recipe, "As for run")->type_name("NAME|FILE");
  command->add_option("--set", options->settings, "As for run")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  command
      ->add_option("--repeats", request.repeats, "Runs per point; repeat i has split i and seed SEED + i (default: 1)")
      ->transform(whole_number(1, 1000))
      ->type_name("N");
  add_seed_option(*command, request.seed, "Of the first repeat (default: 0)");
  command->add_option("--epochs", request.epochs, "Of both stages (default: the recipe's; density and size: 5)")
      ->transform(whole_number(1, 1000000))
      ->type_name("N");
  add_threads_option(*command, options->threads);
  command
      ->add_option("--out", options->out,
                   "Study folder; an unfinished study is continued (default: studies/AXIS-GRAPH)")
      ->type_name("FOLDER");
  command->add_flag("--json", options->json, "Print study.json");
  add_quiet_option(*command, options->quiet);
  command->footer(
      "Every point is a run folder inside the study's; the same command again goes on where it stopped, and more\n"
      "values or repeats add to what is there.\n\n"
      "Examples:\n"
      "  graphsieve study width minesweeper --values 4,16,64 --repeats 3\n"
      "  graphsieve study k graph.npz --values 3,5,10\n"
      "  graphsieve study network.dropout graph.npz --values 0,0.2,0.5 --repeats 3\n"
      "  graphsieve study size --values 50,100,200");
  command->callback([options, &program] { program.action = [options] { run_study(*options); }; });
}

}  // namespace graphsieve
