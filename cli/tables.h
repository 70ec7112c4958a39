// SPDX-License-Identifier: Apache-2.0
// Conversion of tables by the commands, and the options that describe tables.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>

#include "graphsieve/data/schema.h"
#include "graphsieve/tables/convert_ogb.h"
#include "graphsieve/tables/convert_tables.h"
#include "graphsieve/tables/split_table.h"
#include "progress.h"

namespace graphsieve {

/// Calls convert_tables() or convert_ogb() of the library for tables, which is loaded now, since nothing else needs
/// Arrow. Shows progress and notes, and throws Interrupted after a signal.
/// Reads the splits of an .npz or .json file (datasets/split_file.h) or of a table (tables/split_table.h).
std::vector<Split> read_splits(const std::filesystem::path& file, const Dataset& data);

void convert_with_progress(TablesRequest& request, Progress& progress);
void convert_with_progress(OgbRequest& request, Progress& progress);

/// Reads the schema of a graph folder or run folder. Throws Error if the folder has none.
Schema schema_of_folder(const std::string& folder);

/// A folder for temporary files, below the system's (TMPDIR), that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Sets `fill` or an entry of `fills` from the text of the option --fill: a number, or COLUMN=mean, COLUMN=median or
/// COLUMN=NUMBER. Throws UsageError for other texts.
void add_fill(TablesRequest& request, const std::string& text);

/// Adds the option --unknown, whose value is "zeros" or "refuse".
void add_unknown_option(CLI::App& command, std::string& to, const std::string& help, const std::string& group = "");
/// Returns what the value of that option means.
UnknownTexts unknown_texts(const std::string& value);

/// Returns the character that an option names: itself, or a tab for "tab" or "\t". Throws UsageError, naming the
/// option, if the text is longer.
char character_of(const std::string& option, const std::string& text);

}  // namespace graphsieve
