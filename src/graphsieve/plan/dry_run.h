// SPDX-License-Identifier: Apache-2.0
// Counts the memory that training needs, without allocating it. A dry run makes the networks, the passes and the
// optimizer of training on "meta" tensors, which have shapes but no data. The pool of memory blocks that counts real
// tensors (base/block_pool.h) counts the meta tensors.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graphsieve/base/large_memory.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/train/policy.h"

namespace graphsieve {

/// A counter of the meta tensors that are made on any thread while the object lives. Only one object may live at a
/// time. `bytes_before` bytes count as allocated from the beginning; `limit` is the limit of RAM in bytes, as for
/// set_memory_limit().
class DryMemory {
 public:
  DryMemory(int64_t bytes_before, int64_t limit);
  ~DryMemory();
  DryMemory(const DryMemory&) = delete;
  DryMemory& operator=(const DryMemory&) = delete;
  /// Returns the bytes that are allocated now, and their peaks.
  MemoryUse use() const;
  /// Returns freed blocks to the system and resets the peaks, as training does at the beginning of a stage.
  void begin_stage();

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

/// The sizes of one layer of a batch with k drawn edges per destination: d destinations, s sources, d · k edges.
struct BatchLayer {
  int64_t destinations = 0, sources = 0, edges = 0;
};

/// The sizes and decisions of a stage that its memory depends on.
struct DryStage {
  nn::TransformerShape shape;
  int64_t nodes = 0, edges = 0;  ///< sizes of the attention graph
  bool directed = false;         ///< true: the transpose of the attention graph is kept too
  bool graph_in_files = false;   ///< true: the attention graph, without its transpose, lies in mapped files
  int64_t sparse_features = 0;   ///< number of nonzero features; 0: features are dense
  at::ScalarType feature_type = at::kFloat;
  int64_t outputs = 0;  ///< output columns: number of classes, or of labels per node
  int64_t train_nodes = 0;
  int64_t evaluated_nodes = 0;
  std::vector<int64_t> k;      ///< drawn edges per node, by layer, in evaluations; empty: all edges
  std::vector<int64_t> draws;  ///< drawn edges per node, by layer, if all nodes are drawn at once in an epoch
  std::vector<std::vector<BatchLayer>> batches;  ///< sizes of some batches; none: every step takes the whole graph
  int64_t batches_held = 1;                      ///< number of batches that exist at once, those built ahead included
  BatchDecision decision;                        ///< decision how batches are made (train/policy.h)
  EvaluationDecision evaluation_decision;        ///< decision how nodes are evaluated
  bool evaluates = true;                         ///< false: the dry run makes steps alone
  bool evaluates_beside = false;                 ///< true: evaluations go on beside the steps of the next epoch
  std::vector<BatchLayer> evaluation;            ///< one list of evaluated nodes, by layer; empty: the whole graph
  bool predicts_all = true;                      ///< true: all nodes are predicted after training
};

/// Returns the memory use of each stage with its peaks. The stages run one after the other on one graph, each for two
/// epochs of steps and evaluation.
std::vector<MemoryUse> dry_run(const std::vector<DryStage>& stages, int64_t bytes_before, int64_t limit);

/// The seconds of one step, and of one evaluation of all evaluated nodes.
struct StepSeconds {
  double step = 0, evaluation = 0;
};
/// Measures a step and an evaluation on random features and edges of these sizes. The tensors are real, so the stage
/// has to fit into memory.
StepSeconds measure_step(const DryStage& stage);

}  // namespace graphsieve
