// SPDX-License-Identifier: Apache-2.0
// Closing of file descriptors in forked children. A lock on a file (flock) belongs to the open file, which a forked
// child shares with its parent. If the child kept the file open, the lock would outlive the process that took it.
#pragma once

namespace graphsieve {

/// While an object of this class lives, every forked child closes `descriptor` right after the fork.
class CloseInChild {
 public:
  explicit CloseInChild(int descriptor);
  ~CloseInChild();
  CloseInChild(const CloseInChild&) = delete;
  CloseInChild& operator=(const CloseInChild&) = delete;

 private:
  const int descriptor_;
};

}  // namespace graphsieve
