// A graph for node-level prediction as it was read or generated, before any transform.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graphsieve/base/array.h"
#include "graphsieve/base/half.h"
#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

constexpr int64_t kMostClasses = 1'000'000;  ///< a class above is a mistake in the file

/// Dense rows that stay in their file: rows * cols numbers, row-major.
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

/// Node features, n x d: dense rows, sparse rows (CSR) where the file is sparse, or the rows of a graph folder, which
/// stay in their file. Exactly one of the three is filled.
struct Features {
  int64_t rows = 0, cols = 0;
  std::vector<float> dense;        ///< rows * cols, row-major; empty if sparse
  std::vector<int64_t> row_start;  ///< rows + 1; empty if dense
  std::vector<int32_t> column;     ///< nonzeros, ascending in a row
  std::vector<float> value;        ///< nonzeros
  StoredRows stored;
  bool sparse() const { return !row_start.empty(); }
  bool in_file() const { return stored.data != nullptr; }
};

/// The simple graph by destination, sources ascending: what a graph folder holds. It stays in its file.
struct StoredGraph {
  Array<int64_t> row_start;  ///< nodes + 1
  Array<int32_t> source;     ///< edges
  Array<uint8_t> type;       ///< edges, then a row goes by (type, source); empty where the data has no edge types
  std::vector<std::string> type_names;  ///< one a type; empty where it has none
  bool directed = false;                ///< else both directions are there
  CsrView rows() const {
    CsrView view(row_start, source);
    if (!type_names.empty()) view.type = type, view.types = static_cast<int>(type_names.size());
    return view;
  }
};

/// One class per node, or several 0/1 labels per node.
struct Labels {
  int64_t classes = 0;          ///< classes, or labels per node if multi-label
  std::vector<int32_t> single;  ///< n; -1 = unlabelled; empty if multi-label
  std::vector<float> multi;     ///< n * classes, 0 or 1, NaN = missing; empty if single-label
  bool multi_label() const { return !multi.empty(); }
  int64_t nodes() const { return static_cast<int64_t>(multi_label() ? multi.size() / classes : single.size()); }
};

/// Node ids of each part, ascending; no node in two parts.
struct Split {
  std::vector<int32_t> train, val, test;
};

/// The user's own node ids, by node: integers, or texts; both empty where a node's id is its place.
struct StoredIds {
  Array<int64_t> integers;    ///< nodes
  Array<int64_t> text_start;  ///< nodes + 1, into texts
  Array<uint8_t> texts;
  std::string name(int64_t node) const {
    if (!integers.empty()) return std::to_string(integers[node]);
    if (text_start.empty()) return std::to_string(node);
    return {reinterpret_cast<const char*>(texts.data()) + text_start[node],
            static_cast<size_t>(text_start[node + 1] - text_start[node])};
  }
};

struct Dataset {
  std::string name;             ///< "minesweeper"; a generated graph's name begins with "generated-"
  std::string source;           ///< the file's path, or "generated"
  uint64_t generator_seed = 0;  ///< of a generated graph
  std::string recipe;           ///< recipe that fits (known name or fingerprint), else "default"
  std::string
      recognised;  ///< how the recipe was found, for the user: "file name", "fingerprint", "generated", or empty
  int64_t nodes = 0;
  std::vector<std::pair<int32_t, int32_t>> edges;  ///< as in the file: may hold loops, duplicates, one direction
  std::optional<StoredGraph> graph;                ///< of a graph folder, in place of `edges`
  uint64_t stored_fingerprint = 0;                 ///< of a graph folder: from its card
  Features features;
  Labels labels;
  StoredIds ids;
  std::vector<std::string> class_names;  ///< one a class (or label); empty: their numbers
  std::vector<Split> given_splits;       ///< the file's masks
  std::vector<std::string> notes;        ///< odd things worth telling, a sentence each, without the file's name
};

}  // namespace graphsieve
