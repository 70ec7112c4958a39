// SPDX-License-Identifier: Apache-2.0
#include "training_options.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <limits>
#include <numeric>
#include <utility>

#include "graph_source.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/report/report.h"
#include "graphsieve/run/predicted_nodes.h"
#include "graphsieve/run/run_files.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/runtime/device.h"
#include "numbers.h"
#include "outputs.h"
#include "progress.h"
#include "run_folder.h"
#include "stop.h"
#include "tables.h"

namespace graphsieve {
namespace {

/// Returns the number of a split. Throws UsageError if the text is none.
int64_t parse_split(const std::string& text) {
  int64_t split = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), split);
  if (status != std::errc() || end != text.data() + text.size() || split < 0) {
    throw UsageError("split '", text, "': expected a number from 0, several joined by commas, or all");
  }
  return split;
}

/// Returns what is wrong with the text of --epsilon, or "".
std::string check_epsilon(const std::string& text) {
  double epsilon = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), epsilon);
  const bool number = status == std::errc() && end == text.data() + text.size();
  return number && epsilon > 0 && epsilon < 1 ? "" : "epsilon '" + text + "': expected a number above 0 and below 1";
}

/// Returns what is wrong with the text of --device, or "".
std::string check_device(const std::string& text) {
  try {
    parse_device(text);
    return "";
  } catch (const Error& e) {
    return e.what();
  }
}

/// Returns a name for a folder in runs/: a graph's name could contain slashes.
std::string folder_name(std::string graph_name) {
  std::replace(graph_name.begin(), graph_name.end(), '/', '_');
  return graph_name.empty() ? "graph" : graph_name;
}

/// Notes how the recipe was found.
void note_recipe(const Dataset& data, const TrainingOptions& options, const std::string& fallback, Progress& progress) {
  if (!options.recipe.empty()) return;
  if (!fallback.empty()) {
    progress.note("recipe " + fallback);
  } else if (data.recognised.empty()) {
    progress.note(str("recipe ", data.recipe, ": ", data.name, " is no known data set; choose with --recipe"));
  } else {
    progress.note(str("recipe ", data.recipe, ", recognised by: ", data.recognised));
  }
}

/// Writes the report of a finished run if it is wanted and missing, and prints the run. The run is complete whatever
/// happens to its report; a failure of the report is thrown as ReportError, or Interrupted, after printing.
void finish(const std::filesystem::path& run, Dataset& data, const TrainingOptions& options, Progress& progress) {
  std::exception_ptr failed;
  std::error_code ignored;
  if (!options.no_report && !std::filesystem::exists(run / "report.html", ignored)) {
    try {
      write_report(run, &data, progress);
    } catch (const Interrupted&) {
      failed = std::current_exception();
      progress.note(str("interrupted before the report was written; graphsieve report ", run.string(), " writes it"));
    } catch (const std::exception& e) {
      failed = std::make_exception_ptr(ReportError("the run is complete, but its report is not written: ", e.what(),
                                                   "; graphsieve report ", run.string(), " tries again"));
    }
  }
  progress.end();
  print_result(run, options.json);
  if (failed) std::rethrow_exception(failed);
}

/// Throws UsageError if a stage is to be trained alone with a model that has no estimator.
void check_model(const Recipe& recipe, Stages stages) {
  if (stages != Stages::kBoth && !draws_edges(recipe)) {
    throw UsageError("model is ", recipe.model, ", which has no estimator; expected spexphormer, or the command run");
  }
}

}  // namespace

void add_threads_option(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "Threads; the results are the same for any number (default: usable cores)")
      ->transform(whole_number(1, 1024))
      ->type_name("N");
}

void add_quiet_option(CLI::App& command, bool& quiet) {
  command.add_flag("-q,--quiet", quiet, "No progress and no notes");
}

void add_seed_option(CLI::App& command, uint64_t& seed, const std::string& text) {
  command.add_option("--seed", seed, text)
      ->transform(whole_number(0, std::numeric_limits<uint64_t>::max()))
      ->type_name("SEED");
}

void add_recipe_options(CLI::App& command, std::string& recipe, std::vector<std::string>& settings) {
  command.add_option("--recipe", recipe, "Published recipe or YAML file (default: the one that fits the graph)")
      ->type_name("NAME|FILE");
  command.add_option("--set", settings, "Changes one key of the recipe; may be given several times")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

void add_epsilon_option(CLI::App& command, std::string& epsilon) {
  command
      .add_option(
          "--epsilon", epsilon,
          "Choose k from the scores: in each layer the smallest that leaves at most this share of the attention, or "
          "of what network.epsilon_of names")
      ->check(check_epsilon)
      ->type_name("E");
}

void add_memory_option(CLI::App& command, uint64_t& memory) {
  command
      .add_option(
          "--memory", memory,
          "Memory to stay within, as 512MiB or 4GiB; what is beyond it lies in scratch files beside the run folder "
          "(default: no limit)")
      ->transform(byte_count())
      ->type_name("BYTES");
}

void add_device_option(CLI::App& command, std::string& device) {
  command
      .add_option("--device", device,
                  "Where to compute: cpu, cuda, or cuda:N, the Nth NVIDIA GPU from 0; needs a build with kernels for "
                  "GPUs (default: cpu)")
      ->check(check_device)
      ->type_name("DEVICE");
}

void add_predictions_option(CLI::App& command, std::string& predictions) {
  command
      .add_option("--predictions", predictions,
                  "Nodes in predictions.csv: all, or split, those of its three parts alone, for graphs where few nodes "
                  "have labels "
                  "(default: all)")
      ->check(CLI::IsMember({"all", "split"}).description(""))
      ->type_name("all|split");
}

void add_raw_ids_option(CLI::App& command, bool& raw_ids) {
  command.add_flag(
      "--raw-ids", raw_ids,
      "Text ids in predictions.csv as they are, without the apostrophe that keeps a spreadsheet from running "
      "those that begin with = + - @");
}

PredictedNodes predicted_nodes(const std::string& predictions) {
  return predictions == "split" ? PredictedNodes::kSplit : PredictedNodes::kAll;
}

void add_training_options(CLI::App& command, TrainingOptions& options) {
  add_recipe_options(command, options.recipe, options.settings);
  add_epsilon_option(command, options.epsilon);
  command
      .add_option("--split", options.split,
                  "Given mask or keyed split, by number: I, several as I,J, or all (default: 0)")
      ->type_name("I|all");
  add_split_file_option(command, options.split_file);
  command
      .add_option(
          "--weights", options.weights,
          "Run folder whose network training starts from; also gives the recipe and split where they are not given")
      ->type_name("RUN");
  command.add_option("--repeats", options.repeats, "Runs per split, with seeds SEED, SEED+1, … (default: 1)")
      ->transform(whole_number(1, 1000000))
      ->type_name("N");
  add_seed_option(command, options.seed, "Random seed; splits have their own (default: 0)");
  add_threads_option(command, options.threads);
  command.add_option("--out", options.out, "Run folder (default: runs/GRAPH-N, the next free N)")->type_name("FOLDER");
  command.add_flag("--overwrite", options.overwrite, "Replace the run folder if there is one");
  command.add_flag("--resume", options.resume,
                   "Go on with the unfinished run of --out: the same command, to the same result");
  command
      .add_option(
          "--checkpoint", options.checkpoint,
          "Minutes between two checkpoints, a tenth of it at the end of an epoch; 0: after every step (default: 5)")
      ->transform(real_number(0.0, 100000.0))
      ->type_name("MINUTES");
  add_memory_option(command, options.memory);
  add_device_option(command, options.device);
  add_predictions_option(command, options.predictions);
  add_raw_ids_option(command, options.raw_ids);
  command.add_flag("--no-report", options.no_report, "Leave no report.html in the run folder");
  command.add_flag("--json", options.json, "Print the result as JSON");
  add_quiet_option(command, options.quiet);
}

void add_split_file_option(CLI::App& command, std::string& file) {
  command
      .add_option(
          "--split-file", file,
          "Splits in place of the graph's own: .npz (train, valid, test) or .json with node numbers, or a table "
          "with the columns node and split")
      ->type_name("FILE");
}

void use_split_file(const std::string& file, Dataset& data, Recipe& recipe) {
  if (file.empty()) return;
  data.given_splits = read_splits(file, data);
  recipe.data.split = "given";
}

void set_threads(int threads) {
  if (threads > 0) set_num_threads(threads);
}

Recipe make_recipe(const std::string& recipe, const std::string& fallback, const std::vector<std::string>& settings) {
  try {
    Recipe made = load_recipe(recipe.empty() ? fallback : recipe);
    for (const std::string& setting : settings) apply_setting(made, setting);
    resolve_recipe(made);
    check_recipe(made);
    return made;
  } catch (const Error& e) {
    throw UsageError(e.what());
  }
}

void parse_splits(const std::string& text, RunRequest& request) {
  if (text.empty()) return;
  request.all_splits = text == "all";
  if (request.all_splits) return;
  request.splits.clear();
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    request.splits.push_back(parse_split(text.substr(begin, end - begin)));
    begin = end + 1;
  }
}

/// Returns the splits and seeds of the runs of a request, in order.
std::vector<std::pair<int64_t, uint64_t>> runs_of(const RunRequest& request, const Dataset& data,
                                                  const Recipe& recipe) {
  std::vector<int64_t> splits = request.splits;
  if (request.all_splits) {
    splits.resize(static_cast<size_t>(split_count(data, recipe)));
    std::iota(splits.begin(), splits.end(), 0);
  }
  std::vector<std::pair<int64_t, uint64_t>> runs;
  for (const int64_t split : splits)
    for (int64_t r = 0; r < request.repeats; ++r) runs.emplace_back(split, request.seed + static_cast<uint64_t>(r));
  return runs;
}

/// Returns the first thing that a finished run, to which --resume has nothing to add, has otherwise than the request;
/// empty if there is none.
std::string difference(const std::filesystem::path& run, const Dataset& data, const Recipe& recipe,
                       const RunRequest& request) {
  const RunFiles files(run);
  const nlohmann::json result = read_result(files);
  if (result.at("graph").value("fingerprint", "") != fingerprint_text(data)) return "graph";
  Recipe theirs = parse_recipe(files.text("recipe.yaml"), (run / "recipe.yaml").string());
  if (recipe.network.epsilon > 0) theirs.network.k = recipe.network.k;  // the run chose its own k
  if (to_yaml(theirs) != to_yaml(recipe)) return "recipe";
  std::vector<std::pair<int64_t, uint64_t>> runs;
  for (const nlohmann::json& one : result.at("runs"))
    runs.emplace_back(one.at("split").get<int64_t>(), one.at("seed").get<uint64_t>());
  const auto expected = runs_of(request, data, recipe);
  if (runs.size() != expected.size()) return "number of runs";
  for (size_t r = 0; r < runs.size(); ++r)
    if (runs[r] != expected[r]) return runs[r].first != expected[r].first ? "split" : "seed";
  const bool network = result.at("runs").at(0).at("network").is_object();
  return network == (request.stages == Stages::kEstimator) ? "command" : "";
}

void train_and_report(TrainingOptions options, RunRequest request, std::string fallback_recipe) {
  if (!options.epsilon.empty()) {
    // --epsilon and network.k determine the same thing, so only one may be given.
    for (const std::string& setting : options.settings)
      if (setting.starts_with("network.k="))
        throw UsageError("--epsilon chooses network.k; give it or --set ", setting, ", not both");
    options.settings.push_back("network.epsilon=" + options.epsilon);
  }
  // The run with the weights also gives the recipe and the split, unless the command line does: its network has been
  // trained on the labels of its own split.
  if (!options.weights.empty()) {
    const nlohmann::json of_weights = read_result(options.weights);
    if (fallback_recipe.empty()) fallback_recipe = (std::filesystem::path(options.weights) / "recipe.yaml").string();
    if (options.split.empty()) options.split = of_weights.at("runs").at(0).at("split").dump();
    request.weights_from = options.weights;
  }
  parse_splits(options.split, request);
  request.repeats = options.repeats, request.seed = options.seed, request.overwrite = options.overwrite;
  request.resume = options.resume, request.checkpoint_minutes = options.checkpoint;
  request.memory = static_cast<int64_t>(options.memory), request.predictions = predicted_nodes(options.predictions);
  request.raw_ids = options.raw_ids;
  request.device = options.device;
  request.out = folder_path(options.out);
  require_distinct({{"--out", request.out}}, {{"GRAPH", options.graph},
                                              {"--weights", options.weights},
                                              {"--split-file", options.split_file},
                                              {"--scores", request.scores_from},
                                              {"--recipe", options.recipe}});
  if (options.resume && request.out.empty()) throw UsageError("--resume needs --out, the run folder that was begun");
  // With --resume and --overwrite, an unfinished run that was begun to replace a finished one is continued.
  const bool finished =
      options.resume && is_run_folder(request.out) && !(options.overwrite && has_unfinished(request.out));
  if (!finished)
    refuse_existing_folder(request.out, options.overwrite, FolderKind::kRun,
                           {options.graph, request.scores_from, request.weights_from});
  set_threads(options.threads);
  watch_for_stop();
  Progress progress(options.quiet);
  Dataset data = open_graph(options.graph);
  Recipe recipe =
      make_recipe(options.recipe, fallback_recipe.empty() ? data.recipe : fallback_recipe, options.settings);
  use_split_file(options.split_file, data, recipe);
  request.split_file = options.split_file;
  check_model(recipe, request.stages);
  // A finished run with the same request only needs its report and its table.
  if (finished) {
    const std::string other = difference(request.out, data, recipe, request);
    if (other.empty()) {
      tidy_finished(request.out);
      return finish(request.out, data, options, progress);
    }
    if (!options.overwrite)
      throw Error(request.out.string(), ": the finished run has another ", other,
                  "; give another --out, or replace it with --overwrite");
  }
  note_recipe(data, options, fallback_recipe, progress);
  for (const std::string& note : data.notes) progress.note(data.name + ": " + note);
  // Without --out, the run gets the next free number in runs/.
  request.numbered = request.out.empty();
  if (request.numbered) request.out = std::filesystem::path("runs") / folder_name(data.name);
  if (progress.stop_requested()) throw Interrupted();
  finish(run_experiment(data, recipe, request, progress), data, options, progress);
}

}  // namespace graphsieve
