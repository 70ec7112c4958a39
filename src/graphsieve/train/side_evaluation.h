// SPDX-License-Identifier: Apache-2.0
// Evaluates a network on a thread of its own, beside the training steps of the next epoch.
#pragma once

#include <functional>
#include <future>

#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// A copy of a network's weights, and a thread that works with it. Parts of a training step keep one core busy at most;
/// an evaluation beside it fills the others. The results are those of an evaluation before the step, to the last bit.
class SideEvaluation {
 public:
  /// Makes a network of the same shape as `network`, on the host.
  explicit SideEvaluation(const nn::Transformer& network);
  /// Waits for the work.
  ~SideEvaluation();
  SideEvaluation(const SideEvaluation&) = delete;
  SideEvaluation& operator=(const SideEvaluation&) = delete;

  /// Copies the weights of `network`, and begins work(copy) on the thread. The work that was begun before must be
  /// finished.
  void begin(const nn::Transformer& network, std::function<void(nn::Transformer& copy)> work);
  /// Waits until the work is done, and returns the copy. Throws what the work has thrown.
  nn::Transformer& finish();

 private:
  nn::Transformer copy_{nullptr};
  std::future<void> work_;
};

}  // namespace graphsieve
