// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/partial.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "graphsieve/base/error.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr int kMostNames = 1000;  // simultaneous writers of one target, and leftovers of others

fs::path partial_path(const fs::path& target, int number) {
  return target.parent_path() / partial_name(target.filename().string(), number);
}

/// Locks a file or folder that was opened under its partial name, and returns the descriptor. Returns −1 and closes the
/// descriptor if another process has the lock or the name is gone. On a file system without locks, nobody can tell if
/// the writer of a leftover still lives, so only a name that this process just created is accepted.
int locked(const fs::path& path, int descriptor, bool leftover) {
  const Lock lock = try_lock(descriptor);
  if ((lock == Lock::kHeld || (lock == Lock::kUnsupported && !leftover)) && still_names(path, descriptor))
    return descriptor;
  if (!leftover && lock != Lock::kTaken) std::remove(path.c_str());
  close(descriptor);
  return -1;
}

/// Returns the descriptor of an empty, locked file, or −1 if the name is taken.
int claim_file(const fs::path& path, const fs::path& shown) {
  int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  const bool leftover = descriptor < 0 && errno == EEXIST;
  if (leftover) descriptor = open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 && leftover) return -1;
  if (descriptor < 0) throw Error(shown.string(), ": cannot be written: ", std::strerror(errno));
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1 ||
      status.st_uid != geteuid()) {
    close(descriptor);
    return -1;
  }
  descriptor = locked(path, descriptor, leftover);
  if (descriptor >= 0 && leftover && ftruncate(descriptor, 0) != 0) {
    const int code = errno;
    close(descriptor);
    throw Error(shown.string(), ": cannot be written: ", std::strerror(code));
  }
  return descriptor;
}

/// Removes everything in the folder.
void empty_folder(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (fs::remove_all(entry.path(), error); error) break;
  if (error) throw Error(folder.string(), ": what an earlier process left cannot be removed: ", error.message());
}

}  // namespace

fs::path normalised(const fs::path& path) {
  std::error_code error;
  fs::path out = fs::absolute(path, error).lexically_normal();
  if (error) throw Error(path.string(), ": is no path: ", error.message());
  if (!out.has_filename()) out = out.parent_path();
  // A leftover is taken over only if it is a regular file of this user and has no second name. Writing to anything else
  // could change somebody else's file.
  struct stat status;
  if (lstat(out.c_str(), &status) != 0 && errno == ENAMETOOLONG) throw path_error(out, "cannot be written", errno);
  return out;
}

void sync_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

Lock try_lock(int descriptor) {
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return errno == EWOULDBLOCK ? Lock::kTaken : Lock::kUnsupported;
  return Lock::kHeld;
}

bool still_names(const fs::path& path, int descriptor) {
  struct stat named, opened;
  return lstat(path.c_str(), &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_dev == opened.st_dev &&
         named.st_ino == opened.st_ino;
}

Partial claim_partial_file(const fs::path& target, const fs::path& shown) {
  for (int number = 0; number < kMostNames; ++number) {
    const fs::path path = partial_path(target, number);
    if (const int descriptor = claim_file(path, shown); descriptor >= 0) return {path, descriptor};
  }
  throw Error(shown.string(), ": cannot be written: other processes write it");
}

std::optional<Partial> claim_partial_folder(const fs::path& target, FolderKind kind, bool first_only) {
  for (int number = 0; number < (first_only ? 1 : kMostNames); ++number) {
    const fs::path path = partial_path(target, number);
    const bool made = mkdir(path.c_str(), 0777) == 0;
    if (!made && errno != EEXIST) throw Error(target.string(), ": cannot be made: ", std::strerror(errno));
    const int opened = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int descriptor = opened < 0 ? -1 : locked(path, opened, !made);
    if (descriptor < 0) continue;
    // A new folder is empty. A leftover is emptied if the program wrote everything in it; otherwise the next number is
    // tried.
    if (made) return Partial{path, descriptor};
    try {
      if (!foreign_entry(path, kind, FolderState::kPartial)) {
        empty_folder(path);
        return Partial{path, descriptor};
      }
    } catch (...) {
      close(descriptor);
      throw;
    }
    close(descriptor);
  }
  if (first_only) return std::nullopt;
  throw Error(target.string(), ": cannot be made: other processes write it");
}

}  // namespace graphsieve
