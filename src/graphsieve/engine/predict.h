// SPDX-License-Identifier: Apache-2.0
// Computes the predictions of a trained run, and writes them into files or returns them in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/data/schema.h"
#include "graphsieve/run/predicted_nodes.h"

namespace graphsieve {

/// The run and the nodes to predict for, and the files to write.
struct PredictRequest {
  std::filesystem::path run;         ///< run folder of one run, not the summary of several runs
  std::filesystem::path out;         ///< file predictions.csv to write
  std::filesystem::path embeddings;  ///< file .npy [nodes, width] to write, rows by node id; empty: not written
  bool overwrite = true;  ///< replace an existing file of embeddings; false: Error unless its bytes are equal
  PredictedNodes predictions = PredictedNodes::kAll;  ///< nodes that predictions.csv has
  std::filesystem::path ids;  ///< text file with a node's id on each line: the nodes to predict, alone; empty: not used
  bool raw_ids = false;       ///< write text ids unchanged to predictions.csv, not as base/spreadsheet_text.h does
  int64_t memory = 0;         ///< bytes of memory to stay within; 0: no limit
  /// Draws of edges whose mean prediction is written: the draws first_draw, …, first_draw + draws − 1 of the best
  /// epoch; draws == 0: as many as the recipe's network.eval_draws says.
  int64_t first_draw = 0, draws = 0;
  bool standard_error = false;  ///< also write the standard error of this mean, a last column of predictions.csv
  std::string device = "cpu";   ///< device that the network computes on (runtime/device.h)
  UnknownTexts unknown = UnknownTexts::kZeros;  ///< what becomes of texts that the training data did not have
};

/// Writes the predictions of a trained run for `data`, which is the run's own graph or another graph, with or without
/// labels. Features, edge types and classes are matched with those of the training data by name, if both have names.
/// For another graph the estimator computes the scores of the edges again, the observer gets a note, and there is no
/// split. With `ids`, the network computes those nodes and the nodes that their outputs depend on, if that is less work
/// than the whole graph. Throws Error, with the line, for an id that no node has; and if the run has no network, if the
/// features or the classes do not fit, if the nodes of the split are requested for a changed graph, if draws are chosen
/// of a run that draws no edges, or if a standard error is requested of one draw.
GRAPHSIEVE_API void predict(Dataset data, const PredictRequest& request, Observer& observer);

/// The predictions of every node in memory, row-major.
struct NodePredictions {
  int64_t nodes = 0, classes = 0, width = 0;  ///< width: numbers per row of embeddings
  std::vector<float> probabilities;           ///< [nodes, classes], one row per node
  std::vector<float> embeddings;              ///< [nodes, width], the network's hidden vectors before the output layers
};

/// A trained run that is loaded for one graph, its own or another one, and then predicts for any of the graph's nodes
/// any number of times. Calls must not overlap. Example:
///
///   LoadedModel model(load_dataset("tomorrow"), "runs/bank-1", observer);
///   const std::vector<float> p = model.predict({17, 3});  // [2, model.columns()]
class GRAPHSIEVE_API LoadedModel {
 public:
  /// Loads the run as predict() does, with the same errors. For another graph the estimator computes the scores here,
  /// once.
  LoadedModel(Dataset data, const std::filesystem::path& run, Observer& observer, const std::string& device = "cpu");
  LoadedModel(LoadedModel&&) noexcept;
  ~LoadedModel();

  /// Returns the number of nodes that the graph was given with.
  int64_t nodes() const;
  /// Returns the numbers per node: probabilities of the classes or labels, or predicted numbers.
  int64_t columns() const;
  /// Returns the predictions [nodes.size(), columns()], row-major, in the order of `nodes`, which are numbered as the
  /// graph was given. The network computes the nodes and the nodes that their outputs depend on, if that is less work
  /// than the whole graph. Throws Error if a number is not from 0 to nodes() − 1.
  std::vector<float> predict(const std::vector<int32_t>& nodes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns what predict() writes into files: the predictions and the embeddings of every node.
GRAPHSIEVE_API NodePredictions predict_nodes(Dataset data, const std::filesystem::path& run, Observer& observer,
                                             const std::string& device = "cpu");

}  // namespace graphsieve
