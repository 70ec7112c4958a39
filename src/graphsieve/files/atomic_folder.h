// SPDX-License-Identifier: Apache-2.0
// Folders that appear under their names only when they are complete.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "graphsieve/base/close_in_child.h"
#include "graphsieve/files/owned_folder.h"

namespace graphsieve {

/// The folder to write, and what may be replaced for it.
struct FolderRequest {
  std::filesystem::path target;
  FolderKind kind = FolderKind::kRun;
  /// True if a folder at the target may be replaced. Only a folder of this kind is replaced, and only if its content
  /// shows that the program wrote it (files/owned_folder.h).
  bool overwrite = false;
  /// True if the folder is named TARGET-1, or TARGET with the next number that is free. No other process gets the same
  /// number.
  bool numbered = false;
  /// The files and folders that the command reads. They are never replaced, and neither is a folder that contains one
  /// of them.
  std::vector<std::filesystem::path> inputs = {};
};

/// A folder that is prepared beside the target (files/partial.h) and that commit() renames to the target. Without
/// commit(), the destructor removes everything. The target's parent folders are created.
class AtomicFolder {
 public:
  /// Throws Error if the target exists and may not be replaced, or if the folder cannot be made.
  explicit AtomicFolder(const FolderRequest& request);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Returns the folder in which the caller puts the files.
  const std::filesystem::path& path() const { return temporary_; }
  /// Returns the final path of the folder, with its number.
  const std::filesystem::path& target() const { return request_.target; }

  /// Renames the folder to its target. An old folder is swapped out first and then removed. Throws Error if a target
  /// has appeared meanwhile that may not be replaced; the prepared folder then stays as it is until the destructor.
  void commit();

 protected:
  /// Selects the constructor that does not prepare a folder yet.
  struct Unclaimed {};
  AtomicFolder(const FolderRequest& request, Unclaimed);

  /// Creates the target's parent folders; throws Error if this fails.
  void make_parent() const;
  /// Keeps the descriptor of the lock until release(). Forked children close it, so that the lock ends with this
  /// process.
  void hold(int descriptor);
  void release();
  /// Calls `claim` with request_.target set to the target or, if it is to be numbered, to one numbered target after the
  /// other, until `claim` returns true. Throws Error if no number is free.
  void each_target(const std::function<bool()>& claim);
  /// Throws Error if something exists at the target that may not be replaced.
  void check_target() const;

  FolderRequest request_;
  std::filesystem::path temporary_;  ///< the folder under its temporary name
  int lock_ = -1;                    ///< descriptor of the lock; −1: none
  bool committed_ = false;
  bool kept_ = false;  ///< true if the destructor leaves the folder in place

 private:
  std::optional<CloseInChild> close_in_child_;
  bool claim();
  void replace_target();
};

/// An AtomicFolder whose temporary name is ".NAME.unfinished" and which can outlive the process: a later process
/// continues with what is in the folder. Only one process at a time can use it. The folder holds the file
/// "checkpoint/lock", which is locked as long as the object lives and whose lock ends with the process in any case.
class ResumableFolder : public AtomicFolder {
 public:
  /// Throws Error if
  /// - another process writes the folder,
  /// - unfinished work exists that is neither to be resumed (`resume`) nor to be overwritten,
  /// - ".NAME.unfinished" is not a folder, or holds anything that the program does not write. Such content is never
  ///   touched. An empty folder, and a folder with nothing but the lock, count as written by the program.
  ResumableFolder(const FolderRequest& request, bool resume);
  ~ResumableFolder();

  /// Returns the folder for files that are needed to continue. commit() removes it.
  std::filesystem::path state() const { return temporary_ / "checkpoint"; }

  /// Removes everything that an earlier process left in the folder, for a new beginning.
  void begin_anew();

  /// Makes the destructor leave everything in place, so that the work can be resumed. To be called once state() holds
  /// something.
  void keep() { kept_ = true; }
  /// Makes the destructor remove everything.
  void discard() { kept_ = false; }

  void commit();

 private:
  /// Locks ".NAME.unfinished", and empties it unless its work is resumed. Returns false if the number of the target is
  /// taken.
  bool claim(bool resume);
  bool lock();
  /// Throws Error if ".NAME.unfinished" holds anything that the program does not write.
  void refuse_foreign() const;
  /// Removes incomplete files that an earlier process left.
  void remove_partial_files();
};

/// Returns the path of the folder with the unfinished work on a target.
std::filesystem::path unfinished_folder(const std::filesystem::path& target);

/// True if unfinished work on the target exists that can be resumed.
bool has_unfinished(const std::filesystem::path& target);

/// Removes what remains of a process that died right after it finished the run folder `target`: the target's folder
/// "checkpoint", and an unfinished folder in which nothing can be resumed. Files that the program did not write, and a
/// folder that another process works on, stay.
void tidy_finished(const std::filesystem::path& target);

}  // namespace graphsieve
