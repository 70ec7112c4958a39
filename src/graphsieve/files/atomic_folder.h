// Folders that appear under their names only when they are complete.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "graphsieve/base/close_in_child.h"
#include "graphsieve/files/owned_folder.h"

namespace graphsieve {

/// Which folder is to be written.
struct FolderRequest {
  std::filesystem::path target;
  FolderKind kind = FolderKind::kRun;
  /// Replace a folder of this kind that the program can show to be its own (files/owned_folder.h), and nothing else.
  bool overwrite = false;
  /// Write TARGET-1, or the next number that is free: no other process gets the same one.
  bool numbered = false;
  /// What the command reads: never replaced, nor is a folder that holds one of these.
  std::vector<std::filesystem::path> inputs = {};
};

/// A folder prepared beside the target (files/partial.h) and renamed by commit(); without it the destructor removes
/// everything. The target's parents are made.
class AtomicFolder {
 public:
  /// Throws Error where the target exists, unless it may be replaced.
  explicit AtomicFolder(const FolderRequest& request);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to put the files.
  const std::filesystem::path& path() const { return temporary_; }
  /// Where the folder will stand, with its number.
  const std::filesystem::path& target() const { return request_.target; }

  /// Renames into place; an old folder is swapped out, then removed. Throws Error where a target has come up meanwhile
  /// that may not be replaced; the prepared folder then stays as it is until the destructor.
  void commit();

 protected:
  struct Unclaimed {};
  AtomicFolder(const FolderRequest& request, Unclaimed);

  void make_parent() const;
  /// Keeps the descriptor of the lock until release(). Forked children close it, so that the lock dies with this
  /// process.
  void hold(int descriptor);
  void release();
  void each_target(const std::function<bool()>& claim);
  /// Throws Error where something stands at the target that may not be replaced.
  void check_target() const;

  FolderRequest request_;
  std::filesystem::path temporary_;
  int lock_ = -1;  ///< its descriptor
  bool committed_ = false;
  bool kept_ = false;

 private:
  std::optional<CloseInChild> close_in_child_;
  bool claim();
  void replace_target();
};

/// The same as ".NAME.unfinished", which can outlive the process: a later one goes on with what is there. One process
/// at a time: the folder holds "checkpoint/lock", locked as long as the object lives, however the process ends.
class ResumableFolder : public AtomicFolder {
 public:
  /// Throws Error where another process writes the folder; where unfinished work is there, unless it is to be resumed
  /// or overwritten; and where ".NAME.unfinished" is no folder, or holds anything that the program does not write: that
  /// is never touched. An empty folder, and one with nothing but the lock, count as the program's.
  ResumableFolder(const FolderRequest& request, bool resume);
  ~ResumableFolder();

  /// For what is needed to go on, and is gone after commit().
  std::filesystem::path state() const { return temporary_ / "checkpoint"; }

  /// Removes what an earlier process left, to begin anew.
  void begin_anew();

  /// The destructor leaves everything, to be resumed. To be called when state() holds something.
  void keep() { kept_ = true; }
  /// The destructor removes everything.
  void discard() { kept_ = false; }

  void commit();

 private:
  bool claim(bool resume);
  bool lock();
  void refuse_foreign() const;
  void remove_partial_files();
};

/// Where unfinished work on a target lies.
std::filesystem::path unfinished_folder(const std::filesystem::path& target);

/// True if unfinished work on the target is there that can be resumed.
bool has_unfinished(const std::filesystem::path& target);

/// Removes what a process left that died right after it finished the run folder `target`: the target's folder
/// "checkpoint", and an unfinished folder in which nothing can be resumed. Foreign files, and what another process
/// works on, stay.
void tidy_finished(const std::filesystem::path& target);

}  // namespace graphsieve
