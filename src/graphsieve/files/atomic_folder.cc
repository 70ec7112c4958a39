// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/atomic_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/option.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/partial.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr int kMostNumbers = 1'000'000;
constexpr int kMostAttempts = 100;  // attempts to lock a folder that other processes make and remove

bool is_real_folder(const fs::path& path) { return entry_kind(path) == EntryKind::kFolder; }

/// Returns the name to which the old folder is moved on file systems that cannot exchange two names.
fs::path old_folder(const fs::path& target) {
  return target.parent_path() / str(".", target.filename().string(), ".graphsieve-old");
}

/// Returns the entries of a folder; none if there is no folder of that name.
std::vector<fs::path> entries(const fs::path& folder) {
  return is_real_folder(folder) ? folder_entries(folder) : std::vector<fs::path>();
}

/// Removes the entries of a folder, without those in `kept`. Throws Error if an entry cannot be removed.
void remove_entries(const fs::path& folder, std::initializer_list<fs::path> kept) {
  for (const fs::path& entry : entries(folder))
    if (std::find(kept.begin(), kept.end(), entry) == kept.end()) remove_path(entry);
}

/// Removes a folder that the program wrote, as far as the system allows it. The files that show that the program wrote
/// the folder are removed last, and only when everything else is gone. After a kill or a failure, a later process
/// therefore still recognises what is left.
void remove_own_folder(const fs::path& folder) {
  const fs::path state = folder / "checkpoint";
  const std::initializer_list<fs::path> last = {folder / "result.json", folder / kRunCard, folder / kGraphCard, state};
  try {
    remove_entries(folder, last);
    remove_entries(state, {state / "lock"});
    for (const fs::path& entry : last)
      if (!is_real_folder(entry)) remove_path(entry);
  } catch (const Error&) {
    return;
  }
  unlink((state / "lock").c_str());
  rmdir(state.c_str());
  rmdir(folder.c_str());  // fails if another process has begun to write in it meanwhile
}

/// Opens the lock file of an unfinished folder, and creates it if necessary. Returns −1 and sets errno if this fails.
int open_lock(const fs::path& state) {
  if (mkdir(state.c_str(), 0777) != 0 && errno != EEXIST) return -1;
  return open((state / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
}

/// True if the folder holds anything besides its lock.
bool holds_state(const fs::path& state) {
  for (const fs::path& entry : entries(state))
    if (entry.filename() != "lock") return true;
  return false;
}

}  // namespace

AtomicFolder::AtomicFolder(const FolderRequest& request) : AtomicFolder(request, Unclaimed{}) {
  each_target([this] { return claim(); });
}

/// For a numbered target, the numbers are tried from 1 on.
void AtomicFolder::each_target(const std::function<bool()>& claim) {
  const fs::path prefix = request_.target;
  for (int number = 1; number <= kMostNumbers; ++number) {
    if (request_.numbered) request_.target = prefix.parent_path() / str(prefix.filename().string(), "-", number);
    if (claim()) return;
  }
  throw Error(prefix.string(), ": has no free number");
}

AtomicFolder::AtomicFolder(const FolderRequest& request, Unclaimed) : request_(request) {
  request_.target = normalised(request.target);
  if (!request_.target.has_filename()) throw Error(request.target.string(), ": not a folder that can be written");
  make_parent();
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_ && !kept_ && !temporary_.empty()) fs::remove_all(temporary_, ignored);
  release();
}

void AtomicFolder::hold(int descriptor) {
  lock_ = descriptor;
  close_in_child_.emplace(descriptor);
}

void AtomicFolder::release() {
  close_in_child_.reset();
  if (lock_ >= 0) close(lock_);
  lock_ = -1;
}

void AtomicFolder::make_parent() const {
  std::error_code error;
  fs::create_directories(request_.target.parent_path(), error);
  if (error) throw Error(request_.target.string(), ": its parent folder cannot be made: ", error.message());
}

/// Prepares the folder for one target. Returns false if the number of the target is taken. The check for the target is
/// repeated under the lock, because another process may have finished this number between the check and the lock.
bool AtomicFolder::claim() {
  if (!request_.numbered)
    check_target();
  else if (entry_exists(request_.target) || entry_exists(unfinished_folder(request_.target)))
    return false;
  const auto partial = claim_partial_folder(request_.target, request_.kind, request_.numbered);
  if (!partial) return false;
  temporary_ = partial->path, hold(partial->descriptor);
  if (!request_.numbered || !entry_exists(request_.target)) return true;
  rmdir(temporary_.c_str());  // another process has finished this number meanwhile
  release();
  temporary_.clear();
  return false;
}

void AtomicFolder::check_target() const {
  // If the target is missing and an old folder exists, a process died while it replaced the target. The old folder is
  // still the user's and gets its name back.
  const fs::path old = old_folder(request_.target);
  if (!entry_exists(request_.target) && is_real_folder(old) &&
      !foreign_entry(old, request_.kind, FolderState::kComplete))
    rename(old.c_str(), request_.target.c_str());
  if (!entry_exists(request_.target)) return;
  if (!request_.overwrite)
    throw Error(request_.target.string(), ": exists already; choose another name, or ask to overwrite it");
  require_replaceable_folder(request_.target, request_.kind, request_.inputs);
}

void AtomicFolder::commit() {
  if (committed_) throw Error(request_.target.string(), ": committed twice");
  require_mapped_files();
  sync_folder(temporary_);
  check_target();
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, request_.target.c_str(), RENAME_NOREPLACE) != 0) {
    const int code = errno;
    const bool no_flag = code == EINVAL || code == ENOSYS;
    if (entry_exists(request_.target))
      replace_target();
    else if (!no_flag || rename(temporary_.c_str(), request_.target.c_str()) != 0)
      throw Error(request_.target.string(), ": renaming ", temporary_.string(),
                  " failed: ", std::strerror(no_flag ? errno : code));
  }
  committed_ = true;
  results_are_published();
  sync_folder(request_.target.parent_path());
}

/// Replaces the target by the new folder. The names are exchanged in one step if the file system can do so. Otherwise
/// the old folder is moved to a name beside the target. It is removed only when the new folder has its name, and gets
/// its name back if the second rename fails.
void AtomicFolder::replace_target() {
  check_target();
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, request_.target.c_str(), RENAME_EXCHANGE) == 0)
    return remove_own_folder(temporary_);
  const fs::path old = old_folder(request_.target);
  if (rename(request_.target.c_str(), old.c_str()) != 0)
    throw Error(request_.target.string(), ": cannot be replaced: ", std::strerror(errno));
  if (rename(temporary_.c_str(), request_.target.c_str()) != 0) {
    const int code = errno;
    const bool restored = rename(old.c_str(), request_.target.c_str()) == 0;
    throw Error(request_.target.string(), ": cannot be replaced: ", std::strerror(code),
                restored ? "" : str("; the old folder is now ", old.string()));
  }
  remove_own_folder(old);
}

fs::path unfinished_folder(const fs::path& target) {
  const fs::path whole = normalised(target);
  return whole.parent_path() / str(".", whole.filename().string(), ".unfinished");
}

bool has_unfinished(const fs::path& target) { return holds_state(unfinished_folder(target) / "checkpoint"); }

ResumableFolder::ResumableFolder(const FolderRequest& request, bool resume) : AtomicFolder(request, Unclaimed{}) {
  kept_ = true;  // the folder is not this process's before it is locked
  each_target([&] { return claim(resume); });
}

bool ResumableFolder::claim(bool resume) {
  if (!request_.numbered)
    check_target();
  else if (entry_exists(request_.target))
    return false;
  temporary_ = unfinished_folder(request_.target);
  if (!lock()) return false;
  if (request_.numbered && entry_exists(request_.target)) {  // another process has finished this number meanwhile
    remove_own_folder(temporary_);
    release();
    return false;
  }
  const bool begun = holds_state(state());
  if (begun && !resume && !request_.overwrite)
    throw Error(request_.target.string(), ": an unfinished run is there (in ", temporary_.string(),
                "); go on with it by ", option("resume"), ", or discard it by ", option("overwrite"));
  kept_ = begun && resume;
  kept_ ? remove_partial_files() : begin_anew();
  return true;
}

/// Creates the folder and locks it. Returns false if a number is wanted and another process was faster. Another process
/// may remove the folder between the creation and the lock; then the lock file has no name any more, and the next
/// attempt begins.
bool ResumableFolder::lock() {
  const std::string target = request_.target.string();
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const bool made = mkdir(temporary_.c_str(), 0777) == 0;
    if (!made && errno != EEXIST) throw Error(target, ": cannot be made: ", std::strerror(errno));
    if (!made && request_.numbered) return false;
    if (!made) refuse_foreign();
    const int descriptor = open_lock(state());
    if (descriptor < 0 && errno == ENOENT) continue;  // another process has just removed the folder
    if (descriptor < 0) {
      const int code = errno;
      if (made) remove_own_folder(temporary_);
      throw Error(target, ": ", state().string(), " cannot be written: ", std::strerror(code));
    }
    hold(descriptor);
    if (try_lock(lock_) == Lock::kTaken) break;
    if (still_names(state() / "lock", lock_)) return true;
    release();
  }
  release();
  if (request_.numbered) return false;
  throw Error(target, ": another process is writing it");
}

/// An unfinished folder counts as the program's if it has the lock file or a card. The latter is the case after a
/// process died while it replaced a run.
void ResumableFolder::refuse_foreign() const {
  const auto refuse = [&](const std::string& why) {
    throw Error(request_.target.string(), ": ", temporary_.string(), " ", why,
                "; move it away, or choose another name");
  };
  if (!is_real_folder(temporary_)) refuse("stands where unfinished work belongs, and is no folder");
  const std::vector<fs::path> found = entries(temporary_);
  if (found.empty() || (found.size() == 1 && found[0] == state() && entries(state()).empty())) return;
  if (const auto foreign = foreign_entry(temporary_, request_.kind, FolderState::kPartial))
    refuse(str("holds '", *foreign, "', which this program did not write"));
  if (entry_kind(state() / "lock") != EntryKind::kFile && !has_own_card(temporary_, request_.kind))
    refuse("holds files, and nothing shows that this program wrote them");
}

/// Names of incomplete files begin with a dot.
void ResumableFolder::remove_partial_files() {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator each(temporary_, error), end; !error && each != end; each.increment(error))
    if (each->path().filename().string().starts_with('.')) found.push_back(each->path());
  if (error) throw path_error(temporary_, "cannot be read", error.value());
  for (const fs::path& path : found) remove_path(path);
}

void ResumableFolder::begin_anew() {
  remove_entries(temporary_, {state()});
  remove_entries(state(), {state() / "lock"});
  kept_ = false;
}

ResumableFolder::~ResumableFolder() {
  if (!committed_ && !kept_) remove_own_folder(temporary_);
  temporary_.clear();
}

void ResumableFolder::commit() {
  AtomicFolder::commit();
  std::error_code ignored;
  fs::remove_all(request_.target / "checkpoint", ignored);
}

void tidy_finished(const fs::path& target) {
  const fs::path unfinished = unfinished_folder(target), left = target / "checkpoint";
  if (is_real_folder(left) && !foreign_entry(target, FolderKind::kRun, FolderState::kComplete)) {
    std::error_code ignored;
    fs::remove_all(left, ignored);
  }
  if (!is_real_folder(unfinished) || has_unfinished(target)) return;
  if (foreign_entry(unfinished, FolderKind::kRun, FolderState::kPartial)) return;
  // The folder is removed only if its lock is free, or if it has no lock but a card. A lock that another process has
  // means that the folder is in use.
  const fs::path file = unfinished / "checkpoint" / "lock";
  const int descriptor = open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  const bool free = descriptor >= 0 && try_lock(descriptor) == Lock::kHeld && still_names(file, descriptor);
  if (descriptor >= 0 ? free : has_own_card(unfinished, FolderKind::kRun)) remove_own_folder(unfinished);
  if (descriptor >= 0) close(descriptor);
}

}  // namespace graphsieve
