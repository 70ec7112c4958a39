// SPDX-License-Identifier: Apache-2.0
// Trains one or both stages for every split and repeat, and writes a run folder.
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

/// The stages to train: both, the estimator alone, or the network alone.
enum class Stages { kBoth, kEstimator, kNetwork };

/// The runs to train, and the run folder to write.
struct RunRequest {
  std::filesystem::path out;  ///< run folder to write; must not exist unless `overwrite` is set
  bool numbered = false;      ///< write OUT-1, or OUT with the next number that no other run has
  bool overwrite = false;     ///< replace a run folder that the program wrote, and no other folder
  Stages stages = Stages::kBoth;
  std::filesystem::path scores_from;   ///< with kNetwork: run folder whose estimator and scores are used
  std::filesystem::path weights_from;  ///< run folder whose network gives the initial weights; empty: random weights
  std::vector<int64_t> splits = {0};   ///< indices of the given masks or keyed splits; one run per split
  bool all_splits = false;             ///< use all given masks (or ten keyed splits) in place of `splits`
  /// File that the data's given splits were read from, for result.json; empty: the data's own splits.
  std::filesystem::path split_file;
  int64_t repeats = 1;  ///< number of runs per split, with the seeds seed, seed + 1, …
  uint64_t seed = 0;
  bool resume = false;            ///< continue the unfinished run of `out`; begin a new run if there is none
  bool restart_others = false;    ///< with resume: replace an unfinished run of another request; false: Error
  double checkpoint_minutes = 5;  ///< minutes between two checkpoints; a tenth of them at the end of an epoch
  int64_t memory = 0;             ///< bytes of memory to stay within; 0: no limit
  PredictedNodes predictions = PredictedNodes::kAll;  ///< nodes that predictions.csv has
  bool raw_ids = false;        ///< write text ids unchanged to predictions.csv, not as base/spreadsheet_text.h does
  std::string device = "cpu";  ///< device that training computes on (runtime/device.h)
};

/// Trains, writes the run folder, and returns the folder's path. The folder's result.json has every figure. Throws
/// Error if the data or the recipe are invalid, if the run folder exists, if another process writes the run folder, if
/// the disk is full, or if a loss is not finite. An Error leaves `out` as it was before. If a checkpoint had been
/// written, the unfinished run is kept beside `out`, and `resume` continues this run; a run whose loss is not finite is
/// not kept. A resumed run ends with the same bits as a run that was never interrupted. Large arrays that do not fit
/// into `memory` lie in scratch files beside `out`.
GRAPHSIEVE_API std::filesystem::path run_experiment(const Dataset& data, const Recipe& recipe,
                                                    const RunRequest& request, Observer& observer);

}  // namespace graphsieve
