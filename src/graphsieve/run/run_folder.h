// SPDX-License-Identifier: Apache-2.0
// Writing and reading of the files in a run folder that have the run's figures. docs/run-folder.md describes their
// layout.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/evaluate/task.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/inputs/prepared_graph.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/run/run_files.h"

namespace graphsieve {

/// The figures of one run, which is one split with one seed.
struct RunOutcome {
  int64_t split = 0;
  uint64_t seed = 0;
  bool has_estimator = false, has_network = false;
  StageFigures estimator;
  double temperature = 1;
  NetworkFigures network;
  double val = 0, test = 0;
  int64_t best_epoch = 0;
  std::vector<int64_t> k;               ///< network.k as it was given or chosen; empty if no edges are drawn
  std::vector<ClassFigures> per_class;  ///< figures on the test nodes
  nlohmann::json learned = nlohmann::json::object();  ///< Task::learned()
  std::vector<double> other_draws;  ///< validation values of other draws than the best epoch's; may be empty
  std::vector<std::string> signs;   ///< sentences of engine/failure_signs.h
};

/// Returns the member "graph" of result.json.
nlohmann::json graph_json(const PreparedData& data, const PreparedGraph& graph);
/// Convert the figures of one run to an entry of the member "runs" of result.json, and back.
nlohmann::json run_json(const RunOutcome& outcome);
RunOutcome run_outcome(const JsonObject& run);
/// Returns the member "per_class" of an entry of "runs".
nlohmann::json class_json(const std::vector<ClassFigures>& figures);
/// Returns the whole of result.json. `seconds` is the time of all runs.
nlohmann::json result_json(const nlohmann::json& graph, const std::string& metric, const Recipe& recipe,
                           const std::vector<RunOutcome>& outcomes, double seconds);

/// Writes a JSON file, indented. Bytes that are not UTF-8 are replaced.
void write_json(const std::filesystem::path& path, const nlohmann::json& json);

/// Writes a tensor of one or two dimensions (float32, int32 or uint8) as a .npy file.
void write_npy(const std::filesystem::path& path, const at::Tensor& tensor, Existing existing = Existing::kReplace);

/// A run folder with its result.json and recipe.yaml, verified. Throws Error if the folder is not a run folder, is
/// damaged, or sums up several runs.
struct RunFolder {
  explicit RunFolder(const std::filesystem::path& path);
  std::filesystem::path path;
  RunFiles files;
  nlohmann::json result;
  Recipe recipe;
  const nlohmann::json& run() const { return result.at("runs").at(0); }
  uint64_t seed() const { return run().at("seed").get<uint64_t>(); }
  /// Return the members `runs[0]` and `graph` of result.json, with the name of the file for messages.
  JsonObject one() const { return {run(), (path / "result.json").string(), "runs[0]"}; }
  JsonObject graph() const { return {result.at("graph"), (path / "result.json").string(), "graph"}; }
  bool has_estimator() const { return run().at("estimator").is_object(); }
  /// Returns the number of in-edges that the run drew per node, by layer: the k that epsilon found, or the recipe's
  /// network.k.
  std::vector<int64_t> k() const;
};

/// Returns the data set's fingerprint as sixteen hexadecimal digits.
std::string fingerprint_text(const Dataset& data);

}  // namespace graphsieve
