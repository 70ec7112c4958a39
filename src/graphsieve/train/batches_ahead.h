// SPDX-License-Identifier: Apache-2.0
// The batches of an epoch, made by a thread of its own ahead of the steps that take them.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "graphsieve/runtime/side_stream.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Gives the batches first, …, count − 1 of a stage in order. A thread builds them ahead of the steps that use them.
/// The content of a batch depends on its number alone, so the thread changes the time and nothing else. On a GPU the
/// thread has a stream of its own, so that batches, and rows on their way from the host's memory, do not wait for the
/// steps. There is no thread where the stage does not allow it, where there is one batch, and where the process has one
/// thread; each batch is then built when next() asks for it.
class BatchesAhead {
 public:
  BatchesAhead(Stage& stage, int64_t first, int64_t count, at::Device device);
  ~BatchesAhead();
  BatchesAhead(const BatchesAhead&) = delete;
  BatchesAhead& operator=(const BatchesAhead&) = delete;

  TrainBatch next();
  /// Sum of the seconds that calls of next() have taken.
  double waiting_seconds() const { return waiting_; }

 private:
  static constexpr size_t kMost = 3;  ///< most batches that wait for their steps

  struct Ready {
    TrainBatch batch;
    SideStream::Mark made;  ///< undefined where a step may use the batch without waiting
  };

  std::vector<Ready> some();
  void make_some();
  void make();
  Ready take();

  Stage& stage_;
  int64_t next_, count_;
  double waiting_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Ready> ready_;
  std::exception_ptr error_;
  bool stopping_ = false;
  SideStream stream_;  ///< stream of the thread
  std::thread thread_;
};

}  // namespace graphsieve
