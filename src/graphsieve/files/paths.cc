// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/paths.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/input_file.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 80, kStart = 40, kEnd = 20;

/// Throws the Error of a failed system call, if `error` is set.
void require(const fs::path& path, const char* what, const std::error_code& error) {
  if (error) throw path_error(path, what, error.value());
}

/// Returns the status of the file that the path leads to. A missing file is no failure.
fs::file_status status_of(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error && status.type() != fs::file_type::not_found) throw path_error(path, "cannot be read", error.value());
  return status;
}

}  // namespace

/// Only the names between the slashes are shortened, so that the folders stay recognisable.
std::string shown_path(const fs::path& path) {
  std::string out;
  const std::string& text = path.native();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('/', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    out += name.size() <= kLongestName ? name : name.substr(0, kStart) + "..." + name.substr(name.size() - kEnd);
    if (end < text.size()) out += '/';
    begin = end + 1;
  }
  return out;
}

Error path_error(const fs::path& path, const std::string& what, int code) {
  return Error(shown_path(path), ": ", what, ": ", std::strerror(code));
}

EntryKind entry_kind(const fs::path& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return EntryKind::kNothing;
    throw path_error(path, "cannot be read", errno);
  }
  if (S_ISREG(status.st_mode)) return EntryKind::kFile;
  if (S_ISDIR(status.st_mode)) return EntryKind::kFolder;
  return S_ISLNK(status.st_mode) ? EntryKind::kLink : EntryKind::kOther;
}

fs::path resolved_path(const fs::path& path) {
  std::error_code error;
  // weakly_canonical() alone would leave a missing relative path relative.
  fs::path out = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) out = fs::absolute(path, error).lexically_normal();
  return out.has_filename() ? out : out.parent_path();
}

bool path_exists(const fs::path& path) { return fs::exists(status_of(path)); }
bool is_file(const fs::path& path) { return fs::is_regular_file(status_of(path)); }
bool is_folder(const fs::path& path) { return fs::is_directory(status_of(path)); }

bool same_place(const fs::path& a, const fs::path& b) {
  std::error_code error;
  // Files are compared by their device and inode; names that do not exist are compared as text.
  if (fs::equivalent(a, b, error) && !error) return true;
  return resolved_path(a) == resolved_path(b);
}

int64_t file_bytes(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  require(path, "cannot be read", error);
  return static_cast<int64_t>(bytes);
}

std::vector<fs::path> folder_entries(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> out;
  fs::directory_iterator entry(folder, error);
  require(folder, "cannot be listed", error);
  while (entry != fs::directory_iterator()) {
    out.push_back(entry->path());
    entry.increment(error);
    require(folder, "cannot be listed", error);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  require(folder, "cannot be made", error);
}

void duplicate_file(const fs::path& from, const fs::path& to) {
  const InputFile input(from);
  AtomicFile output(to);
  std::vector<char> piece(size_t{1} << 20);
  while (const size_t count = input.read(piece.data(), piece.size())) output.write(piece.data(), count);
  output.commit();
}

void cut_file(const fs::path& path, int64_t bytes) {
  std::error_code error;
  fs::resize_file(path, static_cast<uintmax_t>(bytes), error);
  require(path, "cannot be cut", error);
}

void remove_path(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  require(path, "cannot be removed", error);
}

}  // namespace graphsieve
