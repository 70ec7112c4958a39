#include "graphsieve/io/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBufferBytes = 1 << 18;

/// Absolute, without a trailing slash.
fs::path normalised(const fs::path& path) {
  fs::path out = fs::absolute(path).lexically_normal();
  if (!out.has_filename()) out = out.parent_path();
  return out;
}

/// ".NAME.KIND-PID-COUNT" beside the target: no two of them are alike.
fs::path sibling(const fs::path& target, const std::string& kind) {
  static std::atomic<int> count{0};
  const int serial = count++;
  return target.parent_path() /
         str(".", target.filename().string(), ".", kind, "-", getpid(), serial == 0 ? "" : str("-", serial));
}

/// Makes a rename durable. Not every file system can; the file is complete all the same.
void sync_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : path_(path) {
  const fs::path target = normalised(path);
  temporary_ = sibling(target, "partial");
  std::error_code ignored;
  if (fs::is_directory(target, ignored)) throw Error(path_.string(), ": is a folder, expected a file to write");
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw Error(path_.string(), ": cannot be written: ", std::strerror(errno));
  buffer_.reserve(kBufferBytes);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* what) {
  const int code = errno;
  throw Error(path_.string(), ": ", what, " failed: ", std::strerror(code));
}

AtomicFile& AtomicFile::write(const void* data, size_t size) {
  if (descriptor_ < 0) throw Error(path_.string(), ": written after commit");
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const size_t part = std::min(size, kBufferBytes - buffer_.size());
    buffer_.insert(buffer_.end(), from, from + part);
    from += part;
    size -= part;
    if (buffer_.size() == kBufferBytes) flush();
  }
  return *this;
}

void AtomicFile::flush() {
  for (size_t done = 0; done < buffer_.size();) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("writing");
    done += static_cast<size_t>(written);
  }
  buffer_.clear();
}

void AtomicFile::replace_start(std::string_view text) {
  if (descriptor_ < 0) throw Error(path_.string(), ": written after commit");
  flush();
  if (pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) fail("writing");
}

void AtomicFile::commit() {
  if (descriptor_ < 0) throw Error(path_.string(), ": committed twice");
  flush();
  if (fsync(descriptor_) != 0 && errno != EINVAL) fail("flushing to the disk");
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (close(descriptor) != 0) fail("closing");
  const fs::path target = normalised(path_);
  if (rename(temporary_.c_str(), target.c_str()) != 0) fail("renaming the temporary file");
  temporary_.clear();
  sync_folder(target.parent_path());
}

void write_text_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_text_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw Error(path.string(), ": is a folder, expected a file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(path.string(), ": cannot be read: ", std::strerror(errno ? errno : EIO));
  std::ostringstream out;
  out << in.rdbuf();
  if (in.bad()) throw Error(path.string(), ": reading failed");
  return std::move(out).str();
}

AtomicFolder::AtomicFolder(const fs::path& target, bool overwrite, const std::string& marker)
    : AtomicFolder(target, overwrite, marker, sibling(normalised(target), "partial"), false) {}

AtomicFolder::AtomicFolder(const fs::path& target, bool overwrite, const std::string& marker, const fs::path& temporary,
                           bool may_exist)
    : target_(normalised(target)), overwrite_(overwrite), marker_(marker) {
  check_target();
  std::error_code error;
  fs::create_directories(target_.parent_path(), error);
  if (error) throw Error(target_.string(), ": its parent folder cannot be made: ", error.message());
  const bool made = fs::create_directory(temporary, error);
  if ((!made && !may_exist) || error)
    throw Error(target_.string(), ": cannot be made: ", error ? error.message() : temporary.string() + " exists");
  temporary_ = temporary;
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_ && !kept_ && !temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void AtomicFolder::check_target() const {
  if (!target_.has_filename()) throw Error(target_.string(), ": not a folder that can be written");
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(target_, ignored))) return;
  if (!overwrite_) throw Error(target_.string(), ": exists already; choose another name, or ask to overwrite it");
  const fs::file_status status = fs::symlink_status(target_, ignored);
  if (!fs::is_directory(status)) throw Error(target_.string(), ": not a folder, so it is not overwritten");
  if (!fs::exists(target_ / marker_, ignored) && !fs::is_empty(target_, ignored))
    throw Error(target_.string(), ": holds files but no ", marker_, ", so it is not overwritten");
}

void AtomicFolder::commit() {
  if (committed_) throw Error(target_.string(), ": committed twice");
  sync_folder(temporary_);
  check_target();
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
    const bool no_flag = errno == EINVAL || errno == ENOSYS;
    std::error_code ignored;
    const bool there = fs::exists(fs::symlink_status(target_, ignored));
    if (there)
      replace_target();
    else if (!no_flag || rename(temporary_.c_str(), target_.c_str()) != 0)
      throw Error(target_.string(), ": renaming ", temporary_.string(), " failed: ", std::strerror(errno));
  }
  committed_ = true;
  sync_folder(target_.parent_path());
}

/// The old folder goes to a name beside the target and is removed only when the new one stands.
void AtomicFolder::replace_target() {
  check_target();
  std::error_code ignored;
  if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(temporary_, ignored);
    return;
  }
  const fs::path old = sibling(target_, "old");
  if (rename(target_.c_str(), old.c_str()) != 0)
    throw Error(target_.string(), ": cannot be replaced: ", std::strerror(errno));
  if (rename(temporary_.c_str(), target_.c_str()) != 0) {
    const int code = errno;
    const bool restored = rename(old.c_str(), target_.c_str()) == 0;
    throw Error(target_.string(), ": cannot be replaced: ", std::strerror(code),
                restored ? "" : str("; the old folder is now ", old.string()));
  }
  fs::remove_all(old, ignored);
}

namespace {

/// Removes everything below the folder that `unwanted` says yes to.
template <class Unwanted>
void remove_from(const fs::path& folder, const Unwanted& unwanted) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (unwanted(entry.path())) found.push_back(entry.path());
  for (const fs::path& path : found) fs::remove_all(path);
}

}  // namespace

fs::path unfinished_folder(const fs::path& target) {
  const fs::path whole = normalised(target);
  return whole.parent_path() / str(".", whole.filename().string(), ".unfinished");
}

ResumableFolder::ResumableFolder(const fs::path& target, bool overwrite, bool resume)
    : AtomicFolder(target, overwrite, "result.json", unfinished_folder(target), true) {
  kept_ = true;  // not ours before it is locked
  std::error_code error;
  fs::create_directory(state(), error);
  lock_ = open((state() / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) throw Error(target_.string(), ": ", state().string(), " cannot be written: ", std::strerror(errno));
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    close(lock_);
    throw Error(target_.string(), ": another process is writing it");
  }
  bool begun = false;
  for (const auto& entry : fs::directory_iterator(state())) begun = begun || entry.path().filename() != "lock";
  if (begun && !resume && !overwrite) {
    close(lock_);
    throw Error(target_.string(), ": an unfinished run is there (in ", temporary_.string(),
                "); go on with it by --resume, or discard it by --overwrite");
  }
  kept_ = begun && resume;
  remove_from(temporary_, [this](const fs::path& path) {
    if (path == state() || path == state() / "lock") return false;
    return !kept_ || path.filename().string().starts_with('.');  // half written, or not to be gone on with
  });
}

ResumableFolder::~ResumableFolder() {
  std::error_code ignored;
  if (!committed_ && !kept_) fs::remove_all(temporary_, ignored);
  temporary_.clear();
  close(lock_);
}

void ResumableFolder::commit() {
  AtomicFolder::commit();
  std::error_code ignored;
  fs::remove_all(target_ / "checkpoint", ignored);
}

}  // namespace graphsieve
