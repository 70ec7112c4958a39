// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/training_data.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "graphsieve/base/error.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/npy_file.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr const char *kIntegerIds = "node_id.npy", *kTextStarts = "node_id_start.npy", *kTextIds = "node_id_text.npy";
constexpr int64_t kMostNodes = 1'000'000;  ///< nodes whose features are looked at for the ranges
constexpr const char *kScalesFile = "feature_scales.npy", *kRangesFile = "feature_ranges.npy",
                     *kLabelsFile = "label_inputs.npy";

/// Writes lists of numbers of one length as the rows of a file.
void write_rows(const fs::path& file, const std::vector<const std::vector<double>*>& rows) {
  std::vector<double> all;
  for (const auto* row : rows) all.insert(all.end(), row->begin(), row->end());
  write_npy<double>(file, {std::ssize(rows), std::ssize(*rows[0])}, std::span<const double>(all));
}

/// Reads the rows of a file of finite numbers.
std::vector<std::vector<double>> read_rows(const RunFiles& files, const char* name, int64_t count) {
  std::vector<int64_t> shape = {count, -1};
  const Array<double> all = map_npy<double>(files.verified(name), shape);
  if (!std::all_of(all.begin(), all.end(), [](double x) { return std::isfinite(x); }))
    throw Error((files.folder() / name).string(), ": holds a number that is not finite");
  std::vector<std::vector<double>> rows;
  for (int64_t r = 0; r < count; ++r) rows.emplace_back(all.begin() + r * shape[1], all.begin() + (r + 1) * shape[1]);
  return rows;
}

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

FeatureRanges training_ranges(const Features& features) {
  if (features.rows <= kMostNodes) return feature_ranges(features);
  const std::vector<int32_t> nodes = evenly_spaced(features.rows, kMostNodes);
  return feature_ranges(features, &nodes);
}

std::vector<std::string> write_training_data(const PreparedData& data, const FeatureRanges& ranges,
                                             const std::filesystem::path& folder) {
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
    write_rows(folder / kScalesFile, {&data.scales->mean, &data.scales->factor});
    names.emplace_back(kScalesFile);
  }
  write_rows(folder / kRangesFile, {&ranges.least, &ranges.most, &ranges.mean, &ranges.size});
  names.emplace_back(kRangesFile);
  if (data.features.labels) {
    const at::Tensor value = data.features.labels->value.to(at::kFloat).cpu();
    write_npy<float>(folder / kLabelsFile, {value.size(0), value.size(1)},
                     std::span<const float>(value.const_data_ptr<float>(), static_cast<size_t>(value.numel())));
    names.emplace_back(kLabelsFile);
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
  if (files.wrote(kScalesFile)) {
    auto rows = read_rows(files, kScalesFile, 2);
    data.scales = FeatureScales{std::move(rows[0]), std::move(rows[1])};
  }
  if (files.wrote(kRangesFile)) {
    auto rows = read_rows(files, kRangesFile, 4);
    const int64_t nodes = data.nodes ? data.nodes->count : 0;
    data.ranges = FeatureRanges{nodes, std::move(rows[0]), std::move(rows[1]), std::move(rows[2]), std::move(rows[3])};
  }
  if (files.wrote(kLabelsFile)) {
    std::vector<int64_t> shape = {-1, -1};
    const Array<float> all = map_npy<float>(files.verified(kLabelsFile), shape);
    if (!std::all_of(all.begin(), all.end(), [](float x) { return std::isfinite(x); }))
      throw Error((files.folder() / kLabelsFile).string(), ": holds a number that is not finite");
    data.label_inputs = at::empty(shape, at::kFloat);
    std::copy(all.begin(), all.end(), data.label_inputs.mutable_data_ptr<float>());
  }
  return data;
}

}  // namespace graphsieve
