// Files and folders that appear under their names only when they are complete.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

/// Writes beside the target under a temporary name. commit() flushes to the disk and renames; without it the destructor
/// removes the temporary and the target is as before. Every failure is an Error naming the target.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  AtomicFile& write(const void* data, size_t size);
  AtomicFile& write(std::string_view text) { return write(text.data(), text.size()); }

  /// Writes over the file's first bytes, which must have been written.
  void replace_start(std::string_view text);

  /// Once, as the last call.
  void commit();

 private:
  [[noreturn]] void fail(const char* what);
  void flush();

  std::filesystem::path path_, temporary_;
  std::vector<char> buffer_;
  int descriptor_ = -1;
};

/// The whole file at once, through AtomicFile.
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// The whole file; throws Error naming it.
std::string read_text_file(const std::filesystem::path& path);

/// A folder prepared as ".NAME.partial-PID" beside the target and renamed by commit(); without it the destructor
/// removes everything. The target's parents are made.
class AtomicFolder {
 public:
  /// Throws Error where the target exists, unless `overwrite` is set and the target is a folder that is empty or holds
  /// a file `marker`: result.json tells a run's folder, graph.json a graph's.
  explicit AtomicFolder(const std::filesystem::path& target, bool overwrite = false,
                        const std::string& marker = "result.json");
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to put the files.
  const std::filesystem::path& path() const { return temporary_; }
  const std::filesystem::path& target() const { return target_; }

  /// Renames into place; an old folder is swapped out, then removed. Throws Error where a target has come up meanwhile
  /// that may not be replaced; the prepared folder then stays as it is until the destructor.
  void commit();

 protected:
  AtomicFolder(const std::filesystem::path& target, bool overwrite, const std::string& marker,
               const std::filesystem::path& temporary, bool may_exist);

  std::filesystem::path target_, temporary_;
  bool overwrite_;
  std::string marker_;
  bool committed_ = false;
  bool kept_ = false;

 private:
  void check_target() const;
  void replace_target();
};

/// The same as ".NAME.unfinished", which can outlive the process: a later one goes on with what is there. One process at a
/// time: the folder holds "checkpoint/lock", locked as long as the object lives, however the process ends.
class ResumableFolder : public AtomicFolder {
 public:
  /// Throws Error where another process writes the folder; and where unfinished work is there, unless it is to be resumed,
  /// or overwritten.
  ResumableFolder(const std::filesystem::path& target, bool overwrite, bool resume);
  ~ResumableFolder();

  /// For what is needed to go on, and is gone after commit().
  std::filesystem::path state() const { return temporary_ / "checkpoint"; }

  /// The destructor leaves everything, to be resumed. To be called when state() holds something.
  void keep() { kept_ = true; }
  /// The destructor removes everything.
  void discard() { kept_ = false; }

  void commit();

 private:
  int lock_ = -1;
};

/// Where unfinished work on a target lies.
std::filesystem::path unfinished_folder(const std::filesystem::path& target);

}  // namespace graphsieve
