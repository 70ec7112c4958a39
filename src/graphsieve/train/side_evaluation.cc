// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/side_evaluation.h"

#include <torch/torch.h>

#include "graphsieve/base/abort.h"
#include "graphsieve/base/work_times.h"
#include "graphsieve/nn/layers.h"
#include "graphsieve/nn/weights.h"

namespace graphsieve {

SideEvaluation::SideEvaluation(const nn::Transformer& network) {
  const nn::ParametersOn parameters_on(at::kCPU);
  copy_ = nn::Transformer(network->shape());
}

SideEvaluation::~SideEvaluation() {
  if (work_.valid()) work_.wait();
}

void SideEvaluation::begin(const nn::Transformer& network, std::function<void(nn::Transformer&)> work) {
  const torch::NoGradGuard no_grad;
  const auto from = nn::state_of(network), to = nn::state_of(copy_);
  for (size_t i = 0; i < to.size(); ++i) to[i].second.copy_(from[i].second);
  work_ = std::async(std::launch::async, [this, work = std::move(work)] {
    const Working working;
    const SideLoops on_the_side;
    work(copy_);
  });
}

nn::Transformer& SideEvaluation::finish() {
  const Waiting waiting;
  work_.get();
  return copy_;
}

}  // namespace graphsieve
