// SPDX-License-Identifier: Apache-2.0
// The options that the commands run, estimate and train share, and the functions that use them.
#pragma once

#include <string>
#include <vector>

#include "commands.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/run/predicted_nodes.h"

namespace graphsieve {

/// The values of the options.
struct TrainingOptions {
  std::string graph;
  std::string recipe;                 ///< name or file; empty: the recipe that fits the data
  std::vector<std::string> settings;  ///< key=value
  std::string weights;                ///< run folder to start from; empty: random weights
  std::string epsilon;                ///< value of network.epsilon; empty: the recipe's
  std::string split;                  ///< "0", "0,3" or "all"; empty: 0
  std::string split_file;             ///< file with splits (cli/tables.h); empty: the graph's own
  int64_t repeats = 1;
  uint64_t seed = 0;
  int threads = 0;  ///< 0: the number of usable cores
  std::string out;  ///< empty: runs/<graph>-<n>
  bool overwrite = false;
  bool resume = false;
  double checkpoint = 5;  ///< minutes between two checkpoints
  uint64_t memory = 0;    ///< bytes; 0: no limit
  std::string device = "cpu";
  std::string predictions = "all";
  bool raw_ids = false;
  bool no_report = false;
  bool json = false;
  bool quiet = false;
};

/// Adds all these options, but not the argument GRAPH.
void add_training_options(CLI::App& command, TrainingOptions& options);
void add_recipe_options(CLI::App& command, std::string& recipe, std::vector<std::string>& settings);
void add_epsilon_option(CLI::App& command, std::string& epsilon);
/// Adds --predictions all|split.
void add_predictions_option(CLI::App& command, std::string& predictions);
void add_raw_ids_option(CLI::App& command, bool& raw_ids);
PredictedNodes predicted_nodes(const std::string& predictions);

/// Adds --device cpu|cuda|cuda:N.
void add_device_option(CLI::App& command, std::string& device);
void add_memory_option(CLI::App& command, uint64_t& memory);
void add_threads_option(CLI::App& command, int& threads);
void add_quiet_option(CLI::App& command, bool& quiet);
void add_seed_option(CLI::App& command, uint64_t& seed, const std::string& text);
/// Sets the number of threads; 0 leaves it as it is.
void set_threads(int threads);

/// Adds --split-file.
void add_split_file_option(CLI::App& command, std::string& file);
/// Replaces the data's given splits by those of a file, and makes the recipe take them. An empty name changes nothing.
void use_split_file(const std::string& file, Dataset& data, Recipe& recipe);

/// Returns the recipe of --recipe, or of `fallback` if none is given, with every --set applied, resolved and checked.
/// Throws UsageError if this fails.
Recipe make_recipe(const std::string& recipe, const std::string& fallback, const std::vector<std::string>& settings);

/// Sets the splits of the request from "0", "0,3" or "all". Throws UsageError naming the split.
void parse_splits(const std::string& text, RunRequest& request);

/// Opens the graph, makes the recipe, trains the stages of the request, writes the report and prints the result.
/// `fallback_recipe` is used without --recipe; empty: the recipe that fits the data.
void train_and_report(TrainingOptions options, RunRequest request, std::string fallback_recipe);

}  // namespace graphsieve
