// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/training_data.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/npy_file.h"

namespace graphsieve {
namespace {

constexpr const char* kScalesFile = "feature_scales.npy";

}  // namespace

std::vector<std::string> write_training_data(const PreparedData& data, const std::filesystem::path& folder) {
  std::vector<std::string> names;
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
