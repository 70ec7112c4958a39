// SPDX-License-Identifier: Apache-2.0
// Rules for what the program may replace: only folders and files whose content shows that the program wrote them.
// --overwrite must never destroy anything of the user's that the program did not write.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

/// The kinds of folders that the program writes.
enum class FolderKind {
  kRun,    ///< see docs/run-folder.md; several runs lie in subfolders, which are run folders too
  kGraph,  ///< see docs/graph-folder.md
  kDraws,  ///< draws of `sparsify`; never replaced
};

/// Whether a folder is complete.
enum class FolderState {
  kComplete,  ///< under its final name
  kPartial,   ///< being written, or left by a process that died: has no card, and may have scratch files
};

/// Returns the kind as words for messages: "run folder".
const char* folder_kind_name(FolderKind kind);

/// Returns the path, within `folder`, of the first entry that the program does not write into a folder of this kind: an
/// unknown name, a symbolic link, or a folder in the place of a file. In a complete folder with an intact card, each
/// file must also be listed on the card. Returns nothing if the program wrote every entry. Throws Error if the folder
/// cannot be read.
std::optional<std::string> foreign_entry(const std::filesystem::path& folder, FolderKind kind, FolderState state);

/// Returns the files that the card of a folder must list, by their paths in it, in ascending order: the files that the
/// program wrote, without the card, reports and files that are gone when the folder is complete. Subfolders of several
/// runs have their own cards.
std::vector<std::string> own_files(const std::filesystem::path& folder, FolderKind kind);

/// True if the folder's content shows that the program wrote it: it has an intact card of this kind or, in old versions
/// without cards, a result.json or graph.json with the members that the program writes.
bool has_own_card(const std::filesystem::path& folder, FolderKind kind);

/// Throws Error if `folder`, which exists, may not be removed and replaced. It must be a folder (no symbolic link) that
/// is empty, or that has the program's card and no foreign entry. The current directory, a home directory, a mount
/// point, a path of `inputs` and every folder above one of them are always refused.
void require_replaceable_folder(const std::filesystem::path& folder, FolderKind kind,
                                const std::vector<std::filesystem::path>& inputs);

/// Throws Error if a file may not be written at `path`. Nothing may exist there, or a regular file that is not one of
/// `inputs` (the files and folders that the command reads) and does not lie in one of them; a report may lie in a
/// folder that is read.
void require_replaceable_file(const std::filesystem::path& path, const std::vector<std::filesystem::path>& inputs);

/// Returns the name of NAME while it is being written: ".NAME.graphsieve-partial". The second and later simultaneous
/// writers append "-1", "-2", …. A name that is too long is cut.
std::string partial_name(const std::string& name, int number);

/// True if `found` is the partial name of some `name` that `own` accepts.
bool is_partial_name(std::string_view found, bool (*own)(std::string_view name));

}  // namespace graphsieve
