// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/training_data.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/npy_file.h"

namespace graphsieve {
namespace {

constexpr const char *kIntegerIds = "node_id.npy", *kTextStarts = "node_id_start.npy", *kTextIds = "node_id_text.npy";
constexpr const char* kScalesFile = "feature_scales.npy";

/// Reads the ids of the training data's `count` nodes.
StoredIds read_ids(const RunFiles& files, int64_t count) {
  StoredIds ids;
  if (files.wrote(kIntegerIds)) {
    std::vector<int64_t> shape = {count};
    ids.integers = map_npy<int64_t>(files.verified(kIntegerIds), shape);
  } else if (files.wrote(kTextStarts)) {
    std::vector<int64_t> starts = {count + 1}, bytes = {-1};
    ids.text_start = map_npy<int64_t>(files.verified(kTextStarts), starts);
    ids.texts = map_npy<uint8_t>(files.verified(kTextIds), bytes);
    const bool ascend = std::is_sorted(ids.text_start.begin(), ids.text_start.end());
    if (!ascend || ids.text_start[0] != 0 || ids.text_start[count] != std::ssize(ids.texts))
      throw Error((files.folder() / kTextStarts).string(), ": does not ascend from 0 to the ", ids.texts.size(),
                  " bytes of texts");
  }
  return ids;
}

}  // namespace

std::vector<std::string> write_training_data(const PreparedData& data, const std::filesystem::path& folder) {
  std::vector<std::string> names;
  const StoredIds& ids = data.data.ids;
  if (!ids.integers.empty()) {
    write_npy<int64_t>(folder / kIntegerIds, {data.data.nodes}, ids.integers);
    names.emplace_back(kIntegerIds);
  } else if (!ids.text_start.empty()) {
    write_npy<int64_t>(folder / kTextStarts, {data.data.nodes + 1}, ids.text_start);
    write_npy<uint8_t>(folder / kTextIds, {std::ssize(ids.texts)}, ids.texts);
    names.insert(names.end(), {kTextStarts, kTextIds});
  }
  if (data.data.schema) {
    write_text_file(folder / kSchemaFile, schema_text(*data.data.schema));
    names.emplace_back(kSchemaFile);
  }
  if (data.scales) {
    std::vector<double> both = data.scales->mean;
    both.insert(both.end(), data.scales->factor.begin(), data.scales->factor.end());
    write_npy<double>(folder / kScalesFile, {2, std::ssize(data.scales->mean)}, std::span<const double>(both));
    names.emplace_back(kScalesFile);
  }
  return names;
}

TrainingData read_training_data(const RunFiles& files) {
  TrainingData data;
  // A run of an earlier version does not tell the kind of its ids.
  const JsonObject graph(files.result().at("graph"), (files.folder() / "result.json").string(), "graph");
  if (graph.has("ids")) {
    const int64_t nodes = graph.count("nodes", 1);
    data.nodes = TrainingNodes{nodes, graph.get<std::string>("ids") == "none" ? StoredIds() : read_ids(files, nodes)};
  }
  if (files.wrote(kSchemaFile))
    data.schema = parse_schema(files.text(kSchemaFile), (files.folder() / kSchemaFile).string());
  if (!files.wrote(kScalesFile)) return data;
  std::vector<int64_t> shape = {2, -1};
  const Array<double> both = map_npy<double>(files.verified(kScalesFile), shape);
  if (!std::all_of(both.begin(), both.end(), [](double x) { return std::isfinite(x); }))
    throw Error((files.folder() / kScalesFile).string(), ": holds a number that is not finite");
  const auto middle = both.begin() + std::ssize(both) / 2;
  data.scales = FeatureScales{{both.begin(), middle}, {middle, both.end()}};
  return data;
}

}  // namespace graphsieve
