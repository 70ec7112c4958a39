// What is not complete yet lies beside its target under a name of its own, ".NAME.graphsieve-partial", locked by its
// writer. The lock dies with the writer, however it ends: a name without a lock is a leftover, which the next writer of
// the same target takes over. Process numbers play no part, since they repeat.
#pragma once

#include <filesystem>
#include <optional>

#include "graphsieve/files/owned_folder.h"

namespace graphsieve {

/// Absolute, without "." and "..", without a slash at its end. Throws Error where the system allows no such name.
std::filesystem::path normalised(const std::filesystem::path& path);

/// Makes a rename in the folder durable. Not every file system can; what was renamed is complete all the same.
void sync_folder(const std::filesystem::path& folder);

/// A file or a folder under its partial name, and the open descriptor that locks it.
struct Partial {
  std::filesystem::path path;
  int descriptor = -1;
};

/// An empty file for `target`, open for reading and writing. Throws Error naming `shown`, the target as the user wrote
/// it.
Partial claim_partial_file(const std::filesystem::path& target, const std::filesystem::path& shown);

/// An empty folder for `target`, a folder of that kind. A leftover is emptied, unless something foreign lies in it:
/// then it stays, and another name is taken. With `first_only`, nothing where another process writes the same target.
/// Throws Error naming the target.
std::optional<Partial> claim_partial_folder(const std::filesystem::path& target, FolderKind kind, bool first_only);

enum class Lock {
  kHeld,         ///< by this process, until the descriptor is closed or the process ends
  kTaken,        ///< by another process
  kUnsupported,  ///< the file system knows no locks
};
Lock try_lock(int descriptor);

/// True if `path` still names what `descriptor` has open, and is no symbolic link.
bool still_names(const std::filesystem::path& path, int descriptor);

}  // namespace graphsieve
