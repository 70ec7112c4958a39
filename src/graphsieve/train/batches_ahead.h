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

/// Batches first … count − 1 of a stage, in order. What a batch holds depends on its number alone, so the thread
/// changes nothing but the time. On a GPU the thread has a stream of its own, so that rows on their way from the host's
/// memory and the making of batches do not wait for the steps. Without a stage that allows it, a second batch, or a
/// second thread: made when asked for.
class BatchesAhead {
 public:
  BatchesAhead(Stage& stage, int64_t first, int64_t count, at::Device device);
  ~BatchesAhead();
  BatchesAhead(const BatchesAhead&) = delete;
  BatchesAhead& operator=(const BatchesAhead&) = delete;

  TrainBatch next();
  /// Seconds that next() has taken in all.
  double waiting_seconds() const { return waiting_; }

 private:
  static constexpr size_t kMost = 3;  ///< batches that wait at once

  struct Ready {
    TrainBatch batch;
    SideStream::Mark made;  ///< undefined where a step can take it at once
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
  SideStream stream_;  ///< of the thread
  std::thread thread_;
};

}  // namespace graphsieve
