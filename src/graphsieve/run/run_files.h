// The files of a run folder (docs/run-folder.md), verified against their checksums as they are read.
//
//   const RunFiles run("runs/graph-1");                       // reads and verifies card.json and result.json
//   parse_recipe(run.text("recipe.yaml"), …);                  // the bytes that were verified
//   map_npy<float>(run.verified("scores/layer_0.npy"), shape);  // verified once, then mapped
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/files/folder_card.h"

namespace graphsieve {

/// Names are paths within the folder. Every function throws Error, naming the file, where it is missing, cannot be
/// read, or does not fit its checksum.
class RunFiles {
 public:
  /// Throws Error where the folder is no run's, and where its card or its result.json is missing or damaged.
  explicit RunFiles(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const nlohmann::json& result() const { return result_; }

  /// False of a folder of format 1, which has no checksums: its files are taken as they are.
  bool has_checksums() const { return has_checksums_; }
  /// What the user should know of a folder without checksums; empty of others.
  std::string note() const;

  /// True if the file is there.
  bool has(const std::string& name) const;
  /// True if the run wrote the file, which may be gone. Of a folder without checksums: if it is there.
  bool wrote(const std::string& name) const;

  std::filesystem::path verified(const std::string& name) const;
  std::string text(const std::string& name) const;
  /// The JSON of a file that not every run has; null where it is not there.
  nlohmann::json json_if_there(const std::string& name) const;

  /// The names of all files that the run wrote.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path folder_;
  nlohmann::json result_;
  const FileRecord& record(const std::string& name) const;

  FileRecords records_;
  bool has_checksums_ = false;
};

/// Gives the files of `names` that the run wrote, and that are still there, a second name in the folder `to`: a hard
/// link to the verified file, a copy where the file system has no such links. A name that ends with a slash stands for
/// the run's files in that subfolder. What the user may delete (docs/run-folder.md) is left out where it is gone; another
/// file that is missing, also one of a subfolder that is there, is an Error. Returns the checksums.
FileRecords link_files(const RunFiles& from, const std::filesystem::path& to, const std::vector<std::string>& names);

/// Copies a run folder, with the folders of its runs and its reports, to `to`, where nothing may stand. The copy
/// appears when it is complete; every file is verified.
void copy_run(const std::filesystem::path& from, const std::filesystem::path& to);

/// True if a result.json, or a card, makes the folder look like a run's; says nothing of damage.
bool is_run_folder(const std::filesystem::path& folder);

/// Writes card.json: what is in the folder now. To be called when everything else is written. `known` are checksums
/// that need not be computed again.
void write_run_card(const std::filesystem::path& folder, const FileRecords& known = {});

/// Puts `bytes` in place of the file `name` of a run folder, and renews the file's checksum. Where the process dies in
/// between, or a call of the system fails, the folder has the old file or the new one and is whole with either: until
/// both are in place, the card has the new file's record as well (member "replacing").
void replace_run_file(const std::filesystem::path& folder, const std::string& name, std::string_view bytes);

}  // namespace graphsieve
