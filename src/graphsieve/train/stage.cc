// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/stage.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/nn/fan_out.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/recompute.h"
#include "graphsieve/runtime/device.h"
#include "graphsieve/runtime/tensor_memory.h"
#include "graphsieve/train/batches_ahead.h"
#include "graphsieve/train/optimizer.h"
#include "graphsieve/train/policy.h"
#include "graphsieve/train/schedule.h"
#include "graphsieve/train/side_evaluation.h"
#include "graphsieve/train/weight_average.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Clock = std::chrono::steady_clock;

/// The position of the loop: the epoch, and the number of batches of this epoch that are done.
struct Position {
  int64_t epoch = 0, batch = 0;
  double loss = 0, nodes = 0, grad_norm = 0;  ///< sums of loss and nodes over the batches; norm of the last gradient
  int64_t kept = 0, since_best = 0;           ///< times that an epoch became the best; evaluations since the last time
  int64_t large_gradients = 0;                ///< epochs in a row whose last gradient was large
};

/// The training of one network by one stage.
class Loop {
 public:
  Loop(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe, const StageContext& context)
      : stage_(stage),
        network_(network),
        recipe_(recipe),
        context_(context),
        optimizer_(network->parameters(), recipe.weight_decay, recipe.clip_norm),
        average_(network, recipe.ema_decay),
        operator_norms_(network->named_maps()),
        evaluated_(evaluated_nodes(context.split)),
        loss_of_nodes_(context.task.loss(context.split.train)) {
    const GraphSizes sizes = sizes_of(context.data.features, network->layers(), network->shape().width);
    if (context.data.device.is_cpu() && works_beside(sizes, context.budget, num_threads())) side_.emplace(network);
  }

  StageFigures run() {
    // Memory that the work before has freed is returned, so that the peaks are those of this stage alone.
    for (const auto& p : network_->parameters()) figures_.parameters += p.numel();
    figures_.resident_at_start = resident_bytes();
    reset_peak_resident();
    reset_peak_tensor_bytes();
    reset_peak_device_bytes(context_.data.device);
    trim_memory();
    reset_peak_memory_use();
    context_.observer.stage(stage_.name(), recipe_.epochs);
    if (context_.resume) restore(*context_.resume);
    try {
      epochs();
    } catch (...) {
      // An epoch whose evaluation still runs gets its record. A second error would say less than the first.
      try {
        if (evaluates_beside_) complete();
      } catch (...) {
      }
      throw;
    }
    if (at_.kept > 0 && std::isnan(figures_.val) && !context_.split.val.empty())
      context_.observer.note(str("the metric is not defined on the validation nodes (one class alone?): the ",
                                 stage_.name(), "'s last epoch is used"));
    // The network gets the weights of its best epoch back.
    const torch::NoGradGuard no_grad;
    auto tensors = nn::state_of(network_);
    for (size_t i = 0; i < best_.size(); ++i) tensors[i].second.copy_(best_[i].second);
    network_->eval();
    take_figures();
    return figures_;
  }

 private:
  /// Trains epoch after epoch. An epoch is complete when it is evaluated and its figures are recorded. Until then the
  /// steps of the next epoch may go on; but a checkpoint is written only when all epochs before its position are
  /// complete, so that a run that resumes from it neither repeats an epoch nor records it twice.
  void epochs() {
    while (at_.epoch < recipe_.epochs && !out_of_patience()) {
      EpochRecord record = train_epoch();
      complete();
      record.evaluated = (at_.epoch + 1) % recipe_.eval_every == 0 || at_.epoch + 1 == recipe_.epochs;
      at_ = Position{at_.epoch + 1, 0, 0, 0, 0, at_.kept, at_.since_best, at_.large_gradients};
      open_ = record;
      if (record.evaluated) begin_evaluation(*open_);
      if (!evaluates_beside_) complete();
      save_if_due(true);
    }
    complete();
  }

  /// Evaluates the epoch, or begins to do so beside the next steps.
  void begin_evaluation(EpochRecord& record) {
    const AveragedWeights averaged(average_);
    const bool with_norms = recipe_.norms_every > 0 &&
                            ((record.epoch + 1) % recipe_.norms_every == 0 || record.epoch + 1 == recipe_.epochs);
    if (with_norms) record.operator_norms = operator_norms_.measure();
    evaluates_beside_ = side_ && record.epoch + 1 < recipe_.epochs;
    if (!evaluates_beside_) {
      evaluate(record, network_, stage_.evaluation(), with_norms);
      return compare(record, network_);
    }
    side_->begin(network_, [this, &record, view = stage_.evaluation(), with_norms](nn::Transformer& copy) {
      evaluate(record, copy, view, with_norms);
    });
  }

  /// Completes the epoch that was trained last, if it is not complete yet: waits for its evaluation, and records it.
  void complete() {
    if (!open_) return;
    if (std::exchange(evaluates_beside_, false)) {
      nn::Transformer& copy = side_->finish();
      compare(*open_, copy);
    }
    const EpochRecord record = *std::exchange(open_, {});
    watch_gradient(record);
    ++figures_.epochs;
    context_.record(record);
    report(record);
  }

  /// True if the recipe's number of evaluations has passed without a better validation value.
  bool out_of_patience() {
    if (recipe_.patience == 0) return false;
    if (at_.since_best + 1 >= recipe_.patience) complete();  // the evaluation that still runs may be the last one
    return at_.since_best >= recipe_.patience;
  }

  /// Trains on the batches of one epoch that are not done yet. A resumed epoch begins with its first missing batch.
  EpochRecord train_epoch() {
    EpochRecord record;
    record.stage = stage_.name();
    record.epoch = at_.epoch;
    record.learning_rate = learning_rate(recipe_, at_.epoch);
    record.temperature = stage_.temperature(at_.epoch);
    network_->train();
    const int64_t batches = stage_.begin_epoch(at_.epoch);
    {
      // `ahead` may have a thread that calls the stage. The block ends the thread before the evaluation or the next
      // epoch calls the stage. A run stops between two steps, where position, weights and moments belong together.
      BatchesAhead ahead(stage_, at_.batch, batches, context_.data.device);
      while (at_.batch < batches) {
        if (context_.observer.stop_requested()) stop();
        save_if_due(false);
        const TrainBatch batch = ahead.next();
        if (at_.batch + 1 == batches && at_.epoch + 1 < recipe_.epochs) stage_.expect_epoch(at_.epoch + 1);
        const double count = static_cast<double>(batch.nodes.size(0));
        at_.loss += step(batch, at_.epoch, at_.batch, record) * count;
        at_.nodes += count;
        at_.grad_norm = record.grad_norm;
        ++at_.batch;
      }
      figures_.waiting_seconds += ahead.waiting_seconds();
    }
    if (context_.observer.stop_requested()) stop();
    record.loss = at_.loss / at_.nodes;
    record.grad_norm = at_.grad_norm;
    return record;
  }

  /// Keeps the weights, those of `network`, if the epoch is the best so far. Where the validation value is never
  /// defined (for example because the part has one class alone), the last epoch counts as the best.
  void compare(const EpochRecord& record, const nn::Transformer& network) {
    ++at_.since_best;
    if (at_.kept > 0 && !context_.task.metric().better(record.val, figures_.val) && !std::isnan(figures_.val)) return;
    ++at_.kept;
    at_.since_best = 0;
    figures_.best_epoch = record.epoch;
    figures_.val = record.val;
    figures_.test = record.test;
    const torch::NoGradGuard no_grad;
    const auto tensors = nn::state_of(network);
    if (best_.empty())
      for (const auto& [name, t] : tensors) best_.emplace_back(name, t.detach().clone());
    for (size_t i = 0; i < tensors.size(); ++i) best_[i].second.copy_(tensors[i].second);
  }

  /// Notes once that the gradient stays large, which means that the network may forget what it has learned.
  void watch_gradient(const EpochRecord& record) {
    constexpr double kLarge = 10;    // of a healthy network's gradient norm, 1 is usual
    constexpr int64_t kEpochs = 10;  // epochs in a row that count as staying large
    at_.large_gradients = record.grad_norm > kLarge ? at_.large_gradients + 1 : 0;
    if (at_.large_gradients != kEpochs) return;
    const std::string part = part_name();
    context_.observer.note(str("the ", stage_.name(), "'s gradient has had a norm above ", kLarge, " for ", kEpochs,
                               " epochs: training may become unstable; try a lower ", part, ".lr (now ", recipe_.lr,
                               "), a longer ", part, ".warmup (now ", recipe_.warmup, "), or network.norm=layer"));
  }

  /// Returns the name of the stage's part of the recipe.
  std::string part_name() const { return stage_.name() == "estimator" ? "estimator" : "network"; }

  /// Updates the figures of training so far, including those of a process whose run was resumed.
  void take_figures() {
    stage_.add_figures(figures_);
    figures_.seconds = seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
    figures_.sampling_seconds = sampling_before_ + stage_.sampling_seconds();
    // The measured peaks are those of this process, so the larger of them and the restored ones is the peak of the
    // whole training.
    figures_.peak_tensor_bytes = std::max(figures_.peak_tensor_bytes, peak_tensor_bytes());
    figures_.peak_device = std::max(figures_.peak_device, peak_device_bytes(context_.data.device));
    figures_.peak_ram = std::max(figures_.peak_ram, memory_use().peak_ram);
    figures_.peak_scratch = std::max(figures_.peak_scratch, memory_use().peak_scratch);
    figures_.peak_resident = std::max(figures_.peak_resident, peak_resident_bytes());
  }

  void save_if_due(bool end_of_epoch) {
    if (context_.checkpoints && context_.checkpoints->due(end_of_epoch)) save();
  }

  /// Writes a checkpoint of the current position, unless none are written, and throws Interrupted.
  [[noreturn]] void stop() {
    if (context_.checkpoints) save();
    throw Interrupted();
  }

  /// Writes a checkpoint. The figures are updated first, so that a resumed run continues with the time spent so far.
  void save() {
    complete();
    take_figures();
    Checkpoint to;
    if (context_.add_to_checkpoint) context_.add_to_checkpoint(to);
    to.state["loop"] = {{"epoch", at_.epoch},
                        {"batch", at_.batch},
                        {"loss", at_.loss},
                        {"nodes", at_.nodes},
                        {"grad_norm", at_.grad_norm},
                        {"kept", at_.kept},
                        {"since_best", at_.since_best},
                        {"large_gradients", at_.large_gradients},
                        {"figures", stage_json(figures_)}};
    to.add("network.", nn::state_of(network_));
    to.add("optimizer.", optimizer_.state());
    to.add("norms.", operator_norms_.state());
    to.add("best.", best_);
    average_.save(to);
    context_.checkpoints->write(to);
  }

  /// Restores the position, the figures and all tensors that save() has written.
  void restore(const Checkpoint& from) {
    const JsonObject loop = from.view().object("loop");
    at_ = {loop.count("epoch"),
           loop.count("batch"),
           loop.number_or_nan("loss"),
           loop.number_or_nan("nodes"),
           loop.number_or_nan("grad_norm"),
           loop.count("kept"),
           loop.count("since_best"),
           loop.count("large_gradients")};
    figures_ = stage_figures(loop.object("figures"));
    seconds_before_ = figures_.seconds;
    sampling_before_ = figures_.sampling_seconds;
    from.restore("network.", nn::state_of(network_));
    from.restore("optimizer.", optimizer_.state());
    from.restore("norms.", operator_norms_.state());
    // Checkpoint::restore() copies into tensors that exist, so best_ first gets tensors of the network's shapes. Before
    // the first evaluation there are no best weights.
    if (at_.kept > 0) {
      for (const auto& [name, t] : nn::state_of(network_)) best_.emplace_back(name, at::empty_like(t.detach()));
      from.restore("best.", best_);
    }
    average_.restore(from);
    context_.observer.step(at_.epoch, "resumed");
  }

  /// Makes one training step and returns the loss.
  /// The dropout masks depend on the epoch and the number of the batch, so a resumed run draws the same masks as an
  /// uninterrupted run. A loss or gradient that is not finite leaves the weights as they were before the step, so that
  /// fail() can repeat the forward pass with them.
  double step(const TrainBatch& batch, int64_t epoch, int64_t index, EpochRecord& record) {
    ForwardOptions options;
    options.temperature = record.temperature;
    options.dropout_key = random_key(context_.seed, Stream::kDropout, epoch, index);
    stage_.prepare(options);
    Tensor h = network_->hidden(batch.input, options);
    if (batch.pick.defined()) h = nn::picked_rows(h, batch.pick);
    const Tensor loss = stage_.has_own_loss() ? stage_.loss(network_->logits(h)) : loss_of_labels(h, batch.nodes);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) fail(batch, epoch, value, options);
    loss.backward();
    record.grad_norm = optimizer_.step(record.learning_rate);
    if (!std::isfinite(record.grad_norm)) fail(batch, epoch, record.grad_norm, options);
    average_.add_step();
    return value;
  }

  /// Returns the task's loss of nodes, for the input h [nodes, width] of the output layers. Many rows go through the
  /// output layers in blocks, so that the outputs of all rows are never in memory at once.
  Tensor loss_of_labels(const Tensor& h, const Tensor& nodes) {
    if (h.size(0) <= nn::kLossRows) return loss_of_nodes_(network_->logits(h), nodes);
    const Tensor sum = nn::recomputed_sum(h, nn::kLossRows, [this, nodes](const Tensor& rows, int64_t begin) {
      return loss_of_nodes_.sum(network_->logits(rows), nodes.narrow(0, begin, rows.size(0)));
    });
    return sum / loss_of_nodes_.weight(nodes);
  }

  /// Throws NotFinite. Repeats the forward pass to name the first part of the network whose output is not finite.
  [[noreturn]] void fail(const TrainBatch& batch, int64_t epoch, double value, ForwardOptions options) {
    const torch::NoGradGuard no_grad;
    int64_t layer = -1;
    options.on_part = [&](int64_t part, const Tensor& h) {
      if (layer < 0 && !at::isfinite(h).all().item<bool>()) layer = part;
    };
    network_(batch.input, options);
    const std::string where = layer < 0                    ? "in the gradients"
                              : layer == 0                 ? "after the input layers"
                              : layer > network_->layers() ? "after the output layers"
                                                           : str("after layer ", layer - 1);
    const std::string part = part_name();
    throw NotFinite("the ", stage_.name(), "'s loss or gradient is ", value, " in epoch ", epoch, ", first ", where,
                    "; try a lower ", part, ".lr (now ", recipe_.lr, "), a lower ", part,
                    ".clip_norm, or data.features=standardised");
  }

  /// Evaluates an epoch's network on the validation and test nodes, and measures the norms of its vectors if
  /// `with_norms` is true. May run on another thread than the steps: it changes `record` and `network` alone.
  void evaluate(EpochRecord& record, nn::Transformer& network, const GraphView& view, bool with_norms) const {
    const torch::NoGradGuard no_grad;
    ForwardOptions options;
    options.temperature = record.temperature;
    LayerNorms norms;
    if (with_norms) norms.watch(options, network->layers());
    if (evaluated_.empty()) {
      record.val = record.test = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    const Predictions p = predict_nodes(network, view, options, evaluated_, context_.task);
    record.val = context_.task.evaluate(p, context_.split.val);
    record.test = context_.task.evaluate(p, context_.split.test);
    record.vector_norms = norms.inputs();
    record.middle_norms = norms.middles();
  }

  void report(const EpochRecord& record) {
    std::string status = fmt::format("loss {:.4f}", record.loss);
    if (record.evaluated && !std::isnan(record.val)) last_value_ = fmt::format("  val {:.4f}", record.val);
    context_.observer.step(record.epoch + 1, status + last_value_);
  }

  Stage& stage_;
  nn::Transformer& network_;
  const TrainRecipe& recipe_;
  const StageContext& context_;
  AdamW optimizer_;
  WeightAverage average_;
  OperatorNorms operator_norms_;
  const std::vector<int32_t> evaluated_;
  const LossOfNodes loss_of_nodes_;
  Position at_;
  std::optional<EpochRecord> open_;  ///< the epoch that was trained last, until it is complete
  bool evaluates_beside_ = false;    ///< true: the evaluation of the open epoch goes on beside the steps
  StageFigures figures_;
  NamedTensors best_;                                ///< weights and buffers of the best epoch so far
  double seconds_before_ = 0, sampling_before_ = 0;  ///< time of the process whose run was resumed
  const Clock::time_point start_ = Clock::now();
  std::string last_value_;
  std::optional<SideEvaluation> side_;  ///< last, so that its thread ends before what the thread uses is gone
};

}  // namespace

std::vector<TrainBatch> Stage::batches(int64_t first, int64_t count) {
  std::vector<TrainBatch> made;
  for (int64_t i = 0; i < count; ++i) made.push_back(batch(first + i));
  return made;
}

StageFigures train_stage(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe,
                         const StageContext& context) {
  return Loop(stage, network, recipe, context).run();
}

}  // namespace graphsieve
