// predictions.csv of a run: one line per node, written as the probabilities are computed.
#pragma once

#include <filesystem>
#include <memory>

#include "graphsieve/data/dataset.h"
#include "graphsieve/evaluate/task.h"

namespace graphsieve {

/// The nodes that predictions.csv has: all of them, or those in the parts of the split.
enum class PredictedNodes { kAll, kSplit };

/// Writes the columns node, split, and those of the task: of classes label, predicted, p_0, p_1, …; with more than
/// kMostClassColumns classes one column `probability`, that of the predicted class, in place of p_0, p_1, …; several labels
/// per node are joined by '|', and each has a column.
/// Nodes have the user's ids, classes their names, both in the form of base/spreadsheet_text.h; with `raw_ids` ids are
/// written as they are. The file appears under `path` with commit().
class PredictionsFile {
 public:
  PredictionsFile(const std::filesystem::path& path, const Dataset& data, const Task& task, const Split& split,
                  bool raw_ids = false);
  ~PredictionsFile();
  void add(int64_t node, const float* p);  ///< p: the node's row of predictions
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes the predictions of every node that has a row in `p`.
void write_predictions(const std::filesystem::path& path, const Predictions& p, const Dataset& data, const Task& task,
                       const Split& split, bool raw_ids = false);

/// As above for all nodes, from the network's hidden vectors [n, width]. Returns the predictions of the split's nodes;
/// those of all nodes are never held at once.
Predictions write_predictions(const std::filesystem::path& path, nn::Transformer& network, const at::Tensor& hidden,
                              const Dataset& data, const Task& task, const Split& split, bool raw_ids = false);

/// Writes quality.json into a run folder: what the report shows of the predictions of the split's nodes.
void write_quality(const std::filesystem::path& folder, const Predictions& p, const Task& task, const Split& split);

}  // namespace graphsieve
