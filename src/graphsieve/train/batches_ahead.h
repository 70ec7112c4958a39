// SPDX-License-Identifier: Apache-2.0
// Builds the batches of an epoch on a thread of its own, ahead of the training steps that use them.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "graphsieve/runtime/side_stream.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// The batches first, …, count − 1 of a stage, in order. A thread builds the batches ahead of the steps that use them.
/// The content of a batch depends on its number alone, so the thread changes the time and nothing else. On a GPU the
/// thread has a stream of its own, so that building batches, and copying rows from the host's memory, does not wait for
/// the steps. No thread is started if the stage does not allow a thread, if only one batch is left, or if the process
/// has one thread; next() then builds the batches.
class BatchesAhead {
 public:
  BatchesAhead(Stage& stage, int64_t first, int64_t count, at::Device device);
  ~BatchesAhead();
  BatchesAhead(const BatchesAhead&) = delete;
  BatchesAhead& operator=(const BatchesAhead&) = delete;

  /// Returns the next batch, and waits until the batch is built. Throws what building the batch has thrown.
  TrainBatch next();
  /// Returns the sum of the seconds that calls of next() have taken.
  double waiting_seconds() const { return waiting_; }

 private:
  struct Ready {
    TrainBatch batch;
    SideStream::Mark made;  ///< stream position when the batch is complete; null: a step may use the batch at once
  };

  /// Builds the batches of one call of Stage::batches() and returns them.
  std::vector<Ready> some();
  /// Builds the batches of one call on the calling thread and the pool. Used for the first call, and if there is no
  /// thread.
  void make_some();
  /// Builds all batches; the function that the thread runs.
  void make();
  /// Returns the next batch, whose tensors a GPU may still be computing.
  Ready take();

  Stage& stage_;
  int64_t next_, count_;  ///< number of the next batch to build; number of batches
  double waiting_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Ready> ready_;   ///< the batches of one call that wait for their steps, in order
  std::exception_ptr error_;  ///< what the thread has thrown
  bool stopping_ = false;     ///< true if the thread has to end
  SideStream stream_;         ///< stream of the thread
  std::thread thread_;
};

}  // namespace graphsieve
