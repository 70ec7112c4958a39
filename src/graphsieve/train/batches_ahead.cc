// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/batches_ahead.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/work_times.h"

namespace graphsieve {
namespace {

/// Returns all tensors of a batch. Some may be undefined.
std::vector<at::Tensor> tensors_of(const TrainBatch& batch) {
  std::vector<at::Tensor> all = {batch.nodes, batch.pick, batch.input.rows, batch.input.picked};
  for (const LayerEdges& layer : batch.input.layers) {
    const ops::AttentionEdges& e = layer.edges;
    for (const at::Tensor& t : {e.row_start, e.index, e.type}) all.push_back(t);
    for (const auto& t : {e.t_row_start, e.t_index, e.t_type, e.log_weight})
      if (t) all.push_back(*t);
  }
  return all;
}

}  // namespace

BatchesAhead::BatchesAhead(Stage& stage, int64_t first, int64_t count, at::Device device)
    : stage_(stage), next_(first), count_(count), stream_(device) {
  if (!stage.can_work_ahead() || count - first < 2 || num_threads() == 1) return;
  // Nothing else can be done before the first batches are built, so all threads of the pool build them. The thread's
  // own loops are serial. On a GPU, the thread's stream builds all batches.
  if (device.is_cpu()) make_some();
  thread_ = std::thread([this] { make(); });
}

BatchesAhead::~BatchesAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  try {
    // The current stream goes on using tensors that the stage keeps, so it waits for the thread's work on them.
    SideStream::wait_for(stream_.mark());
  } catch (const c10::Error&) {
    // The device is broken. A destructor must not throw, and the next call to the device reports the error.
  }
}

TrainBatch BatchesAhead::next() {
  const auto start = std::chrono::steady_clock::now();
  Ready ready = take();
  waiting_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  SideStream::wait_for(ready.made);
  return std::move(ready.batch);
}

BatchesAhead::Ready BatchesAhead::take() {
  std::unique_lock lock(mutex_, std::defer_lock);
  if (thread_.joinable()) {
    const Waiting waiting;
    lock.lock();
    // Batches that were complete before the thread failed are still returned; the call after the last of them throws.
    changed_.wait(lock, [this] { return !ready_.empty() || error_; });
    if (ready_.empty()) std::rethrow_exception(error_);
  } else if (ready_.empty()) {
    make_some();
  }
  Ready ready = std::move(ready_.front());
  ready_.pop_front();
  if (lock) lock.unlock();
  changed_.notify_all();
  return ready;
}

std::vector<BatchesAhead::Ready> BatchesAhead::some() {
  const int64_t count = std::min(stage_.batches_per_call(), count_ - next_);
  next_ += count;
  std::vector<Ready> made;
  for (TrainBatch& batch : stage_.batches(next_ - count, count)) made.push_back({std::move(batch), {}});
  return made;
}

void BatchesAhead::make_some() {
  const torch::NoGradGuard no_grad;
  for (Ready& ready : some()) ready_.push_back(std::move(ready));
}

void BatchesAhead::make() {
  const SerialLoops serial;
  const torch::NoGradGuard no_grad;
  const SideStream::Current on_side_stream(stream_);
  // The batches of a call are handed over when no earlier batch waits any more, so that those of at most two calls
  // exist beside the batch of the current step.
  try {
    while (next_ < count_) {
      std::vector<Ready> made;
      {
        const Working working;
        made = some();
      }
      for (Ready& ready : made) ready.made = stream_.hand_over(tensors_of(ready.batch));
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ready_.empty() || stopping_; });
      if (stopping_) return;
      for (Ready& ready : made) ready_.push_back(std::move(ready));
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
