// SPDX-License-Identifier: Apache-2.0
// Training: one or both stages for every split and repeat, which leaves a run folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/base/export.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/run/predicted_nodes.h"

namespace graphsieve {

enum class Stages { kBoth, kEstimator, kNetwork };

struct RunRequest {
  std::filesystem::path out;  ///< run folder; must not exist unless overwrite
  bool numbered = false;      ///< write OUT-1, or the next number that no other run has
  bool overwrite = false;     ///< replace a run folder that the program wrote, and nothing else
  Stages stages = Stages::kBoth;
  std::filesystem::path scores_from;   ///< kNetwork: the run folder whose estimator and scores are used
  std::filesystem::path weights_from;  ///< the run folder whose network's weights training starts from; empty: random
  std::vector<int64_t> splits = {0};   ///< given mask or keyed split, by index; one run each
  bool all_splits = false;             ///< every given mask (keyed splits: ten) in place of `splits`
  int64_t repeats = 1;                 ///< runs per split, seeds seed, seed + 1, …
  uint64_t seed = 0;
  bool resume = false;            ///< go on with the unfinished run under `out`; where there is none, begin
  bool restart_others = false;    ///< with resume: an unfinished run of another request is begun anew, not an Error
  double checkpoint_minutes = 5;  ///< between two checkpoints, a tenth of it at the end of an epoch
  int64_t memory = 0;             ///< bytes to stay within; 0: no limit
  PredictedNodes predictions = PredictedNodes::kAll;
  bool raw_ids = false;        ///< predictions.csv: text ids as they are, not as spreadsheet_text.h writes them
  std::string device = "cpu";  ///< where training computes (runtime/device.h)
};

/// Trains, writes the run folder, and returns its path. The folder's result.json holds every figure. Throws Error on
/// bad data or a bad recipe, a run folder that exists or that another process writes, a full disk, and a loss that is
/// not finite. Then nothing stands under `out`; if a checkpoint had been written, the unfinished run is kept beside
/// `out`, and `resume` goes on with it. A resumed run ends in the same bits as one that was never interrupted. Large
/// arrays that do not fit into `memory` lie in scratch files beside `out`.
GRAPHSIEVE_API std::filesystem::path run_experiment(const Dataset& data, const Recipe& recipe, const RunRequest& request,
                                     Observer& observer);

}  // namespace graphsieve
