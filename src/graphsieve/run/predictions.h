// SPDX-License-Identifier: Apache-2.0
// The file predictions.csv of a run, with one line per node, which is written while the probabilities are computed.
#pragma once

#include <filesystem>
#include <memory>

#include "graphsieve/data/dataset.h"
#include "graphsieve/evaluate/evaluation.h"

namespace graphsieve {

/// Writes predictions.csv. Its columns are node, split, and those of the task. With classes these are label, predicted,
/// and p_0, p_1, …; with more than kMostClassColumns classes, the one column `probability`, that of the predicted
/// class, replaces p_0, p_1, …. With several labels per node, `label` and `predicted` list labels joined by '|', and
/// each label has a column. Nodes have the user's ids and classes their names, both in the form of
/// base/spreadsheet_text.h; with `raw_ids`, ids are written unchanged. With `standard_error`, there is a last column of
/// that name (Predictions::standard_error). The file appears under `path` with commit().
class PredictionsFile {
 public:
  PredictionsFile(const std::filesystem::path& path, const Dataset& data, const Task& task, const Split& split,
                  bool raw_ids = false, bool standard_error = false);
  ~PredictionsFile();
  /// Adds a line. p: the node's row of predictions; `error`: its standard error, if the file has that column.
  void add(int64_t node, const float* p, float error = 0);
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes the predictions of every node that has a row in `p`, and their standard errors if `p` has them. The lines are
/// in the order of `nodes` or, if that is empty, in the order of the nodes' numbers.
void write_predictions(const std::filesystem::path& path, const Predictions& p, const Dataset& data, const Task& task,
                       const Split& split, bool raw_ids = false, const std::vector<int32_t>& nodes = {});

/// Writes the predictions of the nodes of the network's hidden vectors: row i is node i or, if `nodes` are given, node
/// nodes[i]. Returns the predictions of the split's nodes; the predictions of all nodes are never in memory at once.
Predictions write_predictions(const std::filesystem::path& path, nn::Transformer& network, const HiddenRows& hidden,
                              const Dataset& data, const Task& task, const Split& split, bool raw_ids = false,
                              const std::vector<int32_t>& nodes = {});

/// Writes quality.json into a run folder: the figures that the report shows of the predictions of the split's nodes.
void write_quality(const std::filesystem::path& folder, const Predictions& p, const Task& task, const Split& split);

}  // namespace graphsieve
