// SPDX-License-Identifier: Apache-2.0
// Functions of the file system whose failures are Errors that name the path and the system's reason. The exceptions of
// std::filesystem have messages that are not meant for users.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/base/error.h"

namespace graphsieve {

/// Returns the path for a message: names longer than 80 bytes are shortened in the middle.
std::string shown_path(const std::filesystem::path& path);

/// Returns Error "PATH: WHAT: REASON", where REASON is the system's description of `code` (an errno).
Error path_error(const std::filesystem::path& path, const std::string& what, int code);

/// The kind of the entry at a path itself; a symbolic link is not followed.
enum class EntryKind { kNothing, kFile, kFolder, kLink, kOther };
/// Returns the kind of the entry at a path. Throws Error if the system cannot tell.
EntryKind entry_kind(const std::filesystem::path& path);

/// True if the path has an entry of any kind, including a link that leads nowhere. Throws as entry_kind() does.
inline bool entry_exists(const std::filesystem::path& path) { return entry_kind(path) != EntryKind::kNothing; }

/// Returns the path as absolute and without ".", ".." and links, as far as the path exists.
std::filesystem::path resolved_path(const std::filesystem::path& path);

/// True if the path leads to a file or folder; links are followed. Throws Error if the system cannot tell (the name is
/// too long, no permission).
bool path_exists(const std::filesystem::path& path);
/// True if the path leads to a regular file, or to a folder. Both throw Error as path_exists() does.
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

/// True if both paths lead to the same existing file or folder or, if neither exists, name the same entry of the same
/// folder.
bool same_place(const std::filesystem::path& a, const std::filesystem::path& b);

/// Returns the size of a file in bytes.
int64_t file_bytes(const std::filesystem::path& path);
/// Returns the paths of the folder's entries, sorted.
std::vector<std::filesystem::path> folder_entries(const std::filesystem::path& folder);

/// Creates the folder and its parents if they do not exist.
void make_folders(const std::filesystem::path& folder);
/// Copies a file. The copy appears under its name when it is complete.
void duplicate_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// Shortens a file to `bytes` bytes.
void cut_file(const std::filesystem::path& path, int64_t bytes);
/// Removes a file, or a folder with everything in it. Does nothing if there is none.
void remove_path(const std::filesystem::path& path);

}  // namespace graphsieve
