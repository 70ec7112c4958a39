// SPDX-License-Identifier: Apache-2.0
// A data set for node-level prediction: a graph as it was read or generated, before any transform.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/base/array.h"
#include "graphsieve/base/export.h"
#include "graphsieve/base/half.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/data/schema.h"
#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

constexpr int64_t kMostClasses = 1'000'000;  ///< a larger class number means a mistake in the file

/// Dense rows that stay in their file: rows * cols numbers in row-major order.
struct StoredRows {
  FloatType type = FloatType::kFloat32;
  const void* data = nullptr;
  std::shared_ptr<const void> owner;  ///< keeps `data` alive

  float operator[](int64_t i) const {
    if (type == FloatType::kFloat32) return static_cast<const float*>(data)[i];
    const uint16_t bits = static_cast<const uint16_t*>(data)[i];
    return type == FloatType::kFloat16 ? from_float16(bits) : from_bfloat16(bits);
  }
};

/// Node features [n, d]: dense rows, sparse rows (CSR) if the file is sparse, or the rows of a graph folder, which stay
/// in their file. Exactly one of the three is filled.
struct Features {
  int64_t rows = 0, cols = 0;
  LargeVector<float> dense;        ///< [rows, cols], row-major; empty if sparse
  std::vector<int64_t> row_start;  ///< [rows + 1]; empty if dense
  std::vector<int32_t> column;     ///< [nonzeros], ascending in a row
  std::vector<float> value;        ///< [nonzeros]
  StoredRows stored;
  bool sparse() const { return !row_start.empty(); }
  bool in_file() const { return stored.data != nullptr; }
  /// Returns the number i of dense rows, which are in memory or in their file.
  float dense_value(int64_t i) const { return in_file() ? stored[i] : dense[i]; }
};

/// The simple graph by destination with ascending sources, as a graph folder holds it. The arrays stay in their files.
struct StoredGraph {
  Array<int64_t> row_start;  ///< [nodes + 1]
  Array<int32_t> source;     ///< [edges]
  Array<uint8_t> type;       ///< [edges], rows are then sorted by (type, source); empty if the data has no edge types
  std::vector<std::string> type_names;  ///< names of the types; empty if there are none
  bool directed = false;                ///< if false, both directions of every edge are present
  /// Returns the rows without a copy.
  CsrView rows() const {
    CsrView view(row_start, source);
    if (!type_names.empty()) view.type = type, view.types = static_cast<int>(type_names.size());
    return view;
  }
};

/// What the labels of the nodes are.
enum class LabelKind {
  kClasses,  ///< one class per node
  kSeveral,  ///< several 0/1 labels per node
  kNumbers,  ///< one or several numbers per node, which are predicted by regression
};

/// Labels of the nodes.
struct Labels {
  int64_t classes = 0;          ///< number of classes, or of labels or numbers per node
  std::vector<int32_t> single;  ///< [n] for kClasses; -1: no label
  std::vector<float> values;    ///< [n, classes] for kSeveral (0 or 1) and kNumbers (finite); NaN: missing
  bool numbers = false;         ///< true: `values` are numbers to predict
  LabelKind kind() const {
    return values.empty() ? LabelKind::kClasses : numbers ? LabelKind::kNumbers : LabelKind::kSeveral;
  }
  /// True if each node has one class, or none.
  bool one_class() const { return kind() == LabelKind::kClasses; }
  int64_t nodes() const { return static_cast<int64_t>(one_class() ? single.size() : values.size() / classes); }
};

/// Returns a kind of labels as a word in files: "single", "multi" or "numbers"; and in words: "one class per node".
GRAPHSIEVE_API const char* label_kind_name(LabelKind kind);
GRAPHSIEVE_API const char* label_kind_words(LabelKind kind);
/// Returns the kind with that word in files, or nothing for another word.
GRAPHSIEVE_API std::optional<LabelKind> label_kind_named(const std::string& name);

/// The training, validation and test nodes, ascending. No node is in two of the lists.
struct Split {
  std::vector<int32_t> train, val, test;
};

/// The user's own node ids, by node: integers or texts. Both are empty if the id of a node is its index.
struct StoredIds {
  Array<int64_t> integers;    ///< [nodes]
  Array<int64_t> text_start;  ///< [nodes + 1], positions in `texts`
  Array<uint8_t> texts;
  /// Returns the id of a node as text.
  std::string name(int64_t node) const {
    if (!integers.empty()) return std::to_string(integers[node]);
    if (text_start.empty()) return std::to_string(node);
    return {reinterpret_cast<const char*>(texts.data()) + text_start[node],
            static_cast<size_t>(text_start[node + 1] - text_start[node])};
  }
};

/// A data set as it was read or generated.
struct Dataset {
  std::string name;             ///< "minesweeper"; a generated graph's name begins with "generated-"
  std::string source;           ///< the file's path, or "generated"
  uint64_t generator_seed = 0;  ///< seed of a generated graph
  std::string recipe;           ///< name of the recipe that fits (by a known name or fingerprint), otherwise "default"
  std::string
      recognised;  ///< how the recipe was found, for the user: "file name", "fingerprint", "generated", or empty
  int64_t nodes = 0;
  std::vector<std::pair<int32_t, int32_t>> edges;  ///< as in the file: may have loops and duplicates
  std::optional<StoredGraph> graph;                ///< the graph of a graph folder, in place of `edges`
  uint64_t stored_fingerprint = 0;                 ///< fingerprint on the card of a graph folder
  Features features;
  std::optional<Schema> schema;  ///< what the feature columns mean; absent: they are matched by their positions
  Labels labels;
  StoredIds ids;
  std::vector<std::string> class_names;  ///< names of the classes (or labels); empty: they are numbered
  std::vector<Split> given_splits;       ///< splits by the file's masks
  std::vector<std::string> notes;        ///< odd things, one sentence each, without the file's name
};

}  // namespace graphsieve
