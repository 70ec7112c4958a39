// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/layouts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

constexpr int64_t kMostNodes = std::numeric_limits<int32_t>::max() - 1;

/// Throws Error unless the array has this number of dimensions.
void check_dims(const NpyArray& array, size_t dims, const char* expected) {
  if (array.shape.size() != dims) throw Error(array.where, ": shape ", array.shape_text(), ", expected ", expected);
}

void check_length(const NpyArray& array, int64_t length, const char* of) {
  check_dims(array, 1, "one dimension");
  if (array.shape[0] != length) throw Error(array.where, ": ", array.shape[0], " entries, expected ", length, ", ", of);
}

int64_t checked_nodes(int64_t nodes, const std::string& where) {
  if (nodes < 1 || nodes > kMostNodes) throw Error(where, ": ", nodes, " nodes, expected 1 to ", kMostNodes);
  return nodes;
}

/// Reads edges [E, 2]; throws Error, naming the row, if an id is out of range.
void read_edges(const NpyArray& array, Dataset& data) {
  check_dims(array, 2, "[edges, 2]");
  if (array.shape[1] != 2) throw Error(array.where, ": shape ", array.shape_text(), ", expected [edges, 2]");
  const std::vector<int64_t> ids = array.as<int64_t>();
  data.edges.resize(array.shape[0]);
  for (size_t e = 0; e < data.edges.size(); ++e) {
    for (const int64_t id : {ids[2 * e], ids[2 * e + 1]})
      if (id < 0 || id >= data.nodes)
        throw Error(array.where, ": row ", e, ": node ", id, ", expected 0 to ", data.nodes - 1);
    data.edges[e] = {static_cast<int32_t>(ids[2 * e]), static_cast<int32_t>(ids[2 * e + 1])};
  }
}

/// Reads masks as 0/1 values [splits, n] in row-major order, and sets the number of splits.
std::vector<uint8_t> read_masks(const NpyArray& array, int64_t nodes, int64_t& splits) {
  std::vector<uint8_t> values = array.as<uint8_t>();
  const std::vector<int64_t>& shape = array.shape;
  const bool flat = shape.size() == 1 && shape[0] == nodes;
  const bool rows = shape.size() == 2 && shape[1] == nodes;
  if (!flat && !rows && !(shape.size() == 2 && shape[0] == nodes))
    throw Error(array.where, ": shape ", array.shape_text(), ", expected [splits, ", nodes, "] or [", nodes, "]");
  splits = flat ? 1 : rows ? shape[0] : shape[1];
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] > 1) throw Error(array.where, ": element ", i, " is ", int{values[i]}, ", expected 0 or 1");
  if (flat || rows) return values;
  std::vector<uint8_t> turned(values.size());
  for (int64_t i = 0; i < nodes; ++i)
    for (int64_t s = 0; s < splits; ++s) turned[s * nodes + i] = values[i * splits + s];
  return turned;
}

/// Reads the row starts of a CSR matrix and checks them against its number of entries.
std::vector<int64_t> read_indptr(const NpyArray& array, int64_t rows, int64_t entries) {
  check_length(array, rows + 1, "the number of rows and one");
  std::vector<int64_t> out = array.as<int64_t>();
  if (out.front() != 0 || out.back() != entries)
    throw Error(array.where, ": from ", out.front(), " to ", out.back(), ", expected 0 to the ", entries, " entries");
  for (int64_t i = 0; i < rows; ++i)
    if (out[i + 1] < out[i]) throw Error(array.where, ": row ", i, " goes from ", out[i], " back to ", out[i + 1]);
  return out;
}

/// Reads the rows and columns of a matrix.
std::pair<int64_t, int64_t> read_shape(const NpyArray& array) {
  check_length(array, 2, "rows and columns");
  const std::vector<int64_t> shape = array.as<int64_t>();
  if (shape[0] < 0 || shape[1] < 0 || std::max(shape[0], shape[1]) > kMostNodes)
    throw Error(array.where, ": ", shape[0], " x ", shape[1], ", expected lengths up to ", kMostNodes);
  return {shape[0], shape[1]};
}

/// Reads column ids and checks them against the number of columns; messages name the row.
std::vector<int32_t> read_indices(const NpyArray& array, const std::vector<int64_t>& row_start, int64_t columns) {
  std::vector<int64_t> ids = array.as<int64_t>();
  for (size_t e = 0; e < ids.size(); ++e)
    if (ids[e] < 0 || ids[e] >= columns) {
      const auto row =
          std::upper_bound(row_start.begin(), row_start.end(), static_cast<int64_t>(e)) - row_start.begin() - 1;
      throw Error(array.where, ": entry ", e, ", of row ", row, ": ", ids[e], ", expected 0 to ", columns - 1);
    }
  return {ids.begin(), ids.end()};
}

/// Reads the edges from the CSR matrix of a shchur file.
void read_adjacency(const NamedArrays& file, Dataset& data) {
  const NpyArray shape = file.read("adj_shape"), indices = file.read("adj_indices"), indptr = file.read("adj_indptr");
  const auto [rows, columns] = read_shape(shape);
  if (rows != columns) throw Error(shape.where, ": ", rows, " x ", columns, ", expected a square");
  data.nodes = checked_nodes(rows, shape.where);
  check_dims(indices, 1, "one dimension");
  const std::vector<int64_t> row_start = read_indptr(indptr, rows, indices.shape[0]);
  const std::vector<int32_t> ids = read_indices(indices, row_start, columns);
  data.edges.reserve(ids.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t e = row_start[i]; e < row_start[i + 1]; ++e) data.edges.emplace_back(static_cast<int32_t>(i), ids[e]);
  if (!file.has("adj_data")) return;
  const NpyArray array = file.read("adj_data");
  check_length(array, indices.shape[0], "one per edge");
  const std::vector<double> weights = array.as<double>();
  if (std::any_of(weights.begin(), weights.end(), [](double w) { return w != 1; }))
    data.notes.push_back("some edges have a weight other than 1; weights are not used");
}

/// Sorts every row by column. Throws Error if a column occurs twice in a row.
void sort_rows(Features& features, const std::string& where) {
  std::vector<std::pair<int32_t, float>> row;
  for (int64_t i = 0; i < features.rows; ++i) {
    const int64_t begin = features.row_start[i], end = features.row_start[i + 1];
    const auto first = features.column.begin() + begin, last = features.column.begin() + end;
    if (!std::is_sorted(first, last)) {
      row.clear();
      for (int64_t e = begin; e < end; ++e) row.emplace_back(features.column[e], features.value[e]);
      std::sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (int64_t e = begin; e < end; ++e) std::tie(features.column[e], features.value[e]) = row[e - begin];
    }
    const auto twice = std::adjacent_find(first, last);
    if (twice != last) throw Error(where, ": row ", i, ": column ", *twice, " appears twice");
  }
}

/// Reads the CSR features of a shchur file, with sorted rows.
Features sparse_features(const NamedArrays& file) {
  const NpyArray shape = file.read("attr_shape"), indices = file.read("attr_indices"), values = file.read("attr_data");
  Features out;
  std::tie(out.rows, out.cols) = read_shape(shape);
  check_dims(indices, 1, "one dimension");
  out.row_start = read_indptr(file.read("attr_indptr"), out.rows, indices.shape[0]);
  out.column = read_indices(indices, out.row_start, out.cols);
  check_length(values, indices.shape[0], "one an entry of attr_indices");
  out.value = values.as<float>();
  sort_rows(out, indices.where);
  return out;
}

/// Reads one class per node; the number of classes is the largest class plus 1.
Labels single_labels(const NpyArray& array) {
  Labels out;
  const std::vector<double> values = array.as<double>();
  out.single.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = std::isnan(values[i]) ? -1 : values[i];
    if (value != std::trunc(value) || value < -1 || value >= kMostClasses)
      throw Error(array.where, ": node ", i, ": label ", values[i], ", expected an integer from 0 to ",
                  kMostClasses - 1, ", or -1 or NaN for none; numbers to predict are named ", kNumbersArray);
    out.single[i] = static_cast<int32_t>(value);
    out.classes = std::max<int64_t>(out.classes, out.single[i] + 1);
  }
  return out;
}

/// Reads 0/1 labels; -1 and NaN mean that a label is missing.
Labels multi_labels(const NpyArray& array) {
  Labels out;
  out.classes = array.shape[1];
  out.values = array.as<float>();
  for (size_t i = 0; i < out.values.size(); ++i) {
    float& value = out.values[i];
    if (value == -1) value = std::numeric_limits<float>::quiet_NaN();
    if (!std::isnan(value) && value != 0 && value != 1)
      throw Error(array.where, ": node ", i / out.classes, ", label ", i % out.classes, ": ", value,
                  ", expected 0, 1, or -1 or NaN for none");
  }
  return out;
}

/// Reads numbers to predict; NaN means that a number is missing.
Labels numbers_of(const NpyArray& array) {
  Labels out;
  out.numbers = true;
  out.classes = array.shape.size() == 1 ? 1 : array.shape[1];
  const std::vector<double> values = array.as<double>();
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<float>(values[i]);
    if (std::isinf(value))
      throw Error(array.where, ": node ", i / out.classes, ": ", values[i],
                  ", expected a number that fits in 32 bits, or NaN for none");
    out.values.push_back(value);
  }
  return out;
}

/// Returns the numbers to predict, if the file has them, or else the labels of the array `labels`.
Labels labels_in(const NamedArrays& file, const char* labels, const std::string& path, int64_t nodes) {
  if (!file.has(kNumbersArray)) return read_labels(file.read(labels), nodes, false);
  if (file.has(labels))
    throw Error(path, ": has both ", labels, " and ", kNumbersArray,
                ", expected classes or numbers to predict, not both");
  return read_labels(file.read(kNumbersArray), nodes, true);
}

}  // namespace

void read_splits(const NamedArrays& file, const std::string& path, Dataset& data) {
  const char* const names[] = {"train_masks", "val_masks", "test_masks"};
  std::vector<int32_t> Split::* const parts[] = {&Split::train, &Split::val, &Split::test};
  const auto present = std::count_if(std::begin(names), std::end(names), [&](auto name) { return file.has(name); });
  if (present == 0) return;
  for (int part = 0; part < 3; ++part) {
    if (!file.has(names[part]))
      throw Error(path, ": array '", names[part],
                  "' is missing, expected all or none of train_masks, val_masks, test_masks");
    int64_t splits = 0;
    const std::vector<uint8_t> masks = read_masks(file.read(names[part]), data.nodes, splits);
    if (part == 0) data.given_splits.resize(splits);
    if (splits != static_cast<int64_t>(data.given_splits.size()))
      throw Error(path, ": ", names[part], " holds ", splits, " splits, train_masks ", data.given_splits.size());
    for (int64_t s = 0; s < splits; ++s)
      for (int64_t i = 0; i < data.nodes; ++i)
        if (masks[s * data.nodes + i]) (data.given_splits[s].*parts[part]).push_back(static_cast<int32_t>(i));
  }
}

Labels read_labels(const NpyArray& array, int64_t nodes, bool numbers) {
  const bool one = array.shape.size() == 1 || (array.shape.size() == 2 && array.shape[1] == 1);
  if (!one && (array.shape.size() != 2 || array.shape[1] < 1))
    throw Error(array.where, ": shape ", array.shape_text(), ", expected [", nodes, "] or [", nodes, ", labels]");
  if (array.shape[0] != nodes)
    throw Error(array.where, ": ", array.shape[0], " labels, expected ", nodes, ", one per node");
  if (numbers) return numbers_of(array);
  return one ? single_labels(array) : multi_labels(array);
}

Features dense_features(const NpyArray& array) {
  check_dims(array, 2, "[nodes, features]");
  Features out;
  out.rows = array.shape[0];
  out.cols = array.shape[1];
  out.dense = array.as_floats();
  return out;
}

void read_heterophilous(const NamedArrays& file, const std::string& path, Dataset& data) {
  data.features = file.read_features("node_features");
  data.nodes = checked_nodes(data.features.rows, path);
  data.labels = labels_in(file, "node_labels", path, data.nodes);
  read_edges(file.read("edges"), data);
  read_splits(file, path, data);
}

void read_linkx(const MatFile& file, Dataset& data) {
  data.features = dense_features(file.read("node_feat"));
  data.nodes = checked_nodes(data.features.rows, "node_feat");
  NpyArray labels = file.read("label");
  if (labels.shape[0] == 1) labels.shape = {labels.size()};
  data.labels = read_labels(labels, data.nodes, false);
  read_edges(file.read("edge_index", true), data);
  if (!file.has("num_nodes")) return;
  const NpyArray count = file.read("num_nodes");
  if (count.size() != 1 || count.as<int64_t>()[0] != data.nodes)
    throw Error(count.where, ": is not the ", data.nodes, " rows of node_feat");
}

void read_shchur(const NamedArrays& file, const std::string& path, Dataset& data) {
  read_adjacency(file, data);
  const bool dense = file.has("attr_matrix");
  data.features = dense ? file.read_features("attr_matrix") : sparse_features(file);
  if (data.features.rows != data.nodes)
    throw Error(path, ": ", dense ? "attr_matrix" : "attr_shape", " has ", data.features.rows, " rows, expected ",
                data.nodes, ", one per node");
  data.labels = labels_in(file, "labels", path, data.nodes);
}

}  // namespace graphsieve
