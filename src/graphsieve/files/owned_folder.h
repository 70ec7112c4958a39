// Which folders and files the program may replace: those that it can show to be its own. --overwrite must never cost a
// user anything that the program did not write.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

/// True if something has that name, a link that leads nowhere too. Throws Error where the system cannot tell.
bool is_there(const std::filesystem::path& path);

/// The kinds of folders that the program writes.
enum class FolderKind {
  kRun,    ///< docs/run-folder.md; several runs lie in subfolders, each a run folder too
  kGraph,  ///< docs/graph-folder.md
  kDraws,  ///< of sparsify; never replaced
};

enum class FolderState {
  kComplete,
  kPartial,  ///< being written, or left behind by a process that died: without a card, perhaps with scratch files
};

/// "run folder", for messages.
const char* folder_kind_name(FolderKind kind);

/// The path, within `folder`, of the first entry that the program does not write into a folder of this kind: another
/// name, a symbolic link, a folder where a file belongs. Where a complete folder has an intact card, a file must also
/// be on the card. Nothing where every entry is the program's. Throws Error where the folder cannot be read.
std::optional<std::string> foreign_entry(const std::filesystem::path& folder, FolderKind kind, FolderState state);

/// The files that belong on the card of a folder that is being written, by their paths in it, in order: what the
/// program wrote, less the card, reports, and what is gone when the folder is complete. Subfolders of several runs have
/// cards of their own.
std::vector<std::string> own_files(const std::filesystem::path& folder, FolderKind kind);

/// True if the folder shows that the program wrote it: it has an intact card of this kind or, from before there were
/// such cards, a result.json or graph.json with the program's own members.
bool has_own_card(const std::filesystem::path& folder, FolderKind kind);

/// Throws Error unless `folder`, which exists, may be removed and replaced: a folder (no symbolic link) that is empty,
/// or has the program's card and no foreign entry. Refused in any case: the current directory, a home directory, a
/// mount point, one of `inputs`, and every folder above one of these.
void require_replaceable_folder(const std::filesystem::path& folder, FolderKind kind,
                                const std::vector<std::filesystem::path>& inputs);

/// Throws Error unless a file may be written at `path`: there is nothing, or a regular file that is none of `inputs`,
/// the files that the command reads, and in none of them that is a folder.
void require_replaceable_file(const std::filesystem::path& path, const std::vector<std::filesystem::path>& inputs);

/// The name under which NAME is written before it is complete: ".NAME.graphsieve-partial"; from the second writer at
/// once on with "-1", "-2", … at its end. Names too long for it are cut.
std::string partial_name(const std::string& name, int number);

/// True if partial_name makes the name `found` for some `name` that `own` accepts.
bool is_partial_name(std::string_view found, bool (*own)(std::string_view name));

}  // namespace graphsieve
