// SPDX-License-Identifier: Apache-2.0
#include "graph_source.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "commands.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/datasets/known_datasets.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/recipe/suggest.h"
#include "run_folder.h"

namespace graphsieve {
namespace {

constexpr const char* kGenerated = "minesweeper";
constexpr uint64_t kSide = 100;
constexpr uint64_t kMaxSide = 10000;

std::optional<uint64_t> whole_number(const std::string& text) {
  uint64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Generates the graph "minesweeper:SIDE:SEED"; the last two parts are optional.
Dataset generate(const std::string& graph) {
  const std::string numbers = graph.size() > std::string(kGenerated).size() ? graph.substr(graph.find(':') + 1) : "";
  const size_t colon = std::min(numbers.find(':'), numbers.size());
  const auto side = numbers.empty() ? kSide : whole_number(numbers.substr(0, colon));
  const auto seed = colon == numbers.size() ? 0 : whole_number(numbers.substr(colon + 1));
  if (!side || *side > kMaxSide || !seed) {
    throw UsageError("graph ", graph, ": expected minesweeper:SIDE:SEED, SIDE at most ", kMaxSide,
                     ", such as minesweeper:100:0");
  }
  return generate_minesweeper(*seed, static_cast<int64_t>(*side));
}

bool is_generated(const std::string& graph) {
  return graph == kGenerated || graph.starts_with(std::string(kGenerated) + ":");
}

/// Returns the message about a graph that does not exist, with a suggestion.
std::string no_such_graph(const std::string& graph) {
  std::vector<std::string> names;
  for (const KnownDataset& known : known_datasets()) names.push_back(known.name);
  // A known data set still needs its file: nothing is downloaded.
  const bool known = std::count(names.begin(), names.end(), graph) > 0;
  if (known) return str("graph ", graph, ": a known data set, but no file; expected the path of its .npz");
  names.emplace_back(kGenerated);
  return str("graph ", graph, ": no such file; expected the path of an .npz, a .mat or a graph folder, or ", kGenerated,
             " for a generated one", did_you_mean(graph, names));
}

}  // namespace

bool graph_is_there(const std::string& graph) { return is_generated(graph) || path_exists(graph); }

Dataset open_graph(const std::string& graph) {
  if (path_exists(graph)) return load_dataset(graph);
  if (is_generated(graph)) return generate(graph);
  throw Error(no_such_graph(graph));
}

std::string graph_of_run(const std::string& run_folder, const char* option) {
  return graph_of_result(read_result(run_folder), run_folder, option);
}

std::string graph_of_result(const nlohmann::json& result, const std::string& run_folder, const char* option) {
  const nlohmann::json graph = result.value("graph", nlohmann::json::object());
  const auto has = [&graph](const char* key, bool number) {
    return graph.contains(key) && (number ? graph[key].is_number_integer() : graph[key].is_string());
  };
  const std::string source = has("source", false) ? graph["source"].get<std::string>() : "";
  if (source.empty()) throw Error("run folder ", run_folder, ": result.json does not name its graph; give ", option);
  if (source == "memory")
    throw Error("run folder ", run_folder, ": its graph was in memory, not in a file; give ", option);
  // A generated graph is named by the side of its grid and its seed.
  if (source != "generated") return path_of_text(source).string();
  if (!has("generator_seed", true) || !has("nodes", true))
    throw Error("run folder ", run_folder, ": result.json does not hold the generated graph's seed and nodes; give ",
                option);
  const auto side = std::llround(std::sqrt(graph.value("nodes", 0.0)));
  return str(kGenerated, ":", side, ":", graph.at("generator_seed").dump());
}

}  // namespace graphsieve
