// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/datasets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <mutex>
#include <span>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/datasets/known_datasets.h"
#include "graphsieve/datasets/layouts.h"
#include "graphsieve/files/npz.h"

namespace graphsieve {
namespace {

constexpr int64_t kLabelBlock = 1 << 16;

/// True if the file has all of these arrays.
bool has_all(const NamedArrays& file, std::initializer_list<const char*> names) {
  return std::all_of(names.begin(), names.end(), [&](const char* name) { return file.has(name); });
}

/// Throws Error for a file with neither layout, listing the arrays that it has.
[[noreturn]] void fail_layout(const NamedArrays& file, const std::string& path) {
  std::string found;
  for (const std::string& name : file.names) found += (found.empty() ? "" : ", ") + name;
  throw Error(path, ": holds ", found.empty() ? "no arrays" : found,
              "; expected node_features, node_labels, edges (and train_masks, val_masks, test_masks), or adj_indices, "
              "adj_indptr, adj_shape, labels and attr_data, attr_indices, attr_indptr, attr_shape or attr_matrix");
}

/// Returns the index of the first value that is not finite, or -1 if all are finite.
int64_t first_not_finite(std::span<const float> values) {
  std::mutex mutex;
  int64_t first = -1;
  parallel_blocks(static_cast<int64_t>(values.size()), kLabelBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (std::isfinite(values[i])) continue;
      const std::lock_guard lock(mutex);
      if (first < 0 || i < first) first = i;
      return;
    }
  });
  return first;
}

/// Throws Error, naming node and column, if a feature is not finite.
void check_features(const Features& features, const std::string& path) {
  if (features.cols < 1) throw Error(path, ": ", features.cols, " feature columns, expected at least 1");
  const std::span<const float> values =
      features.sparse() ? std::span<const float>(features.value) : std::span<const float>(features.dense);
  const int64_t at = first_not_finite(values);
  if (at < 0) return;
  int64_t row = at / features.cols, column = at % features.cols;
  if (features.sparse()) {
    row = std::upper_bound(features.row_start.begin(), features.row_start.end(), at) - features.row_start.begin() - 1;
    column = features.column[at];
  }
  throw Error(path, ": feature of node ", row, ", column ", column, " is ", values[at], ", expected a finite number");
}

/// Notes classes without nodes, and labels that are all the same.
void note_single_labels(const Labels& labels, Dataset& data) {
  std::vector<int64_t> count(labels.classes, 0);
  for (const int32_t label : labels.single)
    if (label >= 0) ++count[label];
  const auto empty = std::count(count.begin(), count.end(), 0);
  if (empty > 0) data.notes.push_back(str(empty, " of the ", labels.classes, " classes have no node"));
  if (labels.classes - empty == 1) data.notes.push_back("all labelled nodes have the same label");
}

/// Throws Error if no node has a label, and notes what is odd about the labels; with `some_missing`, nodes without a
/// label are nothing odd.
void check_labels(const std::string& path, bool some_missing, Dataset& data) {
  int64_t missing = 0;
  for (int64_t i = 0; i < data.nodes; ++i) missing += !is_labelled(data.labels, i);
  if (missing == data.nodes) throw Error(path, ": no node has a label");
  if (missing > 0 && !some_missing) data.notes.push_back(str(missing, " of ", data.nodes, " nodes have no label"));
  if (data.labels.one_class()) note_single_labels(data.labels, data);
}

/// Checks every split of the file; nodes without a label are removed from them.
void check_splits(const std::string& path, Dataset& data) {
  int64_t dropped = 0;
  for (size_t s = 0; s < data.given_splits.size(); ++s)
    dropped += check_split(data.given_splits[s], data.labels, str(path, ": split ", s, " of the masks"));
  if (dropped > 0) data.notes.push_back(str(dropped, " places in the masks belong to nodes without a label; left out"));
}

void note_edges(Dataset& data) {
  const auto loops =
      std::count_if(data.edges.begin(), data.edges.end(), [](const auto& e) { return e.first == e.second; });
  if (loops > 0) data.notes.push_back(str(loops, " listed edges join a node to itself; left out"));
}

/// Returns a hash of the bytes. Blocks of fixed size are hashed in parallel, and the hashes of the blocks are then
/// combined in their order, so the result does not depend on the number of threads.
uint64_t hash_bytes(std::span<const std::byte> bytes) {
  constexpr int64_t kHashBlock = 1 << 20;
  const auto size = static_cast<int64_t>(bytes.size());
  std::vector<uint64_t> blocks((size + kHashBlock - 1) / kHashBlock);
  parallel_blocks(size, kHashBlock, [&](int64_t begin, int64_t end) {
    uint64_t hash = 0;
    for (int64_t at = begin; at < end; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, static_cast<size_t>(std::min<int64_t>(8, end - at)));
      hash = (std::rotl(hash, 23) ^ mix64(word)) * 0x9E3779B97F4A7C15ull;
    }
    blocks[begin / kHashBlock] = hash;
  });
  uint64_t hash = random_key(bytes.size());
  for (const uint64_t block : blocks) hash = random_key(hash, block);
  return hash;
}

template <class T>
uint64_t hash_of(const T& values) {
  return hash_bytes(std::as_bytes(std::span(values)));
}

/// Reads the arrays in the layout to which their names belong.
void read_arrays(const NamedArrays& file, const std::string& name, Dataset& data) {
  const auto labelled = [&](const char* labels) { return file.has(labels) || file.has(kNumbersArray); };
  if (has_all(file, {"node_features", "edges"}) && labelled("node_labels")) {
    read_heterophilous(file, name, data);
  } else if (has_all(file, {"adj_indices", "adj_indptr", "adj_shape"}) && labelled("labels") &&
             (file.has("attr_matrix") || has_all(file, {"attr_data", "attr_indices", "attr_indptr", "attr_shape"}))) {
    read_shchur(file, name, data);
  } else {
    fail_layout(file, name);
  }
}

/// Reads row-major features without a second copy of them in memory.
Features npz_features(const std::filesystem::path& path, const NpzFile& file, const std::string& array) {
  NpzReader reader(path, array);
  if (reader.fortran_order() || reader.shape().size() != 2) return dense_features(file.read(array));
  Features out;
  out.rows = reader.shape()[0], out.cols = reader.shape()[1];
  out.dense = reader.read_floats();
  return out;
}

void read_npz(const std::filesystem::path& path, const std::string& name, Dataset& data) {
  const NpzFile file(path);
  read_arrays({file.names(), [&](const std::string& array) { return file.has(array); },
               [&](const std::string& array) { return file.read(array); },
               [&](const std::string& array) { return npz_features(path, file, array); }},
              name, data);
}

/// Checks a data set of any format: it needs edges and finite features and, if `labelled`, labels and valid splits.
void check(const std::string& name, bool labelled, Dataset& data) {
  if (data.edges.empty()) throw Error(name, ": a graph without edges");
  check_features(data.features, name);
  if (labelled) {
    check_labels(name, false, data);
    check_splits(name, data);
  } else {
    data.given_splits.clear();
  }
  note_edges(data);
}

}  // namespace

Dataset load_dataset(const std::filesystem::path& path) {
  if (is_graph_folder(path)) return read_graph_folder(path);
  const std::string name = path.string();
  Dataset data;
  data.source = name;
  if (path.extension() == ".mat")
    read_linkx(MatFile(path), data);
  else
    read_npz(path, name, data);
  check(name, true, data);
  recognise(path_text(path.stem()), data);
  return data;
}

namespace {

/// Returns arrays in memory in the form in which the layouts read them. `arrays` must outlive the result.
NamedArrays named_arrays(std::map<std::string, NpyArray>& arrays, const std::string& name) {
  NamedArrays source;
  for (auto& [array, values] : arrays) {
    values.where = str(name, ": array '", array, "'");
    source.names.push_back(array);
  }
  source.has = [&arrays](const std::string& array) { return arrays.contains(array); };
  source.read = [&arrays, name](const std::string& array) {
    const auto found = arrays.find(array);
    if (found == arrays.end()) throw Error(name, ": array '", array, "' is missing");
    return found->second;
  };
  source.read_features = [&arrays](const std::string& array) {
    const NpyArray taken =
        std::exchange(arrays[array], NpyArray());  // its memory is free as soon as the features have theirs
    return dense_features(taken);
  };
  return source;
}

}  // namespace

Dataset dataset_of_arrays(std::map<std::string, NpyArray> arrays, const std::string& name, bool labelled) {
  Dataset data;
  data.source = "memory";
  read_arrays(named_arrays(arrays, name), name, data);
  check(name, labelled, data);
  recognise(name, data);
  return data;
}

Dataset relabelled(const Dataset& data, std::map<std::string, NpyArray> arrays, std::vector<std::string> class_names,
                   const std::string& name) {
  const NamedArrays source = named_arrays(arrays, name);
  Dataset out = data;
  for (const char* const array : {"node_labels", kNumbersArray}) {
    if (!source.has(array)) continue;
    out.labels = read_labels(source.read(array), out.nodes, array == kNumbersArray);
    out.class_names = std::move(class_names);
    out.stored_fingerprint =
        random_key(out.stored_fingerprint, out.labels.classes, hash_of(out.labels.single), hash_of(out.labels.values));
    break;
  }
  out.notes.clear();
  check_labels(name, true, out);
  out.given_splits.clear();
  read_splits(source, name, out);
  check_splits(name, out);
  return out;
}

uint64_t fingerprint(const Dataset& data) {
  if (data.graph) return data.stored_fingerprint;
  static_assert(sizeof(data.edges[0]) == 8, "a pair of ids has no padding");
  const Features& features = data.features;
  const Labels& labels = data.labels;
  return random_key(static_cast<uint64_t>(data.nodes), hash_of(data.edges), features.cols, hash_of(features.dense),
                    hash_of(features.row_start), hash_of(features.column), hash_of(features.value), labels.classes,
                    hash_of(labels.single), hash_of(labels.values));
}

}  // namespace graphsieve
