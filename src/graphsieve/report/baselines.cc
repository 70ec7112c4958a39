// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/baselines.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/data/splits.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/evaluate/task.h"
#include "graphsieve/files/json_number.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr int64_t kMostTrained = 20000;
constexpr int64_t kMostNumbers = 20'000'000;  // of the features of the training nodes
constexpr int64_t kRows = 4096;               // nodes whose outputs are computed at once
constexpr int64_t kIterations = 100;

double rounded(double x) { return std::round(x * 1e4) / 1e4; }

Json values(const Task& task, const Predictions& p, const Split& split) {
  return {{"val", json_number(rounded(task.evaluate(p, split.val)))},
          {"test", json_number(rounded(task.evaluate(p, split.test)))}};
}

/// The inputs of the linear model: for each node its features and ln(1 + degree).
class Inputs {
 public:
  explicit Inputs(const Dataset& data) : x_(data.features), degree_(data.nodes, 0.f) {
    if (data.graph) {
      for (int64_t i = 0; i < data.nodes; ++i)
        degree_[i] = static_cast<float>(data.graph->row_start[i + 1] - data.graph->row_start[i]);
    } else {
      for (const auto& [from, to] : data.edges) ++degree_[from], ++degree_[to];
    }
  }

  int64_t columns() const { return x_.cols + 1; }

  /// Returns the inputs [nodes, columns].
  Tensor rows(const std::vector<int32_t>& nodes) const {
    Tensor to = at::zeros({std::ssize(nodes), columns()});
    float* row = to.mutable_data_ptr<float>();
    for (const int32_t node : nodes) {
      if (x_.sparse()) {
        for (int64_t e = x_.row_start[node]; e < x_.row_start[node + 1]; ++e) row[x_.column[e]] = x_.value[e];
      } else {
        for (int64_t c = 0; c < x_.cols; ++c) row[c] = x_.dense_value(node * x_.cols + c);
      }
      row[x_.cols] = std::log1p(degree_[node]);
      row += columns();
    }
    return to;
  }

 private:
  const Features& x_;
  std::vector<float> degree_;
};

/// A linear map of standardised inputs.
class LinearModel {
 public:
  /// Trains on the nodes, whose loss is the task's.
  LinearModel(const Inputs& inputs, const Task& task, const std::vector<int32_t>& train) : inputs_(inputs) {
    const int64_t most = std::max<int64_t>(1, std::min(kMostTrained, kMostNumbers / inputs.columns()));
    const std::vector<int32_t> nodes = at_most(train, most);
    Tensor x = inputs.rows(nodes);
    mean_ = x.mean(0);
    deviation_ = x.std(0, /*unbiased=*/false);
    deviation_ = at::where(deviation_ > 0, deviation_, at::ones_like(deviation_));
    x.sub_(mean_).div_(deviation_);
    weight_ = torch::zeros({inputs.columns(), task.columns()}, torch::requires_grad());
    bias_ = torch::zeros({task.columns()}, torch::requires_grad());
    const LossOfNodes loss_of = task.loss(train);
    const Tensor ids = at::tensor(nodes, at::kInt).to(at::kLong);
    const double penalty = 0.5 / static_cast<double>(nodes.size());
    torch::optim::LBFGS optimizer({weight_, bias_},
                                  torch::optim::LBFGSOptions(1).max_iter(kIterations).line_search_fn("strong_wolfe"));
    const torch::AutoGradMode gradients(true);
    optimizer.step([&] {
      optimizer.zero_grad();
      Tensor loss = loss_of(at::addmm(bias_, x, weight_), ids) + penalty * weight_.square().sum();
      loss.backward();
      return loss;
    });
  }

  Predictions predictions(const Task& task, const std::vector<int32_t>& nodes) const {
    const torch::NoGradGuard no_grad;
    Predictions p = rows_for(nodes, task.nodes(), task.columns());
    for (size_t begin = 0; begin < nodes.size(); begin += kRows) {
      const std::vector<int32_t> some(nodes.begin() + static_cast<int64_t>(begin),
                                      nodes.begin() + static_cast<int64_t>(std::min(nodes.size(), begin + kRows)));
      const Tensor x = inputs_.rows(some).sub_(mean_).div_(deviation_);
      const Predictions part = predictions_of(at::addmm(bias_, x, weight_), task);
      std::copy(part.value.begin(), part.value.end(), p.value.begin() + static_cast<int64_t>(begin) * p.columns);
    }
    return p;
  }

 private:
  const Inputs& inputs_;
  Tensor mean_, deviation_, weight_, bias_;
};

}  // namespace

Json baselines(const Dataset& data, const Recipe& recipe, const Split& split) {
  const std::unique_ptr<Task> task = make_task(data, recipe.data);
  task->learn_from(split.train);
  Json to = {{"guess", values(*task, task->guess(split.train), split)}};
  const Inputs inputs(data);
  const LinearModel model(inputs, *task, split.train);
  const std::vector<int32_t> evaluated = evaluated_nodes(split);
  if (evaluated.empty()) return to;
  if (task->learns_after_training()) task->learn_after_training(model.predictions(*task, split.val), split.val);
  to["linear"] = values(*task, model.predictions(*task, evaluated), split);
  return to;
}

}  // namespace graphsieve
