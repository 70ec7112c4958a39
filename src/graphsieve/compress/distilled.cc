// SPDX-License-Identifier: Apache-2.0
// The method `distilled`, which is graphsieve's own: trains the fitted network for some epochs against the wide
// network. The loss has two parts. The first part is the cross-entropy with the wide network's probabilities on all
// nodes, which needs no more dimensions than the decision itself; it uses no labels except those that the wide network
// has seen. The second part is the error of the narrow attention when it is applied to the values of the
// wide network. The epoch is chosen by the validation metric.
#include <torch/torch.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/compress/method.h"
#include "graphsieve/compress/subspace.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/train/stage.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr int64_t kPooled = 4;  ///< number of principal directions of a head's output on which attentions are compared

/// The stage that trains a network against the wide network of the task, with the whole graph as one batch.
class DistilStage : public Stage {
 public:
  /// Prepares, per layer, the values of the wide network in the leading directions of each head's attention output, and
  /// the output that the wide attention gives for them. Each layer's error is divided by the variance of this output.
  explicit DistilStage(const CompressTask& task)
      : input_(task.run->input()),
        task_(*task.run->task),
        weight_(task.options.attention_weight),
        nodes_(at::arange(task.trace.logits.size(0))),
        wide_predictions_(task_.predictions(task.trace.logits).to(at::kFloat)) {
    if (weight_ <= 0) return;
    for (size_t l = 0; l < task.wide.layers.size(); ++l) {
      const LayerMaps& m = task.wide.layers[l];
      const Tensor& h = task.trace.layers[l].input;
      const Tensor attended = task.trace.layers[l].attended;
      std::vector<Tensor> values, aims;
      for (int64_t head = 0; head < m.heads(); ++head) {
        const int64_t width = m.value.size(1);
        const Tensor aim = attended.narrow(1, head * width, width);
        const Tensor directions = spectrum(aim - aim.mean(0)).leading(std::min(kPooled, width));
        values.push_back(at::linear(h, m.value[head], m.value_bias[head]).mm(directions));
        aims.push_back(aim.mm(directions));
      }
      values_.push_back(at::cat(values, 1).to(at::kFloat));
      attended_.push_back(at::cat(aims, 1).to(at::kFloat));
      const double spread = (attended_.back() - attended_.back().mean(0)).square().mean().item<double>();
      attended_scale_.push_back(1 / std::max(spread, 1e-30));
    }
  }

  std::string name() const override { return "network"; }
  int64_t begin_epoch(int64_t) override { return 1; }
  TrainBatch batch(int64_t) override { return {input_, nodes_, {}}; }
  GraphView evaluation() override {
    return {[this] { return input_; }};
  }
  double temperature(int64_t) const override { return 1; }

  void prepare(ForwardOptions& options) override {
    if (values_.empty()) return;
    pooled_.clear();
    options.pool = &values_;
    options.pooled = &pooled_;
  }

  bool has_own_loss() const override { return true; }
  Tensor loss(const Tensor& logits) override {
    Tensor sum = task_.distillation_loss(logits, wide_predictions_);
    for (size_t l = 0; l < pooled_.size(); ++l)
      sum = sum + (pooled_[l] - attended_[l]).square().mean() *
                      (weight_ * attended_scale_[l] / static_cast<double>(pooled_.size()));
    return sum;
  }

 private:
  const NetworkInput input_;
  const Task& task_;
  const double weight_;
  const Tensor nodes_, wide_predictions_;
  std::vector<Tensor> values_, attended_;  ///< values and attention outputs of the wide network, by layer
  std::vector<double> attended_scale_;     ///< 1 / variance of attended_, by layer
  std::vector<Tensor> pooled_;             ///< the narrow attention's outputs for values_, from the last forward pass
};

}  // namespace

Compression compress_distilled(const CompressTask& task) {
  if (task.options.part != "network")
    throw Error("part is ", task.options.part, "; distilled compresses the whole network");
  Compression found = compress_fitted(task);
  nn::TransformerShape shape = shape_of(found.maps, task.run->network->shape());
  shape.dropout = 0;
  const Trace fitted = trace(found.maps, task.outer, task.edges, false);
  found.network = network_of(found.maps, shape, task.run->network, fitted);
  TrainRecipe recipe = task.run->folder.recipe.network;
  recipe.epochs = task.options.epochs;
  recipe.lr = task.options.lr;
  const StageContext context{task.run->prepared,
                             *task.run->task,
                             *task.split,
                             task.run->folder.recipe,
                             random_key(task.options.seed, Stream::kCompress),
                             task.observer,
                             MemoryBudget(),
                             task.record};
  DistilStage stage(task);
  const at::AutoGradMode with_gradients(true);
  const StageFigures figures = train_stage(stage, found.network, recipe, context);
  // Training has changed all parts of the network, so maps and outputs of the input layers are taken from it anew.
  found.maps = maps_of(found.network);
  found.outer = found.network->input()->outer(task.run->input()).detach().to(at::kDouble);
  found.promise = {{"vacuous", true},
                   {"why", "trained against this network on this graph; the measured error below is all there is"},
                   {"fitted_val", validation(task, fitted.logits)},
                   {"best_epoch", figures.best_epoch},
                   {"epochs", figures.epochs}};
  return found;
}

}  // namespace graphsieve
