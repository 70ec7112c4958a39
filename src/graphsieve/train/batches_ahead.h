// The batches of an epoch, made by a thread of its own ahead of the steps that take them.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "graphsieve/train/stage.h"

namespace graphsieve {

/// Batches first … count − 1 of a stage, in order. What a batch holds depends on its number alone, so the thread changes
/// nothing but the time. Without a stage that allows it, a second batch, or a second thread: made when asked for.
class BatchesAhead {
 public:
  BatchesAhead(Stage& stage, int64_t first, int64_t count);
  ~BatchesAhead();
  BatchesAhead(const BatchesAhead&) = delete;
  BatchesAhead& operator=(const BatchesAhead&) = delete;

  TrainBatch next();
  /// Seconds that next() has taken in all.
  double waiting_seconds() const { return waiting_; }

 private:
  static constexpr size_t kMost = 3;  ///< batches that wait at once

  std::vector<TrainBatch> some();
  void make_some();
  void make();
  TrainBatch take();

  Stage& stage_;
  int64_t next_, count_;
  double waiting_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<TrainBatch> ready_;
  std::exception_ptr error_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace graphsieve
