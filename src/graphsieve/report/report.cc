// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/report.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "graphsieve/analysis/attention_patterns.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/data/feature_ranges.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/json_number.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/plan/plan.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/report/attention_kept.h"
#include "graphsieve/report/attention_picture.h"
#include "graphsieve/report/baselines.h"
#include "graphsieve/report/curves.h"
#include "graphsieve/report/explain.h"
#include "graphsieve/report/repeat.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/run/predictions.h"
#include "graphsieve/run/result_file.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/runtime/torch_settings.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int64_t kEpochs = 300;                      ///< most points of a training curve
constexpr int64_t kDestinations = 50000;              ///< most destinations whose attention is examined
constexpr int64_t kLeastCurve = 16, kMostCurve = 64;  ///< least and most k of the curves of kept attention
constexpr int64_t kShiftNodes = 200'000;              ///< most nodes of a part whose features are compared
constexpr size_t kMembers = 100;                      ///< most runs of a folder of several runs

/// Returns the facts about the graph that the report shows. Bin 0 of the degrees has degree 0, and bin b > 0 the
/// degrees from 2^(b − 1) to 2^b − 1.
Json graph_facts(const Dataset& graph) {
  const GraphReport r = check_graph(graph, false);
  Json bins = Json::array(), types = Json::array();
  for (size_t b = 0; b < r.degree_bins.size(); ++b)
    bins.push_back({{"from", b == 0 ? 0 : int64_t{1} << (b - 1)},
                    {"to", b == 0 ? 0 : (int64_t{1} << b) - 1},
                    {"nodes", r.degree_bins[b]}});
  for (size_t t = 0; t < r.edge_types.size(); ++t)
    types.push_back({{"name", r.edge_types[t]}, {"edges", r.edge_type_counts[t]}});
  return {{"edges", r.edges},
          {"directed", r.directed},
          {"edge_types", types},
          {"isolated", r.isolated},
          {"degrees", degrees_json(r)},
          {"degree_bins", bins},
          {"homophily", json_number(r.homophily)},
          {"chance_homophily", json_number(r.chance_homophily)},
          {"unlabelled", r.unlabelled},
          {"multi_label", r.label_kind == LabelKind::kSeveral},
          {"labels", label_kind_name(r.label_kind)},
          {"notes", r.notes}};
}

/// Returns the memory that the plan of a run needs, by stage and as a whole.
Json planned(const Dataset& graph, const Recipe& recipe, Observer& observer) {
  trim_memory();  // freed memory of the run before would count as the process's own
  const Plan plan = make_plan(graph, recipe, {0, false, PredictedNodes::kAll}, observer);
  Json stages = Json::object();
  for (const StagePlan& s : plan.stages) stages[s.name] = s.memory;
  return {{"stages", stages},
          {"memory_bytes", plan.memory},
          {"full_exphormer_bytes", plan.full_exphormer},
          {"full_attention_bytes", plan.full_attention}};
}

/// An observer that passes on nothing but the request to stop: planning and prediction are part of the report, so their
/// messages are not shown.
struct Silent : Observer {
  explicit Silent(Observer& asked) : asked_(asked) {}
  bool stop_requested() override { return asked_.stop_requested(); }
  Observer& asked_;
};

/// Collects the report of one call.
class Collector {
 public:
  Collector(const ReportRequest& request, Dataset* graph, Observer& observer)
      : request_(request), graph_(graph), observer_(observer) {}

  Json collect() {
    read_results();
    check_graph_is_theirs();
    observer_.stage("report", static_cast<int64_t>(request_.runs.size()));
    Json to = {{"format", 1},
               {"version", GRAPHSIEVE_VERSION},
               {"graph", graph()},
               {"runs", Json::array()},
               {"explained", Json::array()}};
    for (size_t i = 0; i < results_.size() && i < kComparedRuns; ++i) {
      if (observer_.stop_requested()) throw Interrupted();
      to["runs"].push_back(run(request_.runs[i], results_[i], i < kDetailedRuns));
      observer_.step(static_cast<int64_t>(i) + 1, request_.runs[i].filename().string());
    }
    if (results_.size() > kComparedRuns)
      note_missing(str(results_.size() - kComparedRuns, " runs beyond the first ", kComparedRuns, " are left out"));
    if (results_.size() > kDetailedRuns)
      note_missing(str("runs beyond the first ", kDetailedRuns, " stand in the comparison alone"));
    for (const std::string& node : request_.nodes)
      to["explained"].push_back(explain(*graph_, {detail_folder(request_.runs[0], results_[0]), node}, observer_));
    to["missing"] = missing_;
    return to;
  }

 private:
  void note_missing(const std::string& what) {
    if (std::find(missing_.begin(), missing_.end(), Json(what)) == missing_.end()) missing_.push_back(what);
  }

  /// Notes a damaged file in the report and to the observer.
  void leave_out(const Error& damaged) {
    const std::string text = str(damaged.what(), "; it is left out");
    note_missing(text);
    observer_.note(text);
  }

  /// Reads a JSON file; null if it does not exist or, with a note, if it is damaged.
  Json optional_json(const fs::path& path) {
    try {
      if (!path_exists(path)) return nullptr;
      return read_json(path);
    } catch (const Error& damaged) {
      leave_out(damaged);
      return nullptr;
    }
  }

  /// Returns what `get` reads from a run's earlier report; null if there is none. A report of another form is noted and
  /// ignored.
  template <class Get>
  Json of_earlier(const fs::path& run, const Get& get) {
    const fs::path file = run / "report.json";
    const Json json = optional_json(file);
    if (json.is_null()) return nullptr;
    try {
      const JsonObject earlier(json, file.string());
      if (!is_sealed(json, file.string()) && RunFiles(run).has_checksums())
        throw Error(file.string(), ": is damaged: its member 'checksum' is missing");
      return get(earlier);
    } catch (const Error& other) {
      leave_out(other);
      return nullptr;
    }
  }

  /// Returns the graph's facts in an earlier report, null if it has none, and keeps the names of the edge types.
  Json facts_in(const JsonObject& earlier) {
    const JsonObject graph = earlier.object("graph");
    if (graph.null("facts")) return nullptr;
    const JsonObject facts = graph.object("facts");
    std::vector<std::string> names;
    if (!facts.null("edge_types"))
      for (const JsonObject& type : facts.objects("edge_types")) names.push_back(type.get_or<std::string>("name", ""));
    type_names_ = names;
    return facts.json();
  }

  /// Reads the result of every run. Throws Error if they are of different graphs.
  void read_results() {
    if (request_.runs.empty()) throw Error("a report needs at least one run folder");
    for (const fs::path& run : request_.runs) {
      results_.push_back(read_result(run));
      const std::string first = fingerprint_of(results_[0]), fingerprint = fingerprint_of(results_.back());
      if (first != fingerprint)
        throw Error(run.string(), ": is of another graph (fingerprint ", fingerprint, ") than ",
                    request_.runs[0].string(), " (", first, "); a report compares runs of one graph");
    }
  }

  static std::string fingerprint_of(const Json& result) { return result.at("graph").value("fingerprint", ""); }

  /// Ignores the graph, with a note, if it has changed since training.
  void check_graph_is_theirs() {
    if (graph_ && fingerprint_text(*graph_) != fingerprint_of(results_[0])) {
      note_missing(str("the graph ", graph_->source, " is no longer the one that was trained on (fingerprint ",
                       fingerprint_text(*graph_), ", trained on ", fingerprint_of(results_[0]), ")"));
      graph_ = nullptr;
    }
    if (graph_ || request_.nodes.empty()) return;
    throw Error("to explain nodes the graph is needed that ", request_.runs[0].string(), " was trained on",
                missing_.empty() ? "" : "; " + missing_[0].get<std::string>());
  }

  /// Returns the facts about the graph, from the graph itself or from an earlier report.
  Json graph() {
    Json to = results_[0].at("graph");
    to["here"] = graph_ != nullptr;
    to["facts"] = nullptr;
    if (graph_) {
      to["facts"] = graph_facts(*graph_);
      if (graph_->graph) type_names_ = graph_->graph->type_names;
      return to;
    }
    for (const fs::path& run : request_.runs) {
      to["facts"] = of_earlier(run, [&](const JsonObject& earlier) { return facts_in(earlier); });
      if (!to["facts"].is_null()) break;
    }
    note_missing(to["facts"].is_null()
                     ? "the graph is not there: its degrees and homophily are left out"
                     : "the graph is not there: its degrees and homophily are those of an earlier report");
    return to;
  }

  /// Returns the folder with the files of one run; of a folder of several runs, that of the first.
  static fs::path detail_folder(const fs::path& run, const Json& result) {
    const Json& runs = result.at("runs");
    if (runs.size() == 1) return run;
    return run / str("split-", runs[0].at("split").dump(), "-seed-", runs[0].at("seed").dump());
  }

  Json run(const fs::path& folder, const Json& result, bool detailed) {
    const Json& runs = result.at("runs");
    Json to = {{"folder", path_text(folder)}};
    for (const char* key : {"version", "torch", "model", "recipe", "protocol", "metric", "label_inputs", "test_mean",
                            "test_std", "seconds", "peak_rss_bytes", "device"})
      to[key] = result.value(key, Json());
    to["runs"] =
        Json(std::vector<Json>(runs.begin(), runs.begin() + static_cast<int64_t>(std::min(kMembers, runs.size()))));
    if (runs.size() > kMembers)
      note_missing(str(folder.string(), ": ", runs.size() - kMembers, " of its ", runs.size(), " runs are left out"));
    for (Json& member : to["runs"]) member.erase("per_class");
    const RunFiles files(folder);
    if (!files.has_checksums()) note_missing(files.note());
    to["width"] = parse_recipe(files.text("recipe.yaml"), (folder / "recipe.yaml").string()).network.width;
    Json compression = optional(files, "compression.json", "what its compression came to");
    if (compression.is_object() && compression.contains("measured") && compression["measured"].is_object())
      compression["measured"].erase("attention_ratio");
    to["compression"] = compression.is_object() ? compression : result.value("compression", Json());
    if (detailed) to["detail"] = detail(detail_folder(folder, result), folder, result);
    return to;
  }

  /// Returns a JSON file that not every run writes and that the user may delete. If it is gone, it is noted that `what`
  /// is omitted.
  Json optional(const RunFiles& files, const std::string& name, const char* what) {
    if (!files.has(name) && files.wrote(name))
      note_missing(str((files.folder() / name).string(), " is gone: ", what, " is left out"));
    return files.json_if_there(name);
  }

  Json detail(const fs::path& folder, const fs::path& summary, const Json& result) {
    const Json& member = result.at("runs")[0];
    Json to = {{"folder", path_text(folder)}, {"run", member}};
    to["run"].erase("per_class");
    const RunFiles files(folder);
    const std::string text = files.text("recipe.yaml");
    const Recipe recipe = parse_recipe(text, (folder / "recipe.yaml").string());
    to["recipe"] = recipe_changes(recipe);
    to["recipe"]["text"] = text;
    to["command"] = command_to_repeat(result, to["recipe"]);
    to["attention"] = attention(folder, member, recipe);
    to["planned"] = plan_for(summary, recipe);
    to["curves"] = Json::array();
    if (files.has("metrics.jsonl"))
      to["curves"] =
          training_curves(files.verified("metrics.jsonl"), metric_or_share(result.value("metric", "")), kEpochs,
                          [&](const Error& line) { note_missing(str(line.what(), "; the line is left out")); });
    if (to["curves"].empty())
      note_missing(str((folder / "metrics.jsonl").string(), " is gone: how training went is left out"));
    to["epsilon"] = optional(files, "epsilon.json", "how k was chosen");
    to["quality"] = member.at("network").is_object() ? quality(files) : Json();
    if (graph_ && files.has("split.json")) {
      const Split split = read_split(files.verified("split.json"), graph_->labels);
      to["baselines"] = baselines(*graph_, recipe, split);
      to["shifts"] = shifts(split);
    } else {
      to["baselines"] = in_earlier_detail(summary, "baselines");
      to["shifts"] = Json::array();
    }
    return to;
  }

  /// Returns quality.json. If the run has none (an earlier version wrote the run, or the file was deleted), the network
  /// predicts again, if the graph is available.
  Json quality(const RunFiles& files) {
    if (files.has("predictions.csv")) files.verified("predictions.csv");  // the figures are those of this file
    Json stored = files.json_if_there("quality.json");
    if (stored.is_object()) return stored;
    if (!stored.is_null()) throw Error((files.folder() / "quality.json").string(), ": expected a JSON object");
    if (!graph_) {
      note_missing(
          str((files.folder() / "quality.json").string(), " is not there: how good the predictions are is left out"));
      return nullptr;
    }
    Silent silent(observer_);
    const at::NoGradGuard no_grad;
    LoadedRun run(files.folder(), *graph_, silent);
    const Split split = read_split(files.verified("split.json"), graph_->labels);
    return run.task->quality(run.predictions(nodes_of(split)), split);
  }

  /// Returns sentences about the columns in which the test nodes differ from the training nodes.
  Json shifts(const Split& split) const {
    Json to = Json::array();
    const std::vector<int32_t> train = at_most(split.train, kShiftNodes), test = at_most(split.test, kShiftNodes);
    const FeatureRanges then = feature_ranges(graph_->features, &train);
    for (const std::string& text :
         shift_sentences(column_shifts(then, graph_->features, &test), then, std::ssize(test), graph_->schema))
      to.push_back(text);
    return to;
  }

  /// Returns a member of the run's detail in an earlier report; null if there is none.
  Json in_earlier_detail(const fs::path& folder, const char* member) {
    return of_earlier(folder, [&](const JsonObject& earlier) -> Json {
      for (const JsonObject& run : earlier.objects("runs"))
        if (!run.null("detail") && !run.object("detail").null(member))
          return run.object("detail").object(member).json();
      return nullptr;
    });
  }

  /// Returns the planned memory, or the one in an earlier report.
  Json plan_for(const fs::path& folder, const Recipe& recipe) {
    if (graph_ && request_.plan) {
      Silent silent(observer_);
      return planned(*graph_, recipe, silent);
    }
    return in_earlier_detail(folder, "planned");
  }

  /// Returns what the draws of the best epoch kept of the estimator's attention, with the run's own seed, so that they
  /// are the same draws.
  Json attention(const fs::path& folder, const Json& member, const Recipe& recipe) {
    if (!member.at("estimator").is_object()) return nullptr;
    if (!path_exists(folder / "scores" / "layer_0.npy")) {
      note_missing(str((folder / "scores").string(), " is gone: what was kept of the attention is left out"));
      return nullptr;
    }
    const RunFiles files(folder);
    const ScoredGraph graph = read_scored_graph(files);
    const auto of_run = member.value("k", std::vector<int64_t>());
    const std::vector<int64_t>& k = of_run.empty() ? recipe.network.k : of_run;
    const int64_t nodes = graph.nodes(), layers = std::min<int64_t>(graph.layers(), k.size());
    const auto destinations =
        pick_destinations(nodes, graph.edges().row_start.const_data_ptr<int64_t>(), std::min(nodes, kDestinations), 0);
    // The curves go up to twice the largest k of the run, so that the report shows what a larger k would have kept.
    const int64_t most_k = *std::max_element(k.begin(), k.end());
    const int64_t most = std::clamp(2 * most_k, kLeastCurve, kMostCurve);
    const bool trained = member.at("network").is_object();
    Json to = {{"destinations", destinations.size()},
               {"sampled", nodes > kDestinations},
               {"sampler", recipe.network.sampler},
               {"epoch", trained ? member.at("best_epoch") : Json(0)},
               {"layers", Json::array()}};
    for (int64_t l = 0; l < layers; ++l) {
      if (observer_.stop_requested()) throw Interrupted();
      const AttentionKept kept =
          attention_kept(graph.edges(), graph.scores(l), destinations, k[l], most, sampler_of(recipe.network),
                         {member.at("seed").get<uint64_t>(), to["epoch"].get<int64_t>(), l});
      to["layers"].push_back(layer_json(kept, l, k[l]));
      to["layers"].back()["distribution"] = score_distribution(graph.edges(), graph.scores(l), destinations);
    }
    to["picture"] = attention_picture(graph, k, sampler_of(recipe.network), member.at("seed").get<uint64_t>(),
                                      to["epoch"].get<int64_t>(), classes_of(nodes));
    return to;
  }

  /// Returns the class of each node, −1 if the graph is gone, or if its labels are no classes.
  std::vector<int32_t> classes_of(int64_t nodes) const {
    if (!graph_ || !graph_->labels.one_class() || graph_->nodes != nodes)
      return std::vector<int32_t>(static_cast<size_t>(nodes), -1);
    return {graph_->labels.single.begin(), graph_->labels.single.end()};
  }

  Json layer_json(const AttentionKept& kept, int64_t layer, int64_t k) const {
    Json types = Json::array();
    for (size_t t = 0; t < kept.types.size(); ++t) {
      const TypeKept& type = kept.types[t];
      if (type.edges == 0) continue;
      types.push_back({{"type", edge_type_name(static_cast<int>(t), type_names_)},
                       {"edges", type.edges},
                       {"kept", type.kept},
                       {"mass", type.mass},
                       {"kept_mass", type.kept_mass}});
    }
    return {{"layer", layer},
            {"k", k},
            {"types", types},
            {"kept_edges", kept.kept_edges()},
            {"kept_mass", kept.kept_mass()},
            {"drawn", kept.drawn},
            {"heaviest", kept.heaviest}};
  }

  const ReportRequest& request_;
  Dataset* graph_;
  Observer& observer_;
  std::vector<Json> results_;
  std::vector<std::string> type_names_;
  Json missing_ = Json::array();
};

}  // namespace

Json collect_report(const ReportRequest& request, Dataset* graph, Observer& observer) {
  const TorchSettings torch_settings;
  Json report = Collector(request, graph, observer).collect();
  require_mapped_files();
  return report;
}

void write_report(const fs::path& run, Dataset* graph, Observer& observer) {
  const Json report = collect_report({{run}, {}}, graph, observer);
  Json sealed = Json::parse(report.dump(-1, ' ', false, Json::error_handler_t::replace));  // with UTF-8 only
  seal(sealed);
  write_text_file(run / "report.json", sealed.dump(1) + "\n");
  write_text_file(run / "report.html", report_page(report));
}

}  // namespace graphsieve
