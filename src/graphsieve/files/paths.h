// The file system, with failures as Errors that name the path and the system's reason. std::filesystem's own functions
// throw exceptions whose text is none for users.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/base/error.h"

namespace graphsieve {

/// The path for a message: names longer than 80 bytes are shortened in the middle.
std::string shown_path(const std::filesystem::path& path);

/// Error "PATH: WHAT: REASON", the reason being the system's words for `code` (an errno).
Error path_error(const std::filesystem::path& path, const std::string& what, int code);

/// What stands under a path itself; a symbolic link is not followed.
enum class EntryKind { kNothing, kFile, kFolder, kLink, kOther };
/// Throws Error where the system cannot tell.
EntryKind entry_kind(const std::filesystem::path& path);

/// True if there is something of that name. Throws Error where the system cannot tell (a name too long, no permission).
bool path_exists(const std::filesystem::path& path);
/// True if the path leads to a regular file, or to a folder. Throws as path_exists does.
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

/// True if both paths lead to the same existing file or folder, or, where neither exists, name the same entry of the
/// same folder.
bool same_place(const std::filesystem::path& a, const std::filesystem::path& b);

int64_t file_bytes(const std::filesystem::path& path);
/// The paths of what the folder holds, sorted.
std::vector<std::filesystem::path> folder_entries(const std::filesystem::path& folder);

/// Makes the folder and its parents, where they are not there.
void make_folders(const std::filesystem::path& folder);
/// Copies a file; the copy appears under its name when it is complete.
void duplicate_file(const std::filesystem::path& from, const std::filesystem::path& to);
void cut_file(const std::filesystem::path& path, int64_t bytes);
/// Removes a file, or a folder with all it holds; nothing where there is none.
void remove_path(const std::filesystem::path& path);

}  // namespace graphsieve
