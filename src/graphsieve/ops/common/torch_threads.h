// Torch's own threads stay out of our operators: they cut the work by the machine, we cut it by the data.
#pragma once

#include <ATen/Parallel.h>

namespace graphsieve::ops {

/// Notes that torch may have started threads of its own: a forked child, which lacks them, then computes with one.
void note_torch_threads() noexcept;

/// While it lives, torch computes with one thread in the calling thread. Pool threads have one for good (a hook of
/// torch_threads_op.cc), so a guard around parallel_for covers its bodies.
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
