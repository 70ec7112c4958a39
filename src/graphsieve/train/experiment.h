// What the commands do: train on a graph and leave a run folder, sparsify with its scores, predict with its weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graphsieve/io/dataset.h"
#include "graphsieve/recipe/recipe.h"

namespace graphsieve {

/// Hears of progress, on the thread that does the work. The library itself never prints.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Something odd about the data or the run, which the user should know and may want to change.
  virtual void note(const std::string& text) { (void)text; }
  /// What the work does or has chosen, with nothing odd about it. Told as a note where this is not overridden.
  virtual void information(const std::string& text) { note(text); }
  /// Long work of `steps` steps begins.
  virtual void stage(const std::string& name, int64_t steps) { (void)name, (void)steps; }
  /// `done` of its steps are done; `status` is short: "loss 0.412  val 0.906".
  virtual void step(int64_t done, const std::string& status) { (void)done, (void)status; }
  /// Asked between steps; true makes the work throw Interrupted.
  virtual bool stop_requested() { return false; }
};

enum class Stages { kBoth, kEstimator, kNetwork };

/// Which nodes predictions.csv has: every one, or those of the split's parts.
enum class PredictedNodes { kAll, kSplit };

struct RunRequest {
  std::filesystem::path out;            ///< run folder; must not exist unless overwrite
  bool numbered = false;                ///< write OUT-1, or the next number that no other run has
  bool overwrite = false;               ///< replace a run folder that the program wrote, and nothing else
  Stages stages = Stages::kBoth;
  std::filesystem::path scores_from;    ///< kNetwork: the run folder whose estimator and scores are used
  std::filesystem::path weights_from;   ///< the run folder whose network's weights training starts from; empty: random
  std::vector<int64_t> splits = {0};    ///< given mask or keyed split, by index; one run each
  bool all_splits = false;              ///< every given mask (keyed splits: ten) in place of `splits`
  int64_t repeats = 1;                  ///< runs per split, seeds seed, seed + 1, …
  uint64_t seed = 0;
  bool resume = false;                  ///< go on with the unfinished run under `out`; where there is none, begin
  bool restart_others = false;          ///< with resume: an unfinished run of another request is begun anew, not an Error
  double checkpoint_minutes = 5;        ///< between two checkpoints, a tenth of it at the end of an epoch
  int64_t memory = 0;                   ///< bytes to stay within; 0: no limit
  PredictedNodes predictions = PredictedNodes::kAll;
  bool raw_ids = false;                 ///< predictions.csv: text ids as they are, not as spreadsheet_text.h writes them
  std::string device = "cpu";           ///< where training computes (train/device.h)
};

/// Trains and writes the run folder, and returns its path; its result.json holds every figure. Throws Error on bad data or recipe, a run folder
/// that exists or that another process writes, a full disk, a loss that is not finite; then nothing stands under `out`, and
/// what was done is kept beside it to be resumed if a checkpoint had been written. Resumed runs end in the bits of those
/// that were never interrupted. Beyond `memory`, large arrays lie in scratch files beside `out`.
std::filesystem::path run_experiment(const Dataset& data, const Recipe& recipe, const RunRequest& request, Observer& observer);

struct SparsifyRequest {
  std::filesystem::path run;   ///< run folder with scores
  std::filesystem::path out;   ///< new folder: layer_L_source.npy and layer_L_type.npy, [nodes x k]
  bool numbered = false;       ///< write OUT-1, or the next free number
  std::vector<int64_t> k;      ///< empty: the recipe's
  double epsilon = 0;          ///< above 0: k is chosen, as network.epsilon does
  std::string epsilon_of;      ///< empty: the recipe's
  std::string sampler;         ///< empty: the recipe's
  int64_t epoch = 0;           ///< the draw of this epoch
};
/// Returns the folder.
std::filesystem::path sparsify(const SparsifyRequest& request, Observer& observer);

struct PredictRequest {
  std::filesystem::path run;          ///< a run folder (one run, not a summary of several)
  std::filesystem::path out;          ///< predictions.csv
  std::filesystem::path embeddings;   ///< .npy [nodes x width], rows by node id; empty: not written
  bool overwrite = true;              ///< replace embeddings that stand there; false: only the same ones may
  PredictedNodes predictions = PredictedNodes::kAll;
  bool raw_ids = false;                 ///< predictions.csv: text ids as they are, not as spreadsheet_text.h writes them
  int64_t memory = 0;                 ///< bytes to stay within; 0: no limit
  std::string device = "cpu";         ///< as for RunRequest
};
/// Predicts on `data`, the run's graph or a changed one (then the estimator runs again, said by a note; and there is no split).
void predict(Dataset data, const PredictRequest& request, Observer& observer);

/// The same of every node, in memory: probabilities [nodes, classes] and embeddings [nodes, width], row-major.
struct NodePredictions {
  int64_t nodes = 0, classes = 0, width = 0;
  std::vector<float> probabilities, embeddings;
};
NodePredictions predict_nodes(Dataset data, const std::filesystem::path& run, Observer& observer,
                              const std::string& device = "cpu");

}  // namespace graphsieve
