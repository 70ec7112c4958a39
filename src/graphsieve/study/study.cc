// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/study/study.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "graphsieve/analysis/inspect.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/option.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/run/run_files.h"
#include "graphsieve/sampling/spectral_error.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const std::vector<std::string> kSamplers = {"graph_reservoir", "graph_importance", "graph_uniform", "graph_max"};
constexpr int64_t kShortEpochs = 5;  ///< epochs of the axes that measure only memory and time

/// Returns the values of an axis if none are given.
std::vector<int64_t> usual_values(const std::string& axis) {
  if (axis == "width") return {4, 8, 16, 32, 64};
  if (axis == "k") return {2, 5, 10, 20};
  if (axis == "density") return {2, 5, 15, 40, 100};
  return {50, 100, 200, 400};
}

/// Returns the mean and the standard deviation (with n − 1) of the finite values, and their number.
Json mean_of(const std::vector<double>& values) {
  double sum = 0, square = 0;
  int64_t count = 0;
  for (const double v : values)
    if (std::isfinite(v)) sum += v, ++count;
  if (count == 0) return {{"mean", nullptr}, {"std", nullptr}, {"count", 0}};
  const double mean = sum / static_cast<double>(count);
  for (const double v : values)
    if (std::isfinite(v)) square += (v - mean) * (v - mean);
  return {
      {"mean", mean}, {"std", count > 1 ? std::sqrt(square / static_cast<double>(count - 1)) : 0.0}, {"count", count}};
}

/// Returns a whole number from 1. Throws Error if the text is another one.
int64_t whole_value(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1)
    throw Error("values: '", text, "', expected a whole number from 1");
  return value;
}

/// Returns a value of a key as JSON: a number, true or false if the text is one, and otherwise the text.
Json value_of_text(const std::string& text) {
  const Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_number() || parsed.is_boolean() ? parsed : Json(text);
}

/// Returns the text with other characters than letters, digits, '.', '-' and '_' replaced, for the name of a folder.
std::string in_file_name(std::string text) {
  for (char& c : text)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
  return text;
}

/// One run of the study.
struct Point {
  int64_t value = 0;    ///< the value; where the axis is a key, its number among the values
  std::string text;     ///< the value in the name of the folder
  std::string variant;  ///< variant of the value: a sampler or a model
  uint64_t seed = 0;
  Recipe recipe;
  Stages stages = Stages::kBoth;
  fs::path scores_from;
  bool counts = true;  ///< false: a run that only makes scores for others
  std::string name(const std::string& axis) const {
    return str(counts ? axis + "-" + text : "scores", variant.empty() ? "" : "-", variant, "-seed-", seed);
  }
};

/// One study: its points, the runs that make them, and the summary.
class Study {
 public:
  Study(const DatasetOf& data, const Recipe& recipe, const StudyRequest& request, Observer& observer)
      : data_(data),
        recipe_(recipe),
        request_(request),
        observer_(observer),
        of_key_(find_recipe_key(request.axis) != nullptr) {
    if (of_key_) {
      if (request.values.empty())
        throw Error("axis ", request.axis, ": values are missing; name them with ", option("values"));
      for (const std::string& text : request.values)
        if (std::find(texts_.begin(), texts_.end(), text) == texts_.end()) texts_.push_back(text);
      for (size_t i = 0; i < texts_.size(); ++i) values_.push_back(static_cast<int64_t>(i));
      return;
    }
    for (const std::string& text : request.values) values_.push_back(whole_value(text));
    if (values_.empty()) values_ = usual_values(request.axis);
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  }

  Json run() {
    const auto points = plan();  // throws for values that do not fit, before anything is written
    claim_folder();
    for (size_t i = 0; i < points.size(); ++i) train(points[i], i, points.size());
    Json rows = Json::array();
    for (const Point& point : points)
      if (point.counts) rows.push_back(row_of(point));
    Json values = Json::array();
    for (const int64_t value : values_) values.push_back(value_json(value));
    Json to = {{"axis", request_.axis},
               {"values", values},
               {"repeats", request_.repeats},
               {"recipe", recipe_.name},
               {"model", recipe_.model},
               {"metric", metric_},
               {"label_inputs", recipe_.data.label_inputs},
               {"points", rows},
               {"summary", summary(rows)}};
    if (request_.axis == "density" || request_.axis == "size") to["pays_from"] = pays_from(to["summary"]);
    write_text_file(request_.out / "study.json", to.dump(2) + "\n");
    return to;
  }

 private:
  /// Returns a value as it stands in study.json.
  Json value_json(int64_t value) const {
    return of_key_ ? value_of_text(texts_[static_cast<size_t>(value)]) : Json(value);
  }
  std::string value_text(int64_t value) const {
    return of_key_ ? in_file_name(texts_[static_cast<size_t>(value)]) : std::to_string(value);
  }

  fs::path folder(const Point& point) const { return request_.out / point.name(request_.axis); }

  /// Creates the folder with its card, or checks that it is this study's. Throws Error if it has another study, or
  /// files without a study.
  void claim_folder() const {
    const Dataset first = data_(values_.front());
    const Json mine = {{"axis", request_.axis},
                       {"seed", request_.seed},
                       {"epochs", request_.epochs},
                       {"recipe", to_yaml(recipe_)},
                       {"graph", request_.axis == "size" ? "generated" : fingerprint_text(first)}};
    const fs::path file = request_.out / kStudyCard;
    if (fs::exists(file)) {
      const Json theirs = read_json(file);
      is_sealed(theirs, file.string());
      for (const auto& [key, value] : mine.items())
        if (!theirs.is_object() || !theirs.contains(key) || theirs.at(key) != value)
          throw Error(request_.out.string(), ": holds another study (its ", key, " differs); name another with ",
                      option("out"));
      return;
    }
    std::error_code error;
    fs::create_directories(request_.out, error);
    if (error) throw Error(request_.out.string(), ": cannot be made: ", error.message());
    for (const auto& entry : fs::directory_iterator(request_.out))
      if (!is_partial_name(entry.path().filename().string(), [](std::string_view name) { return name == kStudyCard; }))
        throw Error(request_.out.string(), ": holds '", entry.path().filename().string(),
                    "' and no study; name another with ", option("out"));
    Json card = mine;
    card["format"] = kStudyFormat;
    card["version"] = kStudyVersion;
    seal(card);
    write_text_file(file, card.dump(2) + "\n");
  }

  Recipe with_epochs(Recipe recipe, int64_t otherwise) const {
    const int64_t epochs = request_.epochs > 0 ? request_.epochs : otherwise;
    if (epochs > 0) recipe.estimator.epochs = recipe.network.epochs = epochs;
    return recipe;
  }

  /// Lists the runs of the study, in the order in which they are made. For the axis k, one run per seed trains the
  /// estimator, and all points of the seed use its scores.
  std::vector<Point> plan() const {
    std::vector<Point> points;
    for (int64_t r = 0; r < request_.repeats; ++r) {
      const uint64_t seed = request_.seed + static_cast<uint64_t>(r);
      if (request_.axis == "k") {
        if (!draws_edges(recipe_))
          throw Error("model is ", recipe_.model, ", which draws no edges; a study of k needs spexphormer");
        Point scores{0, "", "", seed, with_epochs(recipe_, 0), Stages::kEstimator, {}, false};
        scores.recipe.network.epsilon = 0;  // the axis sets k, not epsilon
        points.push_back(scores);
        for (const int64_t k : values_)
          for (const std::string& sampler : kSamplers) {
            Point point{k, value_text(k), sampler, seed, scores.recipe, Stages::kNetwork, folder(scores), true};
            point.recipe.network.k.assign(point.recipe.network.layers, k);
            point.recipe.network.sampler = sampler;
            points.push_back(point);
          }
        continue;
      }
      for (const int64_t value : values_) {
        Point point{value, value_text(value), "", seed, with_epochs(recipe_, 0), Stages::kBoth, {}, true};
        if (of_key_) {
          apply_setting(point.recipe, request_.axis + "=" + texts_[static_cast<size_t>(value)]);
          points.push_back(point);
          continue;
        }
        if (request_.axis == "width") {
          // A model without an estimator is studied by its network's width, and its feed-forward width follows.
          (draws_edges(recipe_) ? point.recipe.estimator.width : point.recipe.network.width) = value;
          if (draws_edges(recipe_))
            point.stages = Stages::kEstimator;
          else
            point.recipe.network.ffn_width = 0;
          points.push_back(point);
          continue;
        }
        for (const char* model : {"exphormer", "spexphormer"}) {
          point.variant = model;
          point.recipe = with_epochs(recipe_, kShortEpochs);
          point.recipe.model = model;
          if (!draws_edges(point.recipe)) point.recipe.network.epsilon = 0;
          if (request_.axis == "density")
            point.recipe.graph.expander_degree = value, point.recipe.graph.expander_edges = true;
          points.push_back(point);
        }
      }
    }
    std::set<std::string> names;
    for (const Point& p : points) {
      check_recipe(p.recipe);
      if (!names.insert(p.name(request_.axis)).second)
        throw Error("values: two of them have the folder ", p.name(request_.axis));
    }
    return points;
  }

  /// Makes one run unless its folder is complete. An unfinished run of the point is resumed.
  void train(const Point& point, size_t index, size_t count) const {
    if (is_run_folder(folder(point))) return tidy_finished(folder(point));
    observer_.information(str("point ", index + 1, " of ", count, ": ", point.name(request_.axis)));
    RunRequest run;
    run.out = folder(point);
    run.resume = run.restart_others = true;
    run.stages = point.stages;
    run.scores_from = point.scores_from;
    run.seed = point.seed;
    const Dataset data = data_(point.value);
    const int64_t repeat = static_cast<int64_t>(point.seed - request_.seed);
    run.splits = {data.given_splits.empty() ? repeat : repeat % static_cast<int64_t>(data.given_splits.size())};
    run_experiment(data, point.recipe, run, observer_);
  }

  /// Returns the figures of one point. For the axis k, the estimator's cost is not part of a point, since its points
  /// share the scores.
  Json row_of(const Point& point) {
    if (observer_.stop_requested()) throw Interrupted();
    const RunFolder run(folder(point));
    const JsonObject one = run.one(), graph = run.graph();
    metric_ = run.result.value("metric", "");
    Json row = {{"value", value_json(point.value)},
                {"seed", point.seed},
                {"nodes", graph.at("nodes")},
                {"attention_edges", graph.at("attention_edges")},
                {"val", one.at("val")},
                {"test", one.at("test")}};
    if (!point.variant.empty()) row["variant"] = point.variant;
    int64_t peak = 0, tensors = 0;
    double seconds = 0;
    for (const char* stage : {"estimator", "network"}) {
      if (one.null(stage) || (point.stages == Stages::kNetwork && std::string(stage) == "estimator")) continue;
      const StageFigures part = stage_figures(one.object(stage));
      const double seconds_per_epoch = part.seconds / static_cast<double>(std::max<int64_t>(part.epochs, 1));
      // Blocks below kPooledBytes are not counted among the large arrays; on a tiny graph these are all of them.
      const int64_t held = std::max(part.peak_tensor_bytes, part.peak_ram + part.peak_scratch);
      row[str(stage, "_peak_bytes")] = held;
      row[str(stage, "_peak_tensor_bytes")] = part.peak_tensor_bytes;
      row[str(stage, "_seconds_per_epoch")] = seconds_per_epoch;
      peak = std::max(peak, held);
      tensors = std::max(tensors, part.peak_tensor_bytes);
      seconds += seconds_per_epoch;
    }
    row["peak_bytes"] = peak;
    row["peak_tensor_bytes"] = tensors;
    row["seconds_per_epoch"] = seconds;
    if (!one.null("network")) row["edge_share"] = one.object("network").at("edge_share");
    if (request_.axis == "k") row.update(sampled_error(point));
    if (request_.axis == "width") row.update(agreement(point));
    return row;
  }

  /// Returns the spectral error of the sampled attention, mean over the layers, for the draws that the reported
  /// predictions use; for a sampler with importance weights, also that of the unbiased matrix, whose rows are not
  /// divided by their sums.
  Json sampled_error(const Point& point) const {
    const c10::NoGradGuard no_grad;
    Dataset data = data_(point.value);
    const LoadedRun run(folder(point), data, observer_);
    const Recipe& recipe = run.folder.recipe;
    const std::vector<int64_t> k = run.folder.k();
    const Sampler sampler = sampler_of(recipe.network);
    double sum = 0, unbiased = 0;
    for (int64_t l = 0; l < recipe.network.layers; ++l) {
      const LayerSample sample = draw_layer(run.graph.edges, run.scores.shown[l], at::Tensor(), k[l], sampler,
                                            {run.folder.seed(), run.best_epoch(), l});
      sum += spectral_error(run.graph.edges, run.scores.shown[l], sample);
      if (sampler.importance) unbiased += spectral_error(run.graph.edges, run.scores.shown[l], sample, false);
    }
    const auto layers = static_cast<double>(recipe.network.layers);
    Json to = {{"spectral_error", sum / layers}};
    if (sampler.importance) to["spectral_error_unbiased"] = unbiased / layers;
    return to;
  }

  /// Returns the statistics of a point's scores against those of the widest point with the same seed, and of uniform
  /// and random scores against the latter, as means over the layers.
  Json agreement(const Point& point) const {
    if (point.value == values_.back()) return Json::object();
    Point widest = point;
    widest.value = values_.back(), widest.text = value_text(values_.back());
    const Json found = inspect(data_(point.value), {folder(point), folder(widest), 0, 0, point.seed}, observer_);
    const Json& layers = found.at("comparison").at("layers");
    Json to;
    for (const char* scores : {"agreement", "uniform", "random"})
      for (const auto& [name, first] : layers.at(0).at(scores).items()) {
        if (!first.is_object()) continue;
        std::vector<double> values;
        for (const Json& layer : layers)
          values.push_back(layer.at(scores).at(name).at("mean").is_number()
                               ? layer.at(scores).at(name).at("mean").get<double>()
                               : NAN);
        to[scores][name] = mean_of(values).at("mean");
      }
    return to;
  }

  /// Returns the mean and the deviation over the seeds for every number, per value and variant.
  static Json summary(const Json& rows) {
    std::vector<std::pair<Json, std::string>> order;
    std::map<std::pair<Json, std::string>, std::map<std::string, std::vector<double>>> groups;
    for (const Json& row : rows) {
      const std::pair key(row.at("value"), row.value("variant", ""));
      if (!groups.contains(key)) order.push_back(key);
      auto& group = groups[key];
      for (const auto& [name, number] : row.items()) {
        if (name == "value" || name == "seed" || name == "variant") continue;
        if (number.is_object()) {
          for (const auto& [inner, n] : number.items())
            group[name + "." + inner].push_back(n.is_number() ? n.get<double>() : NAN);
        } else {
          group[name].push_back(number.is_number() ? number.get<double>() : NAN);
        }
      }
    }
    Json to = Json::array();
    for (const auto& key : order) {
      Json one = {{"value", key.first}};
      if (!key.second.empty()) one["variant"] = key.second;
      for (const auto& [name, numbers] : groups[key]) one[name] = mean_of(numbers);
      to.push_back(one);
    }
    return to;
  }

  /// Returns the least value from which on the sparse pipeline (both stages) needs less than the full network at every
  /// value; null if there is none.
  static Json pays_from(const Json& summary) {
    Json to;
    for (const char* figure : {"peak_bytes", "seconds_per_epoch"}) {
      std::map<int64_t, std::map<std::string, double>> found;
      for (const Json& row : summary)
        if (row.at(figure).at("mean").is_number())
          found[row.at("value")][row.at("variant")] = row.at(figure).at("mean");
      Json from = nullptr;
      for (const auto& [value, of] : found) {
        const bool pays =
            of.contains("spexphormer") && of.contains("exphormer") && of.at("spexphormer") < of.at("exphormer");
        if (!pays)
          from = nullptr;
        else if (from.is_null())
          from = value;
      }
      to[figure] = from;
    }
    return to;
  }

  const DatasetOf& data_;
  const Recipe& recipe_;
  const StudyRequest& request_;
  Observer& observer_;
  const bool of_key_;  ///< the axis is a key of the recipe
  std::vector<int64_t> values_;
  std::vector<std::string> texts_;  ///< the values of the key
  std::string metric_;              ///< name of the metric of `val` and `test`
};

}  // namespace

std::string study_axis_error(const std::string& axis) {
  for (const char* name : {"width", "k", "density", "size"})
    if (axis == name) return "";
  if (find_recipe_key(axis)) return "";
  return str("axis is '", axis, "'; expected width, k, density, size or a key of a recipe", suggest_recipe_key(axis));
}

Json study(const DatasetOf& data, const Recipe& recipe, const StudyRequest& request, Observer& observer) {
  if (const std::string error = study_axis_error(request.axis); !error.empty()) throw Error(error);
  return Study(data, recipe, request, observer).run();
}

}  // namespace graphsieve
