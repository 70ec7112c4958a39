// SPDX-License-Identifier: Apache-2.0
// A trained run, with its graph and its network ready to compute.
#pragma once

#include <filesystem>
#include <memory>

#include "graphsieve/base/observer.h"
#include "graphsieve/data/match_schema.h"
#include "graphsieve/evaluate/task.h"
#include "graphsieve/nn/transformer.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/run/training_data.h"
#include "graphsieve/train/network_edges.h"

namespace graphsieve {

/// A run folder that is loaded for `data`, which is the run's own graph or another graph. For another graph the
/// estimator computes the scores of the edges again, and the observer gets a note. The constructor arranges the
/// features, edge types and classes of `data` as the run's training data has them: by name if both have names,
/// otherwise by position. Nodes that the run was trained on keep their numbers, and so their expander edges and draws
/// (data/known_nodes.h), and GraphNorms keep the statistics of the training graph. `data` may lack labels, and must
/// outlive the object. Throws Error if the features, the edge types or the classes do not fit, or if `unknown` refuses
/// a text that the training data did not have.
struct LoadedRun {
  LoadedRun(const std::filesystem::path& path, Dataset& data, Observer& observer, at::Device device = at::kCPU,
            const MemoryBudget& budget = {}, UnknownTexts unknown = UnknownTexts::kZeros);

  RunFolder folder;
  TrainingData training;
  MemoryBudget budget;
  bool same_graph;  ///< true if `data` is the graph that the run was trained on
  /// The nodes of another graph as the training data numbers them; `data` has been renumbered. Absent for the run's own
  /// graph, and if no node is known.
  std::optional<KnownNodes> known;
  PreparedData prepared;
  std::unique_ptr<Task> task;
  PreparedGraph graph;
  EdgeScores scores;                 ///< the estimator's scores; empty if the run has no estimator
  nn::Transformer network{nullptr};  ///< network in evaluation mode; empty if the run has stage 1 alone

  /// Throws Error if `data` is not the graph that was trained on.
  void require_same_graph() const;

  /// Reads the run's estimator and returns it in evaluation mode. May only be called if the run has one.
  nn::Transformer estimator() const;

  /// Returns the epoch whose weights the run has kept.
  int64_t best_epoch() const { return folder.one().count("best_epoch"); }

  /// Returns the edges that the network takes.
  NetworkEdges edges() const;

  /// Returns the network's input with the edges of the best epoch.
  NetworkInput input() const { return edges().input(best_epoch()); }

  /// Returns the network's predictions for `nodes`, with the edges of the best epoch. May be called many times.
  /// `list_size` is as for NetworkEdges::predictions().
  Predictions predictions(const std::vector<int32_t>& nodes, int64_t list_size = 0) {
    return edges().predictions(network, *task, best_epoch(), nodes, list_size);
  }
};

}  // namespace graphsieve
