// SPDX-License-Identifier: Apache-2.0
// What training holds in memory, learnt without it: the same networks, passes and optimiser on "meta" tensors, which
// have shapes alone, counted by the same bookkeeping of blocks as real ones.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graphsieve/base/large_memory.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/train/policy.h"

namespace graphsieve {

/// Meta tensors made on any thread are counted here from the construction to the destruction; one at a time.
/// `bytes_before` bytes are there from the beginning, `limit` as for set_memory_limit.
class DryMemory {
 public:
  DryMemory(int64_t bytes_before, int64_t limit);
  ~DryMemory();
  DryMemory(const DryMemory&) = delete;
  DryMemory& operator=(const DryMemory&) = delete;
  MemoryUse use() const;
  void begin_stage();  ///< as training does: freed blocks are given back, peaks begin anew

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

/// One layer of a batch: d destinations, s sources, d · k edges.
struct BatchLayer {
  int64_t destinations = 0, sources = 0, edges = 0;
};

/// A stage as far as its memory goes.
struct DryStage {
  nn::TransformerShape shape;
  int64_t nodes = 0, edges = 0;  ///< of the attention graph
  bool directed = false;         ///< a transpose is kept beside it
  int64_t sparse_features = 0;   ///< nonzeros; 0: dense rows
  at::ScalarType feature_type = at::kFloat;
  int64_t outputs = 0;  ///< classes, or labels of a node
  int64_t train_nodes = 0;
  int64_t evaluated_nodes = 0;
  std::vector<int64_t> k;                        ///< drawn edges of each layer that evaluations take; empty: all edges
  std::vector<int64_t> draws;                    ///< of every node, made at the beginning of each epoch; may be empty
  std::vector<std::vector<BatchLayer>> batches;  ///< some, of unlike sizes; none: every step takes the whole graph
  int64_t batches_held = 1;                      ///< those made ahead included
  BatchDecision decision;                        ///< as the stage decides (train/policy.h)
  EvaluationDecision evaluation_decision;
  bool evaluates = true;
  std::vector<BatchLayer> evaluation;  ///< a batch that is evaluated at once; empty: the whole graph is
  bool predicts_all = true;            ///< in the end
};

/// The most that each of the stages holds, one after the other on one graph, over two epochs of steps and evaluation.
std::vector<MemoryUse> dry_run(const std::vector<DryStage>& stages, int64_t bytes_before, int64_t limit);

/// Seconds of one step, and of one evaluation of all nodes, on random features and edges of these sizes: with memory,
/// so for a graph that is small enough.
struct StepSeconds {
  double step = 0, evaluation = 0;
};
StepSeconds measure_step(const DryStage& stage);

}  // namespace graphsieve
