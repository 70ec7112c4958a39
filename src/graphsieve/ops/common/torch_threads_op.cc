#include "graphsieve/ops/common/torch_threads.h"

#include "graphsieve/base/parallel.h"

namespace {

// get_num_threads first: a thread's first question sets its number to the process's, and would undo ours.
const bool registered = [] {
  graphsieve::on_pool_thread_start([] {
    if (at::get_num_threads() != 1) at::set_num_threads(1);
  });
  return true;
}();

}  // namespace
