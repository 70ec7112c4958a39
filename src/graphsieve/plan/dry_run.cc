// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/plan/dry_run.h"

#include <ATen/ExpandUtils.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/Allocator.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>

#include "graphsieve/base/block_pool.h"
#include "graphsieve/nn/fan_out.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/recompute.h"
#include "graphsieve/runtime/tensor_memory.h"
#include "graphsieve/sampling/sampled_graph.h"
#include "graphsieve/train/optimizer.h"

namespace graphsieve {

using at::Tensor;

/// The backing of a BlockPool that numbers its blocks and provides no memory.
struct NoMemory {
  using Block = int64_t;
  Block cut(size_t) { return next++; }
  Block map_scratch(size_t) { return next++; }
  void unmap_scratch(Block, size_t) {}
  void drop_pages(Block, size_t) {}
  Block next = 1;
};

namespace {

/// Return the results of torch's `where` and `index_select` on meta tensors: the shape alone.
Tensor where_meta(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return at::empty(at::infer_size(condition.sizes(), at::infer_size(a.sizes(), b.sizes())), a.options());
}

Tensor index_select_meta(const Tensor& x, int64_t dim, const Tensor& index) {
  auto shape = x.sizes().vec();
  shape[dim] = index.numel();
  return at::empty(shape, x.options());
}

/// Registers the shape functions of `where` and `index_select` for meta tensors. Torch defines these functions in
/// Python, so they are missing in a process without Python; where Python has registered them, nothing is done.
void complete_meta_operators() {
  static const auto added = [] {
    torch::Library to(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    const auto missing = [](const char* name, const char* overload) {
      return !c10::Dispatcher::singleton()
                  .findSchemaOrThrow(name, overload)
                  .hasKernelForDispatchKey(c10::DispatchKey::Meta);
    };
    if (missing("aten::where", "self")) to.impl("where.self", where_meta);
    if (missing("aten::index_select", "")) to.impl("index_select", index_select_meta);
    return to;
  }();
  static_cast<void>(added);
}

}  // namespace

struct DryMemory::Pool : BlockPool<NoMemory> {
  inline static std::shared_ptr<Pool> counting;  ///< pool that counts new meta tensors
};

namespace {

/// The allocator of meta tensors, which counts their bytes in the pool that `listening` returns. A null pool counts
/// nothing.
class MetaAllocator final : public c10::Allocator {
 public:
  using Pool = BlockPool<NoMemory>;
  explicit MetaAllocator(std::shared_ptr<Pool> (*listening)()) : listening_(listening) {}

  c10::DataPtr allocate(size_t bytes) override {
    auto pool = listening_();
    auto* counted = pool && bytes + kTensorHeader >= kPooledBytes
                        ? new Counted{pool, pool->take(bytes + kTensorHeader), bytes + kTensorHeader}
                        : nullptr;
    return {nullptr, counted, &release, c10::Device(c10::DeviceType::Meta)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void*, const void*, size_t) const override {}

 private:
  struct Counted {
    std::shared_ptr<Pool> pool;
    int64_t block;
    size_t bytes;
  };

  static void release(void* context) {
    auto* counted = static_cast<Counted*>(context);
    if (!counted) return;
    counted->pool->give(counted->block, counted->bytes);
    delete counted;
  }

  std::shared_ptr<Pool> (*listening_)();
};

}  // namespace

DryMemory::DryMemory(int64_t bytes_before, int64_t limit) : pool_(std::make_shared<Pool>()) {
  static MetaAllocator allocator([]() -> std::shared_ptr<BlockPool<NoMemory>> { return Pool::counting; });
  c10::SetAllocator(c10::DeviceType::Meta, &allocator, 100);
  if (bytes_before > 0) pool_->take(static_cast<size_t>(bytes_before));
  pool_->set_limit(limit);
  Pool::counting = pool_;
}

DryMemory::~DryMemory() { Pool::counting.reset(); }

MemoryUse DryMemory::use() const { return pool_->use(); }
void DryMemory::begin_stage() {
  pool_->trim();
  pool_->reset_peak();
}

namespace {

/// A stage whose steps and evaluations run on tensors of one device: "meta", or the CPU with random numbers as values.
class SimulatedStage {
 public:
  SimulatedStage(const DryStage& stage, at::Device device) : stage_(stage), device_(device) {
    const nn::ParametersOn parameters_on(device);
    features_ = features();
    network_ = nn::Transformer(stage.shape);
    if (!device.is_meta()) nn::initialise(*network_, 1);
  }

  /// Returns the edges of the attention graph. This function and all functions below make tensors that count, if a
  /// DryMemory lives.
  LayerEdges make_graph() const { return layer(stage_.nodes, stage_.nodes, stage_.edges, stage_.directed); }
  void take_graph(const LayerEdges& graph) { graph_ = graph; }

  /// Returns the sources and types of an epoch's drawn edges of all nodes.
  std::vector<Tensor> draws(const std::vector<int64_t>& of_layers) const {
    std::vector<Tensor> drawn;
    for (const int64_t k : of_layers) {
      drawn.push_back(empty({stage_.nodes, k}, at::kInt));
      drawn.push_back(empty({stage_.nodes, k}, at::kByte));
    }
    return drawn;
  }

  /// Makes a step on the whole graph, or a step on each of the batches. On meta tensors, as many batches exist at once
  /// as in training; the batches ahead have the sizes of the current batch.
  void steps() {
    if (stage_.batches.empty()) step(whole());
    std::deque<NetworkInput> ahead;
    for (const auto& layers : stage_.batches) {
      ahead.push_back(batch(layers));
      while (device_.is_meta() && static_cast<int64_t>(ahead.size()) < stage_.batches_held)
        ahead.push_back(batch(layers));
      step(ahead.front());
      ahead.pop_front();
    }
  }

  /// Makes one forward and one backward pass. The sum of the log-probabilities stands for the loss. On meta tensors, an
  /// evaluation that goes on beside the step is made where the step holds most, between the two passes.
  void step(const NetworkInput& input) {
    network_->train();
    Tensor h = network_->hidden(input, ForwardOptions());
    if (stage_.batches.empty()) h = nn::picked_rows(h, integers({stage_.train_nodes}, stage_.nodes, at::kInt));
    if (device_.is_meta() && stage_.evaluates && stage_.evaluates_beside) {
      evaluate();
      network_->train();
    }
    const auto loss = [this](const Tensor& rows, int64_t) { return network_->logits(rows).log_softmax(1).sum(); };
    const bool many = h.size(0) > nn::kLossRows;
    (many ? nn::recomputed_sum(h, nn::kLossRows, loss) : loss(h, 0)).backward();
    for (auto& p : network_->parameters()) p.mutable_grad().reset();
  }

  /// Evaluates the stage's evaluated nodes, from the whole graph or from a list with its neighbourhood.
  void evaluate(bool whole_graph) {
    const torch::NoGradGuard no_grad;
    network_->eval();
    const Tensor probabilities = empty({stage_.evaluated_nodes, stage_.outputs}, at::kFloat);
    const Tensor row_of_node = empty({stage_.nodes}, at::kInt);
    if (!whole_graph) {
      network_(batch(stage_.evaluation), ForwardOptions());
      return;
    }
    network_->each_hidden(whole(), ForwardOptions(), [this](int64_t, const Tensor& rows) { network_->logits(rows); });
  }

  void evaluate() { evaluate(stage_.evaluation.empty()); }

  const nn::Transformer& network() const { return network_; }

 private:
  Tensor empty(at::IntArrayRef shape, at::ScalarType type) const {
    return at::empty(shape, at::TensorOptions(device_).dtype(type));
  }

  Tensor normal(at::IntArrayRef shape, at::ScalarType type) const {
    const Tensor t = empty(shape, type);
    return device_.is_meta() ? t : t.normal_();
  }

  Tensor integers(at::IntArrayRef shape, int64_t below, at::ScalarType type) const {
    const Tensor t = empty(shape, type);
    return device_.is_meta() ? t : t.random_(0, std::max<int64_t>(1, below));
  }

  /// Returns the row starts of `count` edges that are spread evenly over `rows` rows.
  Tensor row_starts(int64_t rows, int64_t count) const {
    const Tensor t = empty({rows + 1}, at::kLong);
    if (!device_.is_meta())
      for (int64_t i = 0; i <= rows; ++i) t.mutable_data_ptr<int64_t>()[i] = rows > 0 ? count * i / rows : 0;
    return t;
  }

  /// Returns a layer of random edges, with its transpose if `transpose` is set.
  LayerEdges layer(int64_t destinations, int64_t sources, int64_t edges, bool transpose) const {
    LayerEdges made;
    made.destinations = destinations;
    made.edges.row_start = row_starts(destinations, edges);
    made.edges.index = integers({edges}, sources, at::kInt);
    made.edges.type = integers({edges}, stage_.shape.edge_types, at::kByte);
    if (!transpose) return made;
    made.edges.t_row_start = row_starts(sources, edges);
    made.edges.t_index = integers({edges}, destinations, at::kInt);
    made.edges.t_type = integers({edges}, stage_.shape.edge_types, at::kByte);
    return made;
  }

  /// Returns random features. They do not count in a dry run: real features lie in a file, or are part of
  /// `bytes_before`.
  FeatureMatrix features() const {
    FeatureMatrix x;
    x.rows = stage_.nodes, x.cols = stage_.shape.features;
    if (stage_.shape.label_columns > 0) {
      LabelInputs labels;
      labels.value = empty({stage_.train_nodes, stage_.shape.label_columns}, at::kByte);
      if (!device_.is_meta()) labels.value.zero_();
      x.labels = std::make_shared<LabelInputs>(labels);
    }
    if (stage_.sparse_features == 0) {
      x.dense = normal({x.rows, x.cols}, stage_.feature_type);
      return x;
    }
    const int64_t nonzeros = stage_.sparse_features;
    x.row_start = row_starts(x.rows, nonzeros), x.t_row_start = row_starts(x.cols, nonzeros);
    x.column = integers({nonzeros}, x.cols, at::kInt), x.t_row = integers({nonzeros}, x.rows, at::kInt);
    x.value = normal({nonzeros}, at::kFloat), x.t_value = normal({nonzeros}, at::kFloat);
    return x;
  }

  /// Returns the input with all nodes. The layers of a sampled network share memory with the draw, so that on meta
  /// tensors their edges have no bytes of their own.
  NetworkInput whole() const {
    NetworkInput input;
    input.features = &features_;
    input.layers.assign(stage_.shape.layers, graph_);
    for (size_t l = 0; l < stage_.k.size(); ++l) {
      const int64_t k = stage_.k[l];
      if (draws_on_demand(stage_.nodes) && stage_.draws.empty()) {
        input.layers[l] = LayerEdges();
        input.layers[l].destinations = stage_.nodes;
        input.layers[l].on_demand = [this, k](int64_t begin, int64_t end) {
          return layer(end - begin, stage_.nodes, (end - begin) * k, false);
        };
      } else {
        input.layers[l] = layer(stage_.nodes, stage_.nodes, device_.is_meta() ? 0 : stage_.nodes * k, false);
      }
    }
    show_labels(input, stage_.nodes);
    return input;
  }

  /// Shows the labels of as many of the input's `sources` as are training nodes on average.
  void show_labels(NetworkInput& input, int64_t sources) const {
    if (stage_.shape.label_columns == 0) return;
    const int64_t shown = sources * stage_.train_nodes / std::max<int64_t>(1, stage_.nodes);
    input.labels = ShownLabels{integers({shown}, sources, at::kLong), integers({shown}, stage_.train_nodes, at::kLong)};
  }

  /// Returns a batch. On meta tensors the arrays have the largest possible lengths, as those that expand_block
  /// allocates; the batch uses their beginnings.
  NetworkInput batch(const std::vector<BatchLayer>& layers) const {
    NetworkInput input;
    input.features = &features_;
    for (const BatchLayer& b : layers) {
      input.layers.push_back(layer(b.destinations, b.sources, b.edges, true));
      if (device_.is_meta())
        input.layers.back().edges.t_row_start =
            empty({b.destinations + b.edges + 1}, at::kLong).narrow(0, 0, b.sources + 1);
    }
    const BatchLayer& first = layers.front();
    input.rows = integers({first.destinations + first.edges}, stage_.nodes, at::kInt).narrow(0, 0, first.sources);
    pick_features(input);
    show_labels(input, first.sources);
    return input;
  }

  const DryStage& stage_;
  const at::Device device_;
  FeatureMatrix features_;
  nn::Transformer network_{nullptr};
  LayerEdges graph_;
};

}  // namespace

namespace {

/// Makes two epochs of steps and evaluations, and the final prediction of all nodes. In the second epoch the copy of
/// the best weights exists too. Each tensor lives as long as the tensor of training that it stands for.
void two_epochs(SimulatedStage& stage_run, const DryStage& stage) {
  const AdamW moments(stage_run.network()->parameters(), 0, 1);
  std::vector<Tensor> best;
  for (int epoch = 0; epoch < 2; ++epoch) {
    const std::vector<Tensor> drawn = stage_run.draws(stage.draws);
    const bool ahead = stage.batches.size() == 1 && stage.batches_held > 1;
    const std::vector<Tensor> drawn_ahead = ahead ? stage_run.draws(stage.draws) : std::vector<Tensor>();
    stage_run.steps();
    const std::vector<Tensor> drawn_for_evaluation =
        stage.draws.empty() && stage.evaluation.empty() && !draws_on_demand(stage.nodes) ? stage_run.draws(stage.k)
                                                                                         : std::vector<Tensor>();
    if (stage.evaluates) stage_run.evaluate();
    for (const auto& [name, tensor] : nn::state_of(stage_run.network()))
      if (epoch == 0) best.push_back(tensor.detach().clone());
  }
  if (!stage.evaluates || !stage.predicts_all) return;
  const std::vector<Tensor> drawn = draws_on_demand(stage.nodes) ? std::vector<Tensor>() : stage_run.draws(stage.k);
  stage_run.evaluate(true);
}

}  // namespace

std::vector<MemoryUse> dry_run(const std::vector<DryStage>& stages, int64_t bytes_before, int64_t limit) {
  complete_meta_operators();
  // Features and parameters are made here, before the counting begins, and so are not counted.
  std::vector<std::unique_ptr<SimulatedStage>> simulated;
  for (const DryStage& stage : stages) simulated.push_back(std::make_unique<SimulatedStage>(stage, at::kMeta));
  LayerEdges in_files;
  if (stages.front().graph_in_files) in_files = simulated.front()->make_graph();
  DryMemory memory(bytes_before, limit);
  // The graph is made in memory, also where it then moves to files.
  LayerEdges graph = [&] {
    const ScratchFirst read_in_order;
    return simulated.front()->make_graph();
  }();
  const MemoryUse made = memory.use();
  if (stages.front().graph_in_files) {
    graph.edges.row_start = in_files.edges.row_start;
    graph.edges.index = in_files.edges.index;
    graph.edges.type = in_files.edges.type;
  }
  std::vector<MemoryUse> uses;
  for (size_t s = 0; s < stages.size(); ++s) {
    memory.begin_stage();
    simulated[s]->take_graph(graph);
    two_epochs(*simulated[s], stages[s]);
    uses.push_back(memory.use());
  }
  uses.front().peak_ram = std::max(uses.front().peak_ram, made.peak_ram);
  uses.front().peak_scratch = std::max(uses.front().peak_scratch, made.peak_scratch);
  return uses;
}

StepSeconds measure_step(const DryStage& stage) {
  SimulatedStage stage_run(stage, at::kCPU);
  stage_run.take_graph(stage_run.make_graph());
  const auto seconds = [](const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  stage_run.steps();  // the first steps are not measured: they fault memory in and compile kernels
  StepSeconds measured;
  measured.step = seconds([&] { stage_run.steps(); }) / static_cast<double>(std::max<size_t>(1, stage.batches.size()));
  measured.evaluation = seconds([&] { stage_run.evaluate(); });
  return measured;
}

}  // namespace graphsieve
