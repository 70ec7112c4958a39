// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/split_file.h"

#include <cmath>
#include <string>

#include "graphsieve/base/error.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/npz.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// Adds a node by its number. Throws Error if there is no such node.
void add_node(std::vector<int32_t>& part, double number, int64_t nodes, const std::string& where) {
  if (!(number >= 0 && number < static_cast<double>(nodes)) || number != std::floor(number))
    throw Error(where, ": node ", number, ", expected a whole number from 0 to ", nodes - 1);
  part.push_back(static_cast<int32_t>(number));
}

/// Adds one part of each split from an array of node numbers, or of masks [n], [splits, n] or [n, splits].
void add_part(const NpyArray& array, std::vector<int32_t> Split::* part, int64_t nodes, std::vector<Split>& splits) {
  const std::vector<int64_t>& shape = array.shape;
  const bool several = shape.size() == 2, masks = several || array.kind == NpyKind::kBool;
  const bool by_node = several && shape[0] == nodes && shape[1] != nodes;
  if (shape.empty() || shape.size() > 2 || (masks && !by_node && shape.back() != nodes))
    throw Error(array.where, " is ", array.dtype(), " ", array.shape_text(),
                ", expected a list of node numbers, or masks of the ", nodes, " nodes");
  const int64_t count = !several ? 1 : by_node ? shape[1] : shape[0];
  if (splits.empty()) splits.resize(count);
  if (count != std::ssize(splits))
    throw Error(array.where, " holds ", count, " splits, the arrays before it ", splits.size());
  const std::vector<double> values = array.as<double>();
  for (int64_t i = 0; i < std::ssize(values); ++i) {
    if (!masks)
      add_node(splits[0].*part, values[i], nodes, array.where);
    else if (values[i] != 0)
      (splits[by_node ? i % count : i / nodes].*part).push_back(static_cast<int32_t>(by_node ? i / count : i % nodes));
  }
}

std::vector<Split> from_npz(const fs::path& path, int64_t nodes) {
  const NpzFile file(path);
  std::vector<Split> splits;
  for (const SplitPart& part : split_parts())
    for (const std::string& name : part.names)
      if (file.has(name)) add_part(file.read(name), part.nodes, nodes, splits);
  if (splits.empty()) throw Error(path.string(), ": expected arrays train, valid and test");
  return splits;
}

Split from_json(const JsonObject& object, int64_t nodes, const std::string& where) {
  Split split;
  for (const SplitPart& part : split_parts())
    for (const std::string& name : part.names) {
      if (!object.has(name)) continue;
      const nlohmann::json& list = object.at(name);
      if (!list.is_array()) object.refuse(name, "a list of node numbers");
      for (const nlohmann::json& number : list) {
        if (!number.is_number()) object.refuse(name, "a list of node numbers");
        add_node(split.*part.nodes, number.get<double>(), nodes, str(where, ": ", name));
      }
    }
  return split;
}

std::vector<Split> from_json_file(const fs::path& path, int64_t nodes) {
  const nlohmann::json content = read_json(path);
  std::vector<Split> splits;
  if (!content.is_array()) return {from_json(JsonObject(content, path.string()), nodes, path.string())};
  for (size_t s = 0; s < content.size(); ++s) {
    const std::string where = str(path.string(), ": split ", s);
    splits.push_back(from_json(JsonObject(content[s], where), nodes, where));
  }
  return splits;
}

}  // namespace

std::vector<Split> read_split_file(const fs::path& path, const Dataset& data) {
  const std::string extension = path.extension().string();
  std::vector<Split> splits = extension == ".npz" ? from_npz(path, data.nodes) : from_json_file(path, data.nodes);
  for (size_t s = 0; s < splits.size(); ++s)
    check_split(splits[s], data.labels, splits.size() == 1 ? path.string() : str(path.string(), ": split ", s));
  return splits;
}

}  // namespace graphsieve
