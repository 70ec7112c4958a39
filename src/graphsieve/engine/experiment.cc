// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/engine/experiment.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/memory.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/base/work_times.h"
#include "graphsieve/data/advice.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/engine/failure_signs.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/checksum.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/inputs/on_device.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/run/metrics_file.h"
#include "graphsieve/run/predictions.h"
#include "graphsieve/run/run_files.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/run/training_data.h"
#include "graphsieve/runtime/device.h"
#include "graphsieve/runtime/memory_budget.h"
#include "graphsieve/runtime/operation_times.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/sampling/choose_k.h"
#include "graphsieve/train/estimator_stage.h"
#include "graphsieve/train/network_stage.h"
#include "graphsieve/train/whole_graph_stage.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int64_t kOtherDraws = 4;  // draws that the best epoch's is compared with
constexpr int64_t kAdviceEdges = 20'000'000, kAdviceNumbers = 100'000'000;  // largest graph that advice is given for
constexpr const char* kDefaultRecipe = "default";

/// Names of the values of Stages in a checkpoint, in their order.
constexpr const char* kStageNames[] = {"both", "estimator", "network"};

/// One run of the experiment: a split and a seed.
struct RunPlan {
  int64_t split;
  uint64_t seed;
};

/// Returns a checksum of the nodes of splits.
std::string splits_checksum(const std::vector<Split>& splits) {
  Checksum sum;
  for (const Split& split : splits)
    for (const auto* part : {&split.train, &split.val, &split.test}) {
      const auto count = static_cast<int64_t>(part->size());
      sum.add(&count, sizeof count).add(part->data(), part->size() * sizeof(int32_t));
    }
  return sum.text();
}

/// All runs of one request, and the folder that they are written to.
class Experiment {
 public:
  Experiment(const Dataset& data, const Recipe& recipe, const RunRequest& request, const MemoryBudget& budget,
             Observer& observer)
      : recipe_(recipe),
        request_(request),
        budget_(budget),
        observer_(observer),
        prepared_(data, recipe, observer, compute_device(request.device)),
        task_(make_task(data, recipe.data, prepared_.device)) {
    if (!request.weights_from.empty()) weights_from_.emplace(request.weights_from);
    if (request.stages == Stages::kNetwork && draws_edges(recipe)) scores_from_.emplace(request.scores_from);
  }

  /// Prepares the run folder, trains all runs in it, and moves it to its final path. If training fails after a
  /// checkpoint has been written, the prepared folder is kept, so that a later process can resume.
  fs::path run() {
    ResumableFolder folder({.target = request_.out,
                            .overwrite = request_.overwrite,
                            .numbered = request_.numbered,
                            .inputs = {request_.scores_from, request_.weights_from, prepared_.data.source}},
                           request_.resume);
    folder_ = folder.path();
    checkpoints_ = std::make_unique<Checkpoints>(folder.state(), request_.checkpoint_minutes);
    const std::optional<Checkpoint> from = last_checkpoint();
    if (!from) folder.begin_anew();
    if (request_.resume)
      observer_.information(from ? "resumed from the last checkpoint" : "nothing to resume: begins anew");
    try {
      all_runs(from ? &*from : nullptr);
    } catch (const NotFinite&) {
      folder.discard();
      throw;
    } catch (...) {
      if (checkpoints_->any()) {
        folder.keep();
        observer_.information(
            str("what is done is kept in ", folder.path().string(), "; the same command with ", option("resume"), " ",
                option("out", (request_.numbered ? folder.target() : request_.out).string()), " goes on"));
      }
      throw;
    }
    folder.commit();
    return request_.numbered ? fs::proximate(folder.target()) : request_.out;
  }

 private:
  /// Returns the checkpoint to continue from, if there is one. Throws Error if the checkpoint belongs to another
  /// request.
  std::optional<Checkpoint> last_checkpoint() {
    std::optional<Checkpoint> from = checkpoints_->newest([&](const std::string& text) { observer_.note(text); },
                                                          [&](const Checkpoint& c) { verify_files(c); });
    if (!from) return from;
    try {
      check_request(from->view().object("request"));
    } catch (const Error& other) {
      if (!request_.restart_others) throw;
      observer_.note(str(other.what(), ": begun anew"));
      return std::nullopt;
    }
    records_ = read_records(from->view().at("files"), from->file);
    return from;
  }

  /// Throws Error unless every file that the checkpoint refers to is unchanged. metrics.jsonl may have grown since the
  /// checkpoint.
  void verify_files(const Checkpoint& c) const {
    for (const auto& [name, record] : read_records(c.view().at("files"), c.file)) verify_file(folder_ / name, record);
    for (const auto& [name, record] : read_records(c.view().at("metrics"), c.file))
      verify_file(folder_ / name, record, true);
  }

  static FileRecord metrics_record(const Checkpoint& c, const std::string& name) {
    return read_records(c.view().at("metrics"), c.file).at(name);
  }

  /// Remembers the checksum of a complete file, or the checksums of several files.
  void remember(const fs::path& file) { records_[name_of(file)] = file_record(file); }
  void remember(const fs::path& to, const FileRecords& files) {
    for (const auto& [name, record] : files) records_[name_of(to / name)] = record;
  }
  std::string name_of(const fs::path& file) const { return file.lexically_relative(folder_).string(); }

  /// Returns the remembered files of one run, by their names within the run's folder `to`.
  FileRecords remembered(const fs::path& to) const {
    FileRecords files;
    for (const auto& [name, record] : records_) {
      const fs::path inside = (folder_ / name).lexically_relative(to);
      if (!inside.empty() && *inside.begin() != "..") files[inside.string()] = record;
    }
    return files;
  }

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  /// Trains all runs in order and writes the summaries. A resumed process begins with the run of the checkpoint; the
  /// outcomes of the earlier runs are in the checkpoint.
  void all_runs(const Checkpoint* from) {
    ranges_ = training_ranges(prepared_.data.features);
    const auto plans = plan();
    if (!from && recipe_.name == kDefaultRecipe) give_advice();
    const auto folder_of = [&](const RunPlan& p) {
      return plans.size() == 1 ? folder_ : folder_ / str("split-", p.split, "-seed-", p.seed);
    };
    size_t first = 0;
    if (from) {
      const JsonObject state = from->view();
      first = static_cast<size_t>(state.count("run", 0, static_cast<int64_t>(plans.size()) - 1));
      for (const JsonObject& run : state.objects("outcomes")) outcomes_.push_back(run_outcome(run));
      seconds_before_ = state.get<double>("seconds");
      if (release()) take_shared(*from, folder_of(plans[0]), plans[0].seed);
    }
    for (size_t i = first; i < plans.size(); ++i) {
      const RunPlan& p = plans[i];
      const fs::path to = folder_of(p);
      if (plans.size() > 1)
        observer_.information(str("run ", i + 1, " of ", plans.size(), ": split ", p.split, ", seed ", p.seed));
      const auto began = Clock::now();
      make_folders(to);
      outcomes_.push_back(one(p, to, i == first ? from : nullptr));
      if (plans.size() > 1) write_summary(to, {outcomes_.back()}, seconds_since(began));
    }
    write_summary(folder_, outcomes_, seconds());
  }

  /// Tells the user which other settings may help, if looking at the whole graph takes little time.
  void give_advice() {
    const Dataset& d = prepared_.data;
    if (prepared_.edges.edges() > kAdviceEdges || d.features.rows * d.features.cols > kAdviceNumbers) return;
    for (const std::string& text : advice(check_graph(d), recipe_.data, recipe_.graph)) observer_.information(text);
  }

  double seconds() const { return seconds_before_ + seconds_since(start_); }

  /// Returns everything that the result depends on. A checkpoint with another value of any member cannot be resumed.
  Json request_json() const {
    const auto text = [](const fs::path& path) {
      return path.empty() ? "" : path_text(fs::absolute(path).lexically_normal());
    };
    return {{"recipe", to_yaml(recipe_)},
            {"graph", fingerprint_text(prepared_.data)},
            {"stages", kStageNames[static_cast<int>(request_.stages)]},
            {"scores", text(request_.scores_from)},
            {"weights", text(request_.weights_from)},
            {"split", request_.all_splits ? Json("all") : Json(request_.splits)},
            {"split-file", request_.split_file.empty() ? "" : splits_checksum(prepared_.data.given_splits)},
            {"device", request_.device},
            {"repeats", request_.repeats},
            {"seed", request_.seed},
            {"predictions", request_.predictions == PredictedNodes::kSplit ? "split" : "all"},
            {"raw_ids", request_.raw_ids},
            {"version", GRAPHSIEVE_VERSION}};
  }

  /// Throws Error if the checkpoint belongs to another request, and names the first member that differs. Options are
  /// compared first, because a changed option is easier to correct than a changed recipe.
  void check_request(const JsonObject& begun) const {
    static constexpr const char* kNoOptions[] = {"graph", "recipe", "stages", "version"};
    const Json ours = request_json();
    std::vector<std::string> keys;
    for (const auto& item : ours.items()) keys.push_back(item.key());
    const auto has_option = [](const std::string& key) {
      return std::find(std::begin(kNoOptions), std::end(kNoOptions), key) == std::end(kNoOptions);
    };
    std::stable_partition(keys.begin(), keys.end(), has_option);
    for (const std::string& key : keys) {
      if (begun.has(key) && begun.at(key) == ours.at(key)) continue;
      const std::string theirs = begun.has(key) ? begun.at(key).dump() : "that of an earlier version";
      throw Error(request_.out.string(), ": the unfinished run has another ", has_option(key) ? option(key) : key,
                  key == "recipe" || key == "stages" ? "" : str(" (", theirs, ", this one ", ours.at(key).dump(), ")"),
                  "; repeat its command with ", option("resume"), ", or begin anew with ", option("overwrite"));
    }
  }

  /// Restores the estimator that all runs of the protocol `release` share, if the first run had finished training it.
  void take_shared(const Checkpoint& from, const fs::path& first_run, uint64_t seed) {
    if (outcomes_.empty() && from.view().at("stage") == "estimator") return;
    const RunOutcome of = outcomes_.empty() ? run_outcome(from.view().object("outcome")) : outcomes_.front();
    const nn::ParametersOn parameters_on(prepared_.device);
    estimate_.network = nn::Transformer(nn::estimator_shape(recipe_, network_interface(prepared_, *task_)));
    read_network(first_run / "estimator.safetensors", estimate_.network);
    estimate_.figures = of.estimator;
    estimate_.temperature = of.temperature;
    shared_ = true, shared_seed_ = seed;
  }

  bool release() const { return recipe_.protocol == "release"; }

  std::vector<RunPlan> plan() const {
    std::vector<int64_t> splits = request_.splits;
    if (request_.all_splits) {
      splits.clear();
      for (int64_t s = 0; s < split_count(prepared_.data, recipe_); ++s) splits.push_back(s);
    }
    if (splits.empty() || request_.repeats < 1) throw Error("expected at least one split and one repeat");
    std::vector<RunPlan> plans;
    for (int64_t split : splits)
      for (int64_t r = 0; r < request_.repeats; ++r) plans.push_back({split, request_.seed + static_cast<uint64_t>(r)});
    return plans;
  }

  /// Writes recipe.yaml, result.json and the card, which are the last files of a run's folder.
  void write_summary(const fs::path& to, const std::vector<RunOutcome>& outcomes, double seconds) {
    write_text_file(to / "recipe.yaml", to_yaml(recipe_));
    Json result = result_json(graph_, task_->metric().name, recipe_, outcomes, seconds);
    result["device"] = request_.device;
    if (!request_.split_file.empty()) result["split_file"] = path_text(request_.split_file);
    write_json(to / "result.json", result);
    write_run_card(to, remembered(to));
    if (to == folder_) return;
    const RunFiles files(to);
    for (const std::string& name : files.names()) remember(to / name);
    remember(to / kRunCard);
  }

  /// Makes one run: draws the split, builds the attention graph, gets the scores, and trains the network. `from` is a
  /// checkpoint of this run to continue from; null: the run begins anew. A checkpoint of the stage "network" has the
  /// estimator's outcome, and the scores are then read from the folder.
  RunOutcome one(const RunPlan& plan, const fs::path& to, const Checkpoint* from) {
    RunOutcome outcome;
    outcome.split = plan.split;
    outcome.seed = plan.seed;
    const bool at_network = from && from->view().at("stage") == "network";
    if (at_network) outcome = run_outcome(from->view().object("outcome"));
    Split split = make_split(prepared_, recipe_, plan.split, observer_);
    write_split(to / "split.json", split);
    remember(to / "split.json");
    task_->learn_from(split.train);
    outcome.learned = task_->learned();
    if (recipe_.data.label_inputs) {
      std::vector<int32_t> shown = split.train;
      std::sort(shown.begin(), shown.end());
      prepared_.show_labels(shown, task_->label_values(shown));
    }
    for (const std::string& name : write_training_data(prepared_, ranges_, to)) remember(to / name);
    // The estimator and the attention graph are keyed by the run's seed. The protocol `release` uses the seed of the
    // first run for all runs.
    const uint64_t graph_seed = shared_ ? shared_seed_ : scores_seed(plan.seed);
    PreparedGraph graph(prepared_, recipe_, graph_seed);
    graph_ = graph_json(prepared_, graph);
    graph_["attention_seed"] = graph_seed;
    const std::string metrics_name = name_of(to / "metrics.jsonl");
    MetricsFile metrics(to / "metrics.jsonl", from ? metrics_record(*from, metrics_name).bytes : 0);
    const char* stage = "estimator";
    StageContext context{prepared_, *task_,    split,   recipe_,
                         plan.seed, observer_, budget_, [&](const EpochRecord& r) { metrics.write(r); }};
    context.checkpoints = checkpoints_.get();
    context.resume = from && from->state.contains("loop") ? from : nullptr;
    context.add_to_checkpoint = [&](Checkpoint& c) {
      metrics.sync();
      Json done = Json::array();
      for (const RunOutcome& o : outcomes_) done.push_back(run_json(o));
      c.state = {{"request", request_json()},
                 {"run", outcomes_.size()},
                 {"outcomes", done},
                 {"stage", stage},
                 {"outcome", run_json(outcome)},
                 {"files", records_json(records_)},
                 {"seconds", seconds()},
                 {"metrics", records_json({{metrics_name, metrics.record()}})}};
    };
    std::optional<EdgeDraws> draws;
    if (draws_edges(recipe_)) {
      const EdgeScores scores = at_network ? read_scores(to / "scores") : estimate(context, graph, plan, outcome, to);
      if (at_network || request_.stages == Stages::kNetwork) lie_in_files(to / "scores", graph);
      if (!at_network) outcome.k = k_for(context, graph, scores, to);
      if (request_.stages != Stages::kEstimator) draws = draws_of(graph, scores, outcome.k, plan.seed);
    }
    if (request_.stages == Stages::kEstimator) return outcome;
    stage = "network";
    if (!at_network) {
      if (draws_edges(recipe_)) save_boundary(context);
      context.resume = nullptr;
    }
    train(context, NetworkEdges(prepared_, graph, recipe_.network, std::move(draws), budget_), outcome, to);
    return outcome;
  }

  EdgeDraws draws_of(const PreparedGraph& graph, const EdgeScores& scores, const std::vector<int64_t>& k,
                     uint64_t seed) const {
    return {ScoredGraph(graph.edges, scores_on(scores, prepared_.device), recipe_.network.layers), k,
            sampler_of(recipe_.network), seed};
  }

  /// Returns the recipe's k, or the k that is chosen from the scores by the recipe's epsilon.
  std::vector<int64_t> k_for(const StageContext& context, const PreparedGraph& graph, const EdgeScores& scores,
                             const fs::path& to) {
    const EdgesPerNode asked = edges_per_node(recipe_.network);
    if (!asked.by_error()) return asked.k;
    const std::string& sampler = recipe_.network.sampler;
    const ScoredGraph scored(graph.host_edges, scores, recipe_.network.layers);
    const std::vector<ChosenK> layers =
        choose_k(asked, scored, sampler_of(recipe_.network), context.seed, 0, observer_);
    write_json(to / "epsilon.json", epsilon_json(asked, sampler, 0, layers, scored.nodes()));
    remember(to / "epsilon.json");
    return k_of(layers);
  }

  /// Writes a checkpoint between the stages: the scores are on the disk, and training of the network has not begun.
  void save_boundary(const StageContext& context) {
    Checkpoint between;
    context.add_to_checkpoint(between);
    checkpoints_->write(between);
  }

  /// Returns the seed of the attention graph. If the scores come from another run, it is the seed of that run's
  /// attention graph.
  uint64_t scores_seed(uint64_t seed) const {
    return scores_from_ ? scores_from_->graph().get<uint64_t>("attention_seed") : seed;
  }

  /// Trains the estimator, or takes a shared or given one, and writes its weights and scores. Returns the scores.
  EdgeScores estimate(const StageContext& context, PreparedGraph& graph, const RunPlan& plan, RunOutcome& outcome,
                      const fs::path& to) {
    outcome.has_estimator = true;
    if (request_.stages == Stages::kNetwork) return take_scores(context.split, outcome, to);
    move_to_files(to / "scores", graph);
    if (!shared_) {
      estimate_ = train_estimator(context, graph);
      if (release()) shared_ = true, shared_seed_ = plan.seed;
    }
    outcome.estimator = estimate_.figures;
    outcome.val = estimate_.figures.val;
    outcome.test = estimate_.figures.test;
    outcome.best_epoch = estimate_.figures.best_epoch;
    outcome.temperature = estimate_.temperature;
    write_network(to / "estimator.safetensors", estimate_.network);
    keep_norm_statistics(estimate_.network);
    write_scores(to / "scores", estimate_.network, estimate_.temperature,
                 whole_graph_input(prepared_, graph, recipe_.estimator.layers));
    remember(to / "estimator.safetensors");
    if (has_graph_norms(estimate_.network)) {
      write_norm_statistics(to / "estimator_norms.safetensors", estimate_.network);
      remember(to / "estimator_norms.safetensors");
    }
    for (const std::string& name : own_files(to, FolderKind::kRun))
      if (name.starts_with("scores/")) remember(to / name);
    return read_scores(to / "scores");
  }

  /// Takes the scores, the estimator and its figures from the run that the request names. Throws Error if that run was
  /// trained on another split or graph, or has no estimator.
  EdgeScores take_scores(const Split& split, RunOutcome& outcome, const fs::path& to) {
    const RunFolder& from = *scores_from_;
    if (!from.has_estimator()) throw Error(from.path.string(), ": this run has no estimator");
    const std::string theirs = from.graph().get_or<std::string>("fingerprint", ""),
                      ours = fingerprint_text(prepared_.data);
    if (theirs != ours)
      throw Error(from.path.string(), ": its scores belong to another graph (fingerprint ", theirs, ", this one's is ",
                  ours, ")");
    if (from.run().at("split") != outcome.split || !has_split(from, split))
      throw Error(from.path.string(), ": its estimator was trained on split ", from.run().at("split").dump(),
                  has_split(from, split) ? str(", not on split ", outcome.split) : " of other nodes",
                  "; its scores have seen that one's test labels");
    const JsonObject e = from.one().object("estimator");
    outcome.temperature = e.get_or("temperature", 1.0);
    outcome.estimator = stage_figures(e);
    if (!from.files.has_checksums()) observer_.note(from.files.note());
    remember(to, link_files(from.files, to, {"estimator.safetensors", "estimator_norms.safetensors", "scores/"}));
    return read_scores(to / "scores");
  }

  void train(const StageContext& context, const NetworkEdges& edges, RunOutcome& outcome, const fs::path& to) {
    if (weights_from_) check_weights(outcome.split, context.split);
    TrainedNetwork trained = train_network(
        context, edges, weights_from_ ? weights_from_->files.verified("network.safetensors") : fs::path());
    outcome.has_network = true;
    outcome.network = trained.figures;
    outcome.val = trained.figures.val;
    outcome.test = trained.figures.test;
    outcome.best_epoch = trained.figures.best_epoch;
    write_network(to / "network.safetensors", trained.network);
    if (task_->learns_after_training()) {
      const std::vector<int32_t>& val = context.split.val;
      task_->learn_after_training(edges.predictions(trained.network, *task_, outcome.best_epoch, val), val);
      outcome.learned = task_->learned();
    }
    predict(context, edges, trained, outcome, to);
  }

  /// Writes predictions.csv and quality.json, and computes the figures by class on the test nodes.
  void predict(const StageContext& context, const NetworkEdges& edges, TrainedNetwork& trained, RunOutcome& outcome,
               const fs::path& to) const {
    const torch::NoGradGuard no_grad;
    const fs::path file = to / "predictions.csv";
    const int64_t epoch = trained.figures.best_epoch;
    keep_norm_statistics(trained.network);
    Predictions p;
    if (request_.predictions == PredictedNodes::kSplit || !edges.predicts_from_hidden()) {
      const bool all = request_.predictions == PredictedNodes::kAll;
      p = edges.predictions(trained.network, *task_, epoch,
                            all ? all_nodes(prepared_.data.nodes) : nodes_of(context.split));
      write_predictions(file, p, prepared_.data, *task_, context.split, request_.raw_ids);
    } else {
      const auto hidden = [&](const nn::TakeRows& take) { edges.each_hidden(trained.network, epoch, take); };
      p = write_predictions(file, trained.network, hidden, prepared_.data, *task_, context.split, request_.raw_ids);
    }
    if (has_graph_norms(trained.network)) write_norm_statistics(to / "network_norms.safetensors", trained.network);
    if (task_->learns_after_training()) {
      // The values of the best epoch were those of other decisions.
      outcome.val = task_->evaluate(p, context.split.val);
      outcome.test = task_->evaluate(p, context.split.test);
    }
    outcome.per_class = task_->per_class(p, context.split.test);
    write_quality(to, p, *task_, context.split);
    look_for_signs(context, edges, trained, outcome);
  }

  /// Looks for signs that the draws of edges fail (engine/failure_signs.h), and tells them.
  void look_for_signs(const StageContext& context, const NetworkEdges& edges, TrainedNetwork& trained,
                      RunOutcome& outcome) const {
    if (!edges.draws()) return;
    const EdgeDraws& draws = *edges.draws();
    std::vector<std::string> signs = {sign_of_k(trained.figures.edge_share)};
    if (draws.sampler.rule == ops::SampleRule::kWeighted && draws.graph.edges().row_start.is_cpu())
      signs.push_back(sign_of_scores(draws.graph, draws.k));
    if (draws.sampler.rule != ops::SampleRule::kLargest && draws.graph.edges().index.size(0) <= kAdviceEdges &&
        !context.split.val.empty()) {
      NetworkEdges others = edges;
      for (int64_t draw = 0; draw < kOtherDraws; ++draw) {
        others.average_draws(recipe_.network.eval_draws * (1 + draw), recipe_.network.eval_draws, false);
        outcome.other_draws.push_back(task_->evaluate(
            others.predictions(trained.network, *task_, outcome.best_epoch, context.split.val), context.split.val));
      }
      signs.push_back(sign_of_draws(task_->metric(), outcome.val, outcome.other_draws));
    }
    for (const std::string& sign : signs)
      if (!sign.empty()) outcome.signs.push_back(sign), observer_.note(sign);
  }

  /// True if a run was trained on a split with the same training nodes. Two files of splits may number them alike.
  static bool has_split(const RunFolder& run, const Split& split) {
    return read_split(run.files.verified("split.json")).train == split.train;
  }

  /// Throws Error if the initial weights were trained on another split of this graph: they would be tested on labels
  /// that they have seen.
  void check_weights(int64_t number, const Split& split) const {
    const RunFolder& from = *weights_from_;
    if (!from.run().at("network").is_object())
      throw Error(from.path.string(), ": this run has no network to start from (stage 1 alone)");
    if (from.result.at("graph").value("fingerprint", "") == fingerprint_text(prepared_.data) &&
        (from.run().at("split") != number || !has_split(from, split)))
      throw Error(from.path.string(), ": its network was trained on split ", from.run().at("split").dump(),
                  has_split(from, split) ? str(", not on split ", number) : " of other nodes",
                  "; its weights have seen that one's test labels");
  }

  const Recipe& recipe_;
  const RunRequest& request_;
  const MemoryBudget budget_;
  Observer& observer_;
  PreparedData prepared_;  ///< its features have the labels that the current run shows
  FeatureRanges ranges_;   ///< those of the training data
  const std::unique_ptr<Task> task_;
  fs::path folder_;      ///< folder in which the run folder is prepared
  FileRecords records_;  ///< checksums of the complete files in folder_, by their paths within folder_
  std::unique_ptr<Checkpoints> checkpoints_;
  std::vector<RunOutcome> outcomes_;  ///< outcomes of the finished runs
  const Clock::time_point start_ = Clock::now();
  double seconds_before_ = 0;              ///< seconds of the process whose run was resumed
  std::optional<RunFolder> scores_from_;   ///< run folder of request_.scores_from
  std::optional<RunFolder> weights_from_;  ///< run folder of request_.weights_from
  Json graph_;
  Estimate estimate_;    ///< estimator of the last run, or the shared estimator
  bool shared_ = false;  ///< true: the protocol `release` has trained the estimator that all runs share
  uint64_t shared_seed_ = 0;
};

/// Writes for how long no thread, one thread, two threads … worked at once, and the operations in which one thread
/// worked alone, as pairs of a name and seconds.
void write_work_times(const fs::path& file) {
  write_json(file, {{"seconds_by_threads_at_work", work_seconds()}, {"alone_seconds", alone_seconds()}});
}

}  // namespace

fs::path run_experiment(const Dataset& data, const Recipe& recipe, const RunRequest& request, Observer& observer) {
  check_recipe(recipe);
  if (request.stages == Stages::kEstimator && !draws_edges(recipe))
    throw Error("model is '", recipe.model, "', which has no estimator; expected spexphormer");
  const TorchSettings torch_settings;
  const MemoryBudget budget = MemoryBudget::of(request.memory);
  const LimitedMemory limited(budget, request.out);
  const char* const times = std::getenv("GRAPHSIEVE_WORK_TIMES");
  if (times != nullptr) count_work(), watch_operations();
  fs::path out;
  {
    const Working working;
    with_memory_advice([&] { out = Experiment(data, recipe, request, budget, observer).run(); });
  }
  if (times != nullptr) write_work_times(times);
  return out;
}

}  // namespace graphsieve
