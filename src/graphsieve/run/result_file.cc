// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/result_file.h"

#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/files/json_file.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

enum class Kind { kTexts, kText, kFlag, kCount, kSeed, kNumber, kNumberOrNull, kCounts };

/// A value that may be absent, but must otherwise be of this kind. Null stands for NaN if a number may be NaN.
struct Field {
  const char* key;
  Kind kind;
};

/// Throws Error if one of the fields is present and of another kind. The getters of JsonObject throw it.
void check(const JsonObject& object, const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (!object.has(field.key)) continue;
    switch (field.kind) {
      case Kind::kText:
        object.get<std::string>(field.key);
        break;
      case Kind::kTexts:
        object.get<std::vector<std::string>>(field.key);
        break;
      case Kind::kFlag:
        object.get<bool>(field.key);
        break;
      case Kind::kCount:
        object.count(field.key);
        break;
      case Kind::kSeed:
        object.get<uint64_t>(field.key);
        break;
      case Kind::kNumber:
        object.get<double>(field.key);
        break;
      case Kind::kNumberOrNull:
        object.number_or_nan(field.key);
        break;
      case Kind::kCounts:
        object.get<std::vector<int64_t>>(field.key);
        break;
    }
  }
}

/// Checks the figures of one stage of a run.
void check_stage(const JsonObject& stage) {
  check(stage, {{"val", Kind::kNumberOrNull},
                {"test", Kind::kNumberOrNull},
                {"epochs", Kind::kCount},
                {"best_epoch", Kind::kCount},
                {"seconds", Kind::kNumber},
                {"sampling_seconds", Kind::kNumber},
                {"waiting_seconds", Kind::kNumber},
                {"peak_tensor_bytes", Kind::kCount},
                {"peak_device_bytes", Kind::kCount},
                {"peak_ram_bytes", Kind::kCount},
                {"peak_scratch_bytes", Kind::kCount},
                {"resident_bytes_at_start", Kind::kCount},
                {"peak_resident_bytes", Kind::kCount},
                {"draws_whole_graph", Kind::kFlag},
                {"batches_per_read", Kind::kCount},
                {"evaluated_at_once", Kind::kCount},
                {"parameters", Kind::kCount},
                {"temperature", Kind::kNumber},
                {"edges_per_layer", Kind::kCounts},
                {"edge_share", Kind::kNumberOrNull}});
}

/// Checks one entry of "runs". A stage that the run does not have is null.
void check_run(const JsonObject& run) {
  for (const char* key : {"split", "best_epoch"}) run.count(key);
  run.get<uint64_t>("seed");
  for (const char* stage : {"estimator", "network"})
    if (!run.at(stage).is_null()) check_stage(run.object(stage));
  check(run, {{"val", Kind::kNumberOrNull}, {"test", Kind::kNumberOrNull}, {"k", Kind::kCounts}});
  if (run.has("learned")) run.object("learned");
  if (run.has("signs")) run.get<std::vector<std::string>>("signs");
  if (!run.has("per_class")) return;
  for (const JsonObject& row : run.objects("per_class"))
    check(row, {{"support", Kind::kCount},
                {"precision", Kind::kNumberOrNull},
                {"recall", Kind::kNumberOrNull},
                {"f1", Kind::kNumberOrNull}});
}

/// Checks the whole of a result.
void check_result(const JsonObject& result) {
  check(result, {{"version", Kind::kText},
                 {"torch", Kind::kText},
                 {"model", Kind::kText},
                 {"recipe", Kind::kText},
                 {"protocol", Kind::kText},
                 {"metric", Kind::kText},
                 {"test_mean", Kind::kNumberOrNull},
                 {"test_std", Kind::kNumberOrNull},
                 {"seconds", Kind::kNumber},
                 {"peak_rss_bytes", Kind::kCount},
                 {"device", Kind::kText}});
  check(result.object("graph"), {{"name", Kind::kText},
                                 {"source", Kind::kText},
                                 {"fingerprint", Kind::kText},
                                 {"generated", Kind::kFlag},
                                 {"generator_seed", Kind::kSeed},
                                 {"attention_seed", Kind::kSeed},
                                 {"nodes", Kind::kCount},
                                 {"edges", Kind::kCount},
                                 {"attention_edges", Kind::kCount},
                                 {"edge_types", Kind::kCount},
                                 {"expander_spectral_gap", Kind::kNumberOrNull},
                                 {"features", Kind::kCount},
                                 {"classes", Kind::kCount},
                                 {"class_names", Kind::kTexts},
                                 {"edge_type_names", Kind::kTexts},
                                 {"several_labels", Kind::kFlag},
                                 {"labels", Kind::kText},
                                 {"ids", Kind::kText}});
  for (const JsonObject& run : result.objects("runs")) check_run(run);
  if (!result.null("compression"))
    check(result.object("compression"), {{"method", Kind::kText}, {"from", Kind::kText}, {"width", Kind::kCount}});
}

}  // namespace

Json read_result(const RunFiles& files) {
  const std::string where = (files.folder() / "result.json").string();
  const Json& json = files.result();
  // A folder of another program could have a result.json too.
  if (!json.contains("graph") || !json.contains("runs") || json["runs"].empty())
    throw Error(where, ": not a run's result; expected an object with 'graph' and a list 'runs'");
  check_result(JsonObject(json, where));
  return json;
}

Json read_result(const std::filesystem::path& folder) { return read_result(RunFiles(folder)); }

}  // namespace graphsieve
