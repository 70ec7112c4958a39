// predictions.csv: a line a node, written as the probabilities come.
#pragma once

#include <filesystem>
#include <memory>

#include "graphsieve/data/dataset.h"
#include "graphsieve/evaluate/metrics.h"
#include "graphsieve/nn/transformer.h"

namespace graphsieve {

/// Which nodes predictions.csv has: every one, or those of the split's parts.
enum class PredictedNodes { kAll, kSplit };

/// More classes than these are not given a column each.
constexpr int64_t kMostClassColumns = 100;

/// Columns node, split, label, predicted, p_0, p_1, …; of more than kMostClassColumns classes, `probability` alone, of the
/// predicted one. Several labels a node are joined by '|', and have a column each. Nodes by the user's own ids, classes by
/// their names; texts of both in the form of spreadsheet_text.h, ids as they are if `raw_ids`. Nothing stands under `path`
/// before commit().
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

/// Every node that `p` has a row of.
void write_predictions(const std::filesystem::path& path, const Probabilities& p, const Dataset& data, const Split& split,
                       bool raw_ids = false);

/// Every node, from what the network's output layers take [n, width]; a block of nodes at a time.
void write_predictions(const std::filesystem::path& path, nn::Transformer& network, const at::Tensor& hidden, const Dataset& data,
                       const Split& split, bool raw_ids = false);

}  // namespace graphsieve
