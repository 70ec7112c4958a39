// A lock on a file (flock) belongs to the open file, which a forked child shares: while the child lives, the lock would
// outlive the process that took it.
#pragma once

namespace graphsieve {

/// While one lives, every child that is forked closes `descriptor`.
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
