// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/compress/compress.h"

#include <torch/torch.h>

#include <chrono>

#include "graphsieve/base/error.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/compress/measure.h"
#include "graphsieve/compress/method.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/evaluate/evaluation.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/run/figures.h"
#include "graphsieve/run/metrics_file.h"
#include "graphsieve/run/predictions.h"
#include "graphsieve/runtime/torch_settings.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using Json = nlohmann::json;

/// Throws Error if the run cannot be compressed to the requested width.
void check(const LoadedRun& run, const CompressOptions& o) {
  run.require_same_graph();
  if (run.network.is_empty())
    throw Error(run.folder.path.string(),
                ": this run has no network (stage 1 alone); stage 2 trains one from its scores (", option("scores"),
                ")");
  const int64_t width = run.folder.recipe.network.width;
  const bool chosen = o.method == "auto" && o.width == 0;
  if (!chosen && (o.width < 1 || o.width > width))
    throw Error("width is ", o.width, ", the network's is ", width, "; expected 1 to ", width);
}

/// Returns the run's recipe with the form and the widths of the narrow network.
Recipe recipe_of(const LoadedRun& run, const nn::TransformerShape& shape) {
  Recipe recipe = run.folder.recipe;
  NetworkRecipe& n = recipe.network;
  n.form = shape.compressed ? "compressed" : "bilinear";
  n.width = shape.width, n.first_width = shape.first_width, n.heads = shape.heads, n.ffn_width = shape.ffn_width;
  n.key_width = shape.key_width, n.value_width = shape.value_width;
  n.dropout = shape.dropout;
  n.outer_width = n.pre_layers > 0 || n.output_layers > 1 ? shape.outer_width : 0;
  return recipe;
}

/// Returns the network that computes the compressed maps.
nn::Transformer network_of(const Compression& found, nn::Transformer& wide, const Tensor& outer,
                           const std::vector<LayerEdges>& edges) {
  if (found.attention_alone) return with_attention_of(found.maps, wide);
  return network_of(found.maps, shape_of(found.maps, wide->shape()), wide, trace(found.maps, outer, edges, false));
}

/// Writes the files of the run folder. result.json is that of the wide run, with the figures of the narrow network.
void write_run(const fs::path& to, const LoadedRun& run, const Split& split, const nn::Transformer& network,
               const Json& report) {
  const FileRecords linked =
      link_files(run.folder.files, to,
                 {"split.json", "estimator.safetensors", "epsilon.json", "scores/", "schema.json", "feature_scales.npy",
                  "feature_ranges.npy", "label_inputs.npy", "node_id.npy", "node_id_start.npy", "node_id_text.npy",
                  "estimator_norms.safetensors"});
  write_network(to / "network.safetensors", network);
  write_text_file(to / "recipe.yaml", to_yaml(recipe_of(run, network->shape())));
  write_json(to / "compression.json", report);
  nn::Transformer narrow = network;
  const Predictions p = predictions_of(narrow(run.input(), ForwardOptions()), *run.task);
  write_predictions(to / "predictions.csv", p, run.prepared.data, *run.task, split);
  write_quality(to, p, *run.task, split);

  Json result = run.folder.result;
  Json& one = result["runs"][0];
  const Json& came = report["measured"]["narrow"];
  for (const char* part : {"val", "test"}) one[part] = one["network"][part] = came[part];
  one["per_class"] = class_json(run.task->per_class(p, split.test));
  one["network"]["parameters"] = came["parameters"];
  one["network"]["epochs"] = report["epochs"];
  one["network"]["seconds"] = report["seconds"];
  one["network"]["sampling_seconds"] = 0;
  result["compression"] = {{"method", report["method"]}, {"from", report["from"]}, {"width", came["width"]}};
  result["test_mean"] = came["test"];
  result["test_std"] = 0;
  result["seconds"] = report["seconds"];
  result["format"] = kRunVersion;
  write_json(to / "result.json", result);
  write_run_card(to, linked);
}

}  // namespace

Json compress(Dataset data, const CompressRequest& request, Observer& observer) {
  const TorchSettings torch_settings;
  const torch::NoGradGuard no_grad;
  const CompressMethod method = method_of(request.options.method);
  LoadedRun run(request.run, data, observer);
  check(run, request.options);
  // The maps are computed in float64, and a narrow network gains nothing from rows in bfloat16.
  run.folder.recipe.network.precision = run.folder.recipe.network.eval_precision = "float32";
  run.network->keep_rows_in(at::kFloat);
  AtomicFolder folder({.target = request.out,
                       .overwrite = request.overwrite,
                       .numbered = request.numbered,
                       .inputs = {request.run, data.source}});
  const auto start = std::chrono::steady_clock::now();
  const Split split = read_split(run.folder.files.verified("split.json"), data.labels);
  // The wide network and everything that flows through it are converted to float64 once, for the method.
  const NetworkInput input = run.input();
  const Tensor outer = run.network->input()->outer(input).to(at::kDouble);
  const NetworkMaps wide = maps_of(run.network);
  const Trace of_wide = trace(wide, outer, input.layers, true);
  MetricsFile metrics(folder.path() / "metrics.jsonl", 0);
  int64_t epochs = 0;
  const CompressTask task{
      wide, outer, input.layers, of_wide, request.options, observer, &run, &split, [&](const EpochRecord& r) {
        metrics.write(r);
        ++epochs;
      }};
  Compression found = method(task);
  if (observer.stop_requested()) throw Interrupted();
  if (found.network.is_empty()) found.network = network_of(found, run.network, outer, input.layers);
  Json report = {{"method", request.options.method},
                 {"from", path_text(fs::absolute(request.run).lexically_normal())},
                 {"model", run.folder.recipe.model},
                 {"metric", run.task->metric().name},
                 {"epochs", epochs},
                 {"assumption", found.assumption},
                 {"promise", found.promise},
                 {"measured", measured(task, found)}};
  report["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_run(folder.path(), run, split, found.network, report);
  folder.commit();
  report["out"] = (request.numbered ? fs::proximate(folder.target()) : request.out).string();
  return report;
}

}  // namespace graphsieve
