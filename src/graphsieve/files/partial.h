// SPDX-License-Identifier: Apache-2.0
// Temporary names of files and folders that are not complete yet. They lie beside their target under the name
// ".NAME.graphsieve-partial" and are locked by their writer. The lock ends with the writer, however the writer ends. An
// unlocked temporary name is therefore a leftover, which the next writer of the same target takes over. Process numbers
// are not used, because they repeat.
#pragma once

#include <filesystem>
#include <optional>

#include "graphsieve/files/owned_folder.h"

namespace graphsieve {

/// Returns the path as absolute, without "." and "..", and without a slash at its end. Throws Error if the system does
/// not allow such a name.
std::filesystem::path normalised(const std::filesystem::path& path);

/// Makes a rename in the folder durable (fsync). Some file systems cannot do this; the renamed file or folder is
/// complete in any case.
void sync_folder(const std::filesystem::path& folder);

/// A file or a folder under its partial name, and the open descriptor that locks it.
struct Partial {
  std::filesystem::path path;
  int descriptor = -1;
};

/// Creates an empty file for `target` under a partial name, open for reading and writing and locked. Throws Error
/// naming `shown`, which is the target as the user wrote it.
Partial claim_partial_file(const std::filesystem::path& target, const std::filesystem::path& shown);

/// Creates an empty, locked folder for `target`, a folder of the given kind. A leftover is emptied, unless it contains
/// a foreign entry: then it stays, and another name is used. With `first_only`, returns nothing if another process
/// writes the same target. Throws Error naming the target.
std::optional<Partial> claim_partial_folder(const std::filesystem::path& target, FolderKind kind, bool first_only);

/// Result of an attempt to lock a file.
enum class Lock {
  kHeld,         ///< locked by this process until the descriptor is closed or the process ends
  kTaken,        ///< locked by another process
  kUnsupported,  ///< the file system does not support locks
};
/// Tries to lock an open file or folder (flock) without waiting.
Lock try_lock(int descriptor);

/// True if `path` still names the file that `descriptor` has open, and is not a symbolic link.
bool still_names(const std::filesystem::path& path, int descriptor);

}  // namespace graphsieve
