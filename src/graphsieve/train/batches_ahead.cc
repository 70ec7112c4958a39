#include "graphsieve/train/batches_ahead.h"

#include <torch/torch.h>

#include <algorithm>
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
  if (!thread_.joinable()) {
    if (ready_.empty()) make_some();
    TrainBatch batch = std::move(ready_.front());
    ready_.pop_front();
    return batch;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || error_; });
  if (ready_.empty()) std::rethrow_exception(error_);
  TrainBatch batch = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return batch;
}

std::vector<TrainBatch> BatchesAhead::some() {
  const int64_t count = std::min(stage_.together(), count_ - next_);
  next_ += count;
  return stage_.batches(next_ - count, count);
}

void BatchesAhead::make_some() {
  for (TrainBatch& batch : some()) ready_.push_back(std::move(batch));
}

void BatchesAhead::make() {
  const SerialLoops serial;
  const torch::NoGradGuard no_grad;
  const size_t most = stage_.together() > 1 ? 1 : kMost;  // where several come at once, the next are made beside the last steps
  try {
    while (next_ < count_) {
      std::vector<TrainBatch> made = some();
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ready_.size() < most || stopping_; });
      if (stopping_) return;
      for (TrainBatch& batch : made) ready_.push_back(std::move(batch));
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
