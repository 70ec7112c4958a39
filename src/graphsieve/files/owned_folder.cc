// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/owned_folder.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/checksum.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kPartial = ".graphsieve-partial";
constexpr size_t kLongestNameOfPartial = 200;  // a name may have 255 bytes, of which partial_name() needs some

/// True if the text is BEFORE, then digits, then AFTER.
bool numbered(std::string_view text, std::string_view before, std::string_view after) {
  if (!text.starts_with(before) || !text.ends_with(after) || text.size() <= before.size() + after.size()) return false;
  const std::string_view digits = text.substr(before.size(), text.size() - before.size() - after.size());
  return digits.find_first_not_of("0123456789") == std::string_view::npos;
}

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The following functions know the names in each kind of folder; all names are those of regular files, and
// in_subfolder() knows the subfolders. They are the complete list of what the program writes: an entry that none of
// them accepts is foreign.

bool is_hiding_layer(std::string_view name) {
  const size_t layer = name.find("_layer_");
  return layer != std::string_view::npos && numbered(name.substr(0, layer), "hiding_", "") &&
         numbered(name.substr(layer), "_layer_", ".npy");
}
bool in_scores(std::string_view name) {
  return one_of(name, {"row_start.npy", "source.npy", "type.npy"}) || numbered(name, "layer_", ".npy") ||
         is_hiding_layer(name);
}
bool in_checkpoint(std::string_view name) {
  return one_of(name, {"lock", "checkpoint-0.safetensors", "checkpoint-1.safetensors"});
}
bool is_report(std::string_view name) { return one_of(name, {"report.html", "report.json"}); }
bool in_run(std::string_view name) {
  return is_report(name) || one_of(name, {"card.json",
                                          "result.json",
                                          "recipe.yaml",
                                          "split.json",
                                          "metrics.jsonl",
                                          "epsilon.json",
                                          "predictions.csv",
                                          "quality.json",
                                          "compression.json",
                                          "network.safetensors",
                                          "estimator.safetensors",
                                          "schema.json",
                                          "feature_scales.npy",
                                          "feature_ranges.npy",
                                          "label_inputs.npy",
                                          "node_id.npy",
                                          "node_id_start.npy",
                                          "node_id_text.npy",
                                          "network_norms.safetensors",
                                          "estimator_norms.safetensors"});
}
bool in_graph(std::string_view name) {
  return one_of(name, {"graph.json", "row_start.npy", "source.npy", "edge_type.npy", "features.npy",
                       "features_row_start.npy", "features_column.npy", "features_value.npy", "labels.npy",
                       "node_id.npy", "node_id_start.npy", "node_id_text.npy", "splits.npy", "schema.json"});
}
bool in_draws(std::string_view name) {
  return one_of(name, {"sparsified.json", "epsilon.json"}) || numbered(name, "layer_", "_source.npy") ||
         numbered(name, "layer_", "_type.npy");
}
bool in_scratch(std::string_view name) { return name.starts_with("run-") || one_of(name, {"ids", "edges"}); }

using Own = bool (*)(std::string_view);

Own own_names(FolderKind kind) {
  return kind == FolderKind::kRun ? in_run : kind == FolderKind::kGraph ? in_graph : in_draws;
}

/// Returns the function that knows the names in a subfolder, or null if the subfolder itself is foreign. Sets `run` if
/// the subfolder is the folder of one of several runs ("split-0-seed-1").
Own in_subfolder(std::string_view name, FolderKind kind, bool complete, bool& run) {
  if (kind == FolderKind::kGraph) return name == "scratch" && !complete ? in_scratch : nullptr;
  if (kind != FolderKind::kRun) return nullptr;
  if (name == "scores") return in_scores;
  if (name == "checkpoint") return in_checkpoint;
  const size_t seed = name.find("-seed-");
  run = seed != std::string_view::npos && numbered(name.substr(0, seed), "split-", "") &&
        numbered(name.substr(seed), "-seed-", "");
  return run ? in_run : nullptr;
}

/// True if `found` is ".NAME.partial-PID", the name of an incomplete file in versions before 0.2.
bool is_old_partial(std::string_view found, Own own) {
  const size_t at = found.rfind(".partial-");
  return found.starts_with('.') && at != std::string_view::npos && at > 0 && own(found.substr(1, at - 1)) &&
         found.substr(at + 9).find_first_not_of("0123456789-") == std::string_view::npos;
}

/// Returns the names on the folder's card, or nothing if it has no intact card. Throws Error if the system cannot read
/// it.
std::optional<std::set<std::string>> names_on_card(const fs::path& folder, FolderKind kind) {
  const fs::path file = folder / (kind == FolderKind::kGraph ? kGraphCard : kRunCard);
  if (kind == FolderKind::kDraws || entry_kind(file) != EntryKind::kFile) return std::nullopt;
  const std::string text = read_text_file(file), where = file.string();
  try {
    const Json card = kind == FolderKind::kGraph
                          ? parse_card(text, where, kGraphFormat, kGraphVersion, kSealedGraphVersion)
                          : parse_card(text, where, kRunFormat, kRunVersion, kRunVersion);
    if (!card.contains("checksum")) return std::nullopt;
    std::set<std::string> names = {file.filename().string()};
    for (const auto& [name, record] : read_records(card.at("files"), where)) names.insert(name);
    return names;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// Searches one folder for entries that the program did not write.
class ForeignEntries {
 public:
  ForeignEntries(const fs::path& folder, FolderKind kind, FolderState state)
      : folder_(folder), kind_(kind), complete_(state == FolderState::kComplete) {}

  /// Returns the first foreign entry in `inside`, a graph's folder or a run's folder with its own card. `inside` is
  /// relative to the folder that is searched, and empty for that folder itself.
  std::optional<std::string> first(const fs::path& inside, Own own) const {
    const auto card = complete_ ? names_on_card(folder_ / inside, kind_) : std::nullopt;
    return first(inside, own, card ? &*card : nullptr, "");
  }

 private:
  /// Searches one level. `card` has the names on the card, null if there is none; `prefix` is the path of this level
  /// within the folder of the card. Partial files are accepted in any state, and reports need not be on the card.
  std::optional<std::string> first(const fs::path& inside, Own own, const std::set<std::string>* card,
                                   const std::string& prefix) const {
    for (const fs::path& entry : folder_entries(inside.empty() ? folder_ : folder_ / inside)) {
      const std::string name = entry.filename().string();
      std::string path = (inside / name).string();
      const EntryKind entry_is = entry_kind(entry);
      if (entry_is == EntryKind::kFolder) {
        if (auto found = first_below(inside, name, card)) return found;
      } else if (entry_is != EntryKind::kFile) {
        return path;
      } else if (!is_partial_name(name, own) && !is_old_partial(name, own)) {
        if (!own(name) || (card && !is_report(name) && !card->contains(prefix + name))) return path;
      }
    }
    return std::nullopt;
  }

  /// Searches a subfolder. The subfolder of a run has its own card; a checkpoint is on no card.
  std::optional<std::string> first_below(const fs::path& inside, const std::string& name,
                                         const std::set<std::string>* card) const {
    bool run = false;
    const Own own = in_subfolder(name, kind_, complete_, run);
    if (!own) return (inside / name).string();
    if (run) return first(inside / name, own);
    return first(inside / name, own, name == "checkpoint" ? nullptr : card, name + "/");
  }

  const fs::path& folder_;
  FolderKind kind_;
  bool complete_;
};

/// True if the JSON is a result.json of format 1, which had no card beside it.
bool is_old_result(const Json& result) {
  if (!result.is_object() || result.contains("format")) return false;
  for (const char* key : {"version", "torch", "model", "metric"})
    if (!result.contains(key) || !result[key].is_string()) return false;
  return result.contains("runs") && result["runs"].is_array() && !result["runs"].empty() && result.contains("graph") &&
         result["graph"].is_object() && result["graph"].contains("fingerprint") && result.contains("test_mean");
}

/// True if `path` is `folder` or lies in it; both are real paths.
bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [at, end] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return at == folder.end();
}

/// Returns the mount points of the system, the fifth field of each line of mountinfo.
std::vector<fs::path> mount_points() {
  std::vector<fs::path> points;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string skipped, point;
    fields >> skipped >> skipped >> skipped >> skipped >> point;
    std::string plain;  // mountinfo writes a space as \040
    for (size_t i = 0; i < point.size(); ++i) {
      const bool octal = point[i] == '\\' && i + 3 < point.size();
      plain += octal ? static_cast<char>(std::stoi(point.substr(i + 1, 3), nullptr, 8)) : point[i];
      if (octal) i += 3;
    }
    points.push_back(plain);
  }
  return points;
}

std::vector<fs::path> home_directories() {
  std::vector<fs::path> homes;
  if (const char* home = std::getenv("HOME"); home && *home) homes.push_back(resolved_path(home));
  if (const passwd* user = getpwuid(getuid()); user && user->pw_dir) homes.push_back(resolved_path(user->pw_dir));
  return homes;
}

/// Throws Error if the folder is, or contains, one that is never removed.
void refuse_precious(const fs::path& folder, const std::vector<fs::path>& inputs) {
  const fs::path real = resolved_path(folder);
  const auto refuse = [&](const fs::path& precious, const char* what) {
    if (is_within(resolved_path(precious), real))
      throw Error(real.string(), ": is not removed: ", resolved_path(precious) == real ? "it is " : "it holds ", what,
                  resolved_path(precious) == real ? "" : str(", ", precious.string()));
  };
  std::error_code error;
  refuse(fs::current_path(error), "the current directory");
  for (const fs::path& home : home_directories()) refuse(home, "a home directory");
  for (const fs::path& point : mount_points()) refuse(point, "a mount point");
  for (const fs::path& input : inputs)
    if (!input.empty() && path_exists(input)) refuse(input, "an input of this command");
}

}  // namespace

const char* folder_kind_name(FolderKind kind) {
  switch (kind) {
    case FolderKind::kRun:
      return "run folder";
    case FolderKind::kGraph:
      return "graph folder";
    default:
      return "folder of draws";
  }
}

std::optional<std::string> foreign_entry(const fs::path& folder, FolderKind kind, FolderState state) {
  return ForeignEntries(folder, kind, state).first({}, own_names(kind));
}

std::vector<std::string> own_files(const fs::path& folder, FolderKind kind) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& below, Own own) {
    if (!entry_exists(folder / below)) return;
    for (const fs::path& entry : folder_entries(folder / below)) {
      const std::string name = entry.filename().string();
      const bool card = name == kRunCard || name == kGraphCard;
      if (own(name) && !card && !is_report(name) && is_file(entry)) names.push_back(below + name);
    }
  };
  add("", own_names(kind));
  if (kind == FolderKind::kRun) add("scores/", in_scores);
  std::sort(names.begin(), names.end());
  return names;
}

bool has_own_card(const fs::path& folder, FolderKind kind) {
  if (names_on_card(folder, kind)) return true;
  const fs::path old = folder / (kind == FolderKind::kGraph ? kGraphCard : "result.json");
  if (kind == FolderKind::kDraws || entry_kind(old) != EntryKind::kFile) return false;
  const std::string text = read_text_file(old), where = old.string();
  try {
    if (kind == FolderKind::kRun) return is_old_result(parse_json(text, where));
    const Json card = parse_card(text, where, kGraphFormat, kSealedGraphVersion - 1, kSealedGraphVersion);
    return card.contains("files") && card["files"].is_object() && card.contains("fingerprint");
  } catch (const std::exception&) {
    return false;
  }
}

void require_replaceable_folder(const fs::path& folder, FolderKind kind, const std::vector<fs::path>& inputs) {
  const EntryKind is = entry_kind(folder);
  if (is == EntryKind::kLink) throw Error(folder.string(), ": is a symbolic link, so it is not overwritten");
  if (is != EntryKind::kFolder) throw Error(folder.string(), ": is no folder, so it is not overwritten");
  refuse_precious(folder, inputs);
  if (folder_entries(folder).empty()) return;
  if (!has_own_card(folder, kind))
    throw Error(folder.string(), ": is not overwritten: nothing in it shows that it is a ", folder_kind_name(kind),
                " (expected an intact ", kind == FolderKind::kGraph ? kGraphCard : "card.json and result.json",
                "); move it away, or choose another name");
  if (const auto foreign = foreign_entry(folder, kind, FolderState::kComplete))
    throw Error(folder.string(), ": is not overwritten: it holds '", *foreign,
                "', which this program did not write there; move that away, or choose another name");
}

void require_replaceable_file(const fs::path& path, const std::vector<fs::path>& inputs) {
  const EntryKind is = entry_kind(path);
  if (is == EntryKind::kNothing) return;
  if (is != EntryKind::kFile)
    throw Error(path.string(), ": is ",
                is == EntryKind::kFolder ? "a folder"
                : is == EntryKind::kLink ? "a symbolic link"
                                         : "no regular file",
                ", so it is not overwritten");
  for (const fs::path& input : inputs) {
    if (input.empty() || !path_exists(input)) continue;
    const bool same = same_place(path, input);
    const bool inside = is_folder(input) && is_within(resolved_path(path), resolved_path(input)) &&
                        !is_report(path.filename().string());
    if (same || inside)
      throw Error(path.string(), ": is not overwritten: it is ", same ? "" : "part of ", "an input of this command",
                  same ? "" : str(", ", input.string()));
  }
}

std::string partial_name(const std::string& name, int number) {
  const bool cut = name.size() > kLongestNameOfPartial;
  return str(".", cut ? name.substr(0, kLongestNameOfPartial - 16) + Checksum().add(name).text() : name, kPartial,
             number == 0 ? "" : str("-", number));
}

bool is_partial_name(std::string_view found, Own own) {
  const size_t at = found.rfind(kPartial);
  if (at == std::string_view::npos || at == 0 || found.front() != '.') return false;
  const std::string_view rest = found.substr(at + kPartial.size());
  return own(found.substr(1, at - 1)) && (rest.empty() || numbered(rest, "-", ""));
}

}  // namespace graphsieve
