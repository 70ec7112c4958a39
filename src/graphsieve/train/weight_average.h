// SPDX-License-Identifier: Apache-2.0
// An exponential moving average of a network's weights over the steps of training (Polyak averaging). Its value in
// evaluation changes less from step to step than that of the weights themselves.
#pragma once

#include <ATen/core/Tensor.h>

#include "graphsieve/nn/transformer.h"
#include "graphsieve/run/checkpoint.h"

namespace graphsieve {

/// The average of the parameters and buffers of a network.
class WeightAverage {
 public:
  /// `decay`: share of the average that a step keeps, from 0 to 1. In the first steps the share is smaller, (1 + steps)
  /// / (10 + steps), so that the random initial weights are soon forgotten. With decay 0 there is no average, and all
  /// functions do nothing. `network` must outlive the object.
  WeightAverage(nn::Transformer& network, double decay);

  /// Adds the network's present weights after a step.
  void add_step();
  /// Exchanges the average and the network's weights. Two calls restore both.
  void swap();

  /// Adds the average to a checkpoint, and restores the average from a checkpoint.
  void save(Checkpoint& to) const;
  void restore(const Checkpoint& from);

 private:
  nn::Transformer& network_;
  const double decay_;
  int64_t steps_ = 0;
  NamedTensors average_;  ///< empty before the first step
};

/// Gives a network its averaged weights while the object lives.
class AveragedWeights {
 public:
  explicit AveragedWeights(WeightAverage& average) : average_(average) { average_.swap(); }
  ~AveragedWeights() { average_.swap(); }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  WeightAverage& average_;
};

}  // namespace graphsieve
