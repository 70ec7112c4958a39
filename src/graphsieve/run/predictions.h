// predictions.csv of a run: one line per node, written as the probabilities are computed.
#pragma once

#include <filesystem>
#include <memory>

#include "graphsieve/data/dataset.h"
#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// The nodes that predictions.csv has: all of them, or those in the parts of the split.
enum class PredictedNodes { kAll, kSplit };

/// Up to this number of classes each class has a column of probabilities.
constexpr int64_t kMostClassColumns = 100;

/// Writes the columns node, split, label, predicted, p_0, p_1, … With more than kMostClassColumns classes there is one
/// column `probability`, that of the predicted class. Several labels per node are joined by '|', and each has a column.
/// Nodes have the user's ids, classes their names, both in the form of base/spreadsheet_text.h; with `raw_ids` ids are
/// written as they are. The file appears under `path` with commit().
class PredictionsFile {
 public:
  PredictionsFile(const std::filesystem::path& path, const Dataset& data, const Split& split, bool raw_ids = false);
  ~PredictionsFile();
  void add(int64_t node, const float* p);  ///< the node's probabilities
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes the predictions of every node that has a row in `p`.
void write_predictions(const std::filesystem::path& path, const Probabilities& p, const Dataset& data, const Split& split,
                       bool raw_ids = false);

/// Writes the predictions of all nodes from the network's hidden vectors [n, width], one block of nodes after the other.
void write_predictions(const std::filesystem::path& path, nn::Transformer& network, const at::Tensor& hidden, const Dataset& data,
                       const Split& split, bool raw_ids = false);

}  // namespace graphsieve
