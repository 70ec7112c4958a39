#include "graphsieve/train/stage.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "graphsieve/base/error.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/base/random.h"
#include "graphsieve/train/optimizer.h"
#include "graphsieve/train/schedule.h"
#include "graphsieve/train/tensor_memory.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Clock = std::chrono::steady_clock;

/// n / (classes · count) for every class with training nodes, 0 for the others.
Tensor balanced_weights(const PreparedData& data, const Split& split) {
  const Labels& labels = data.data.labels;
  std::vector<int64_t> count(labels.classes, 0);
  for (int32_t node : split.train) ++count[labels.single[node]];
  Tensor weights = torch::zeros({labels.classes});
  for (int64_t c = 0; c < labels.classes; ++c)
    if (count[c] > 0)
      weights[c] = static_cast<double>(split.train.size()) / static_cast<double>(labels.classes * count[c]);
  return weights;
}

/// The weights and buffers of the best epoch so far.
class Snapshot {
 public:
  void take(torch::nn::Module& module) {
    const torch::NoGradGuard no_grad;
    const auto tensors = all(module);
    if (copies_.empty())
      for (const auto& t : tensors) copies_.push_back(t.detach().clone());
    for (size_t i = 0; i < tensors.size(); ++i) copies_[i].copy_(tensors[i]);
  }

  void restore(torch::nn::Module& module) const {
    const torch::NoGradGuard no_grad;
    auto tensors = all(module);
    for (size_t i = 0; i < copies_.size(); ++i) tensors[i].copy_(copies_[i]);
  }

 private:
  static std::vector<Tensor> all(torch::nn::Module& module) {
    auto tensors = module.parameters();
    for (const auto& b : module.buffers()) tensors.push_back(b);
    return tensors;
  }

  std::vector<Tensor> copies_;
};

class Loop {
 public:
  Loop(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe, const StageContext& context)
      : stage_(stage), network_(network), recipe_(recipe), context_(context),
        optimizer_(network->parameters(), recipe.weight_decay, recipe.clip_norm), operator_norms_(*network) {
    if (context.recipe.data.class_weights == "balanced" && !context.data.data.labels.multi_label())
      class_weights_ = balanced_weights(context.data, context.split);
  }

  StageFigures run() {
    StageFigures figures;
    for (const auto& p : network_->parameters()) figures.parameters += p.numel();
    figures.resident_at_start = resident_bytes();
    reset_peak_resident();
    reset_peak_tensor_bytes();
    const auto start = Clock::now();
    context_.observer.stage(stage_.name(), recipe_.epochs);
    double best = std::numeric_limits<double>::quiet_NaN();
    int64_t since_best = 0, kept = 0;
    for (int64_t epoch = 0; epoch < recipe_.epochs; ++epoch) {
      EpochRecord record = train_epoch(epoch);
      record.evaluated = (epoch + 1) % recipe_.eval_every == 0 || epoch + 1 == recipe_.epochs;
      if (record.evaluated) {
        evaluate_epoch(record);
        ++since_best;
        // Where the value is never defined (a part of one class, say), the last epoch counts as the best.
        if (better(record.val, best) || std::isnan(best)) {
          best = record.val;
          ++kept;
          since_best = 0;
          figures.best_epoch = epoch;
          figures.val = record.val;
          figures.test = record.test;
          best_.take(*network_);
        }
      }
      ++figures.epochs;
      context_.record(record);
      report(record);
      if (recipe_.patience > 0 && since_best >= recipe_.patience) break;
    }
    if (kept > 0 && std::isnan(best))
      context_.observer.note(str("the metric is not defined on the validation nodes (one class alone?): the ", stage_.name(),
                                 "'s last epoch is used"));
    best_.restore(*network_);
    network_->eval();
    figures.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    figures.peak_tensor_bytes = peak_tensor_bytes();
    figures.peak_resident = peak_resident_bytes();
    return figures;
  }

 private:
  EpochRecord train_epoch(int64_t epoch) {
    EpochRecord record;
    record.stage = stage_.name();
    record.epoch = epoch;
    record.learning_rate = learning_rate(recipe_, epoch);
    record.temperature = stage_.temperature(epoch);
    network_->train();
    const int64_t batches = stage_.begin_epoch(epoch);
    double loss = 0, nodes = 0;
    for (int64_t b = 0; b < batches; ++b) {
      if (context_.observer.stop_requested()) throw Interrupted();
      const TrainBatch batch = stage_.batch(b);
      const double count = static_cast<double>(batch.nodes.size(0));
      loss += step(batch, epoch, b, record) * count;
      nodes += count;
    }
    record.loss = loss / nodes;
    return record;
  }

  double step(const TrainBatch& batch, int64_t epoch, int64_t index, EpochRecord& record) {
    ForwardOptions options;
    options.temperature = record.temperature;
    options.dropout_key = random_key(context_.seed, Stream::kDropout, epoch, index);
    stage_.prepare(options);
    Tensor logits = network_(batch.input, options);
    if (batch.pick.defined()) logits = logits.index_select(0, batch.pick);
    const Tensor own = stage_.loss(logits), loss = own.defined() ? own : loss_of(logits, batch.nodes);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) fail(batch, epoch, value, options);
    loss.backward();
    record.grad_norm = optimizer_.step(record.learning_rate);
    if (!std::isfinite(record.grad_norm)) fail(batch, epoch, record.grad_norm, options);
    return value;
  }

  Tensor loss_of(const Tensor& logits, const Tensor& nodes) const {
    namespace F = torch::nn::functional;
    if (context_.data.classes.defined())
      return F::cross_entropy(logits, context_.data.classes.index_select(0, nodes),
                              F::CrossEntropyFuncOptions().weight(class_weights_));
    const Tensor target = context_.data.targets.index_select(0, nodes), known = target.isnan().logical_not();
    const Tensor each = F::binary_cross_entropy_with_logits(
        logits, target.nan_to_num(0), F::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone));
    return (each * known).sum() / known.sum().clamp_min(1);
  }

  [[noreturn]] void fail(const TrainBatch& batch, int64_t epoch, double value, ForwardOptions options) {
    const torch::NoGradGuard no_grad;
    int64_t layer = -1;
    options.watch = [&](int64_t part, const Tensor& h) {
      if (layer < 0 && !at::isfinite(h).all().item<bool>()) layer = part;
    };
    network_(batch.input, options);
    const std::string where = layer < 0                       ? "in the gradients"
                              : layer == 0                    ? "after the input layers"
                              : layer > network_->layers()    ? "after the output layers"
                                                              : str("after layer ", layer - 1);
    const std::string part = stage_.name() == "estimator" ? "estimator" : "network";
    throw Error("the ", stage_.name(), "'s loss or gradient is ", value, " in epoch ", epoch, ", first ", where, "; try a lower ",
                part, ".lr (now ", recipe_.lr, "), a lower ", part, ".clip_norm, or data.features=standardised");
  }

  void evaluate_epoch(EpochRecord& record) {
    const torch::NoGradGuard no_grad;
    network_->eval();
    ForwardOptions options;
    options.temperature = record.temperature;
    if (norms_due(record.epoch)) {
      record.operator_norms = operator_norms_.measure();
      options.watch = [&](int64_t part, const Tensor& h) {
        if (part < network_->layers()) record.vector_norms.push_back(vector_norms(h));
      };
    }
    const Labels& labels = context_.data.data.labels;
    const Probabilities p = probabilities(network_(stage_.whole_graph(), options), labels);
    record.val = evaluate(context_.data.metric, p, labels, context_.split.val);
    record.test = evaluate(context_.data.metric, p, labels, context_.split.test);
  }

  bool norms_due(int64_t epoch) const {
    return recipe_.norms_every > 0 && ((epoch + 1) % recipe_.norms_every == 0 || epoch + 1 == recipe_.epochs);
  }

  void report(const EpochRecord& record) {
    std::string status = fmt::format("loss {:.4f}", record.loss);
    if (record.evaluated) last_value_ = fmt::format("  val {:.4f}", record.val);
    context_.observer.step(record.epoch + 1, status + last_value_);
  }

  Stage& stage_;
  nn::Transformer& network_;
  const TrainRecipe& recipe_;
  const StageContext& context_;
  AdamW optimizer_;
  OperatorNorms operator_norms_;
  Tensor class_weights_;
  Snapshot best_;
  std::string last_value_;
};

}  // namespace

Probabilities probabilities(const Tensor& logits, const Labels& labels) {
  const torch::NoGradGuard no_grad;
  constexpr int64_t kRows = int64_t{1} << 16;
  Probabilities p{logits.size(1), {}};
  p.value.resize(logits.numel());
  Tensor all = at::from_blob(p.value.data(), logits.sizes(), at::kFloat);
  for (int64_t begin = 0; begin < logits.size(0); begin += kRows) {
    const int64_t rows = std::min(kRows, logits.size(0) - begin);
    const Tensor part = logits.narrow(0, begin, rows);
    all.narrow(0, begin, rows).copy_(labels.multi_label() ? part.sigmoid() : part.softmax(1));
  }
  return p;
}

StageFigures train_stage(Stage& stage, nn::Transformer& network, const TrainRecipe& recipe,
                         const StageContext& context) {
  return Loop(stage, network, recipe, context).run();
}

}  // namespace graphsieve
