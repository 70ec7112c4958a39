// SPDX-License-Identifier: Apache-2.0
// The files of a run folder (docs/run-folder.md), which are verified against their checksums when they are read.
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

/// The files of one run folder. Names are paths within the folder. Every function throws Error, naming the file, if a
/// file is missing, cannot be read, or does not match its checksum.
class RunFiles {
 public:
  /// Throws Error if the folder is not a run's, or if its card or its result.json is missing or damaged.
  explicit RunFiles(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const nlohmann::json& result() const { return result_; }

  /// True if the folder has checksums. A folder of format 1 has none, so its files are used unverified.
  bool has_checksums() const { return has_checksums_; }
  /// Returns what the user should know about a folder without checksums; empty for other folders.
  std::string note() const;

  /// True if the file exists.
  bool has(const std::string& name) const;
  /// True if the run wrote the file, which may be gone since. In a folder without checksums: true if it exists.
  bool wrote(const std::string& name) const;

  /// Returns the path of a file after verifying it.
  std::filesystem::path verified(const std::string& name) const;
  /// Returns the verified content of a file.
  std::string text(const std::string& name) const;
  /// Returns the JSON of a file that not every run has; null if it does not exist.
  nlohmann::json json_if_there(const std::string& name) const;

  /// Returns the names of all files that the run wrote.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path folder_;
  nlohmann::json result_;
  const FileRecord& record(const std::string& name) const;

  FileRecords records_;
  bool has_checksums_ = false;
};

/// Gives the files of `names` that the run wrote and that still exist a second name in the folder `to`: a hard link to
/// the verified file, or a copy if the file system has no such links. A name that ends with a slash stands for the
/// run's files in that subfolder. A file that the user may delete (docs/run-folder.md) is omitted if it is gone. Any
/// other missing file is an Error, including a file of a subfolder that exists. Returns the checksums of the linked
/// files.
FileRecords link_files(const RunFiles& from, const std::filesystem::path& to, const std::vector<std::string>& names);

/// Copies a run folder, with the folders of its runs and its reports, to `to`, where nothing may exist. The copy
/// appears when it is complete; every file is verified.
void copy_run(const std::filesystem::path& from, const std::filesystem::path& to);

/// True if the folder has a result.json or a card, and so looks like a run's. Damage is not noticed.
bool is_run_folder(const std::filesystem::path& folder);

/// Writes card.json, which lists the files that are in the folder now. To be called when everything else has been
/// written. `known` has checksums that need not be computed again.
void write_run_card(const std::filesystem::path& folder, const FileRecords& known = {});

/// Replaces the content of the file `name` in a run folder by `bytes`, and renews its checksum on the card. If the
/// process dies meanwhile, or a system call fails, the folder has the old file or the new one and is valid with either:
/// until both are in place, the card also has the new file's record (member "replacing").
void replace_run_file(const std::filesystem::path& folder, const std::string& name, std::string_view bytes);

}  // namespace graphsieve
