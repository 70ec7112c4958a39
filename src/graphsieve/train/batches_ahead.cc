#include "graphsieve/train/batches_ahead.h"

#include <torch/torch.h>

#include <chrono>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve {

BatchesAhead::BatchesAhead(Stage& stage, int64_t first, int64_t count) : stage_(stage), next_(first), count_(count) {
  if (stage.ahead() && count - first > 1 && num_threads() > 1) thread_ = std::thread([this] { make(); });
}

BatchesAhead::~BatchesAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

TrainBatch BatchesAhead::next() {
  const auto start = std::chrono::steady_clock::now();
  TrainBatch batch = take();
  waiting_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return batch;
}

TrainBatch BatchesAhead::take() {
  if (!thread_.joinable()) return stage_.batch(next_++);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || error_; });
  if (ready_.empty()) std::rethrow_exception(error_);
  TrainBatch batch = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return batch;
}

void BatchesAhead::make() {
  const SerialLoops serial;
  const torch::NoGradGuard no_grad;
  try {
    for (int64_t index = next_; index < count_; ++index) {
      TrainBatch batch = stage_.batch(index);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ready_.size() < kMost || stopping_; });
      if (stopping_) return;
      ready_.push_back(std::move(batch));
      lock.unlock();
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

}  // namespace graphsieve
