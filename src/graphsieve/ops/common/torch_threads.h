// SPDX-License-Identifier: Apache-2.0
// Keeps torch's own threads out of this library's operators. Torch divides work by the number of threads, whereas this
// library divides it by the data, so that results do not depend on threads.
#pragma once

#include <ATen/Parallel.h>

namespace graphsieve::ops {

/// Records that torch may have started threads of its own. A forked child does not have them and then computes with one
/// thread.
void note_torch_threads() noexcept;

/// While an object of this class lives, torch computes with one thread in the calling thread. Pool threads always have
/// one (by a hook of torch_threads_op.cc), so an object around parallel_for covers its bodies.
class OneTorchThread {
 public:
  OneTorchThread() : before_(at::get_num_threads()) {
    if (before_ == 1) return;
    note_torch_threads();
    at::set_num_threads(1);
  }
  ~OneTorchThread() {
    if (before_ != 1) at::set_num_threads(before_);
  }
  OneTorchThread(const OneTorchThread&) = delete;
  OneTorchThread& operator=(const OneTorchThread&) = delete;

 private:
  int before_;
};

}  // namespace graphsieve::ops
