// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/graph_folder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/utf8.h"
#include "graphsieve/data/class_names.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int64_t kCopyBlock = 1 << 16;

/// Reads the card of a folder, and then each file as the card describes it.
class Reader {
 public:
  explicit Reader(const fs::path& folder)
      : folder_(folder),
        where_((folder / kGraphCard).string()),
        json_(read_card(folder / kGraphCard, kGraphFormat, kGraphVersion, kSealedGraphVersion)),
        card_(json_, where_) {}

  Dataset read() {
    Dataset data;
    data.source = folder_.string();
    data.name = card_.get<std::string>("name");
    data.recipe = card_.get<std::string>("recipe");
    data.nodes = card_.count("nodes", 1);
    if (data.recipe != "default") data.recognised = "the graph folder's card";
    if (data.nodes > std::numeric_limits<int32_t>::max() - 1)
      throw Error(where_, ": ", data.nodes, " nodes; training takes at most ", std::numeric_limits<int32_t>::max() - 1);
    // Damage is found before anything is read from the files.
    check_files();
    if (!json_.contains("checksum"))
      data.notes.push_back(
          "the graph folder is of an earlier version: its card has no checksum of itself; convert it anew for one");
    read_edges(data);
    read_features(data.features, data.nodes);
    read_schema(data);
    read_labels(data.labels, data.nodes);
    read_ids(data);
    read_class_names(data);
    read_splits(data);
    const auto text = card_.get<std::string>("fingerprint");
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), data.stored_fingerprint, 16);
    if (status != std::errc() || end != text.data() + text.size())
      throw Error(where_, ": fingerprint is '", text, "', expected hexadecimal digits");
    return data;
  }

  void verify(const std::function<void(double)>& progress) {
    const auto tell = [&](double share) {
      if (progress) progress(share);
    };
    const Dataset data = read();
    tell(0.5);
    verify_edges(data);
    tell(0.9);
    verify_features(data.features);
    tell(1);
  }

 private:
  /// Reads every file that the card lists once, in parallel. Throws Error if a file is missing or its length or
  /// checksum differs from the card.
  void check_files() const {
    const FileRecords records = read_records(card_.at("files"), where_);
    const std::vector<std::pair<std::string, FileRecord>> files(records.begin(), records.end());
    parallel_for(static_cast<int64_t>(files.size()),
                 [&](int64_t i) { verify_file(folder_ / files[i].first, files[i].second); });
  }

  template <class T>
  Array<T> array(const char* name, std::vector<int64_t> shape) const {
    return map_npy<T>(folder_ / name, shape);
  }

  void read_edges(Dataset& data) {
    StoredGraph graph;
    const auto edges = card_.count("edges", 1);
    graph.directed = card_.get<bool>("directed");
    graph.row_start = array<int64_t>("row_start.npy", {data.nodes + 1});
    graph.source = array<int32_t>("source.npy", {edges});
    if (card_.has("edge_types")) {
      graph.type_names = card_.get<std::vector<std::string>>("edge_types");
      if (graph.type_names.empty() || graph.type_names.size() > kMostDataTypes)
        throw Error(where_, ": ", graph.type_names.size(), " edge_types, expected 1 to ", kMostDataTypes);
      check_distinct(graph.type_names, where_, "edge type");
      graph.type = array<uint8_t>("edge_type.npy", {edges});
    }
    check_starts("row_start.npy", graph.row_start, edges);
    check_rows(graph, data.nodes);
    data.graph = std::move(graph);
  }

  /// Throws Error unless the row starts ascend from 0 to the number of entries.
  void check_starts(const char* name, std::span<const int64_t> starts, int64_t entries) const {
    const std::string file = (folder_ / name).string();
    if (starts.front() != 0 || starts.back() != entries)
      throw Error(file, ": from ", starts.front(), " to ", starts.back(), ", expected 0 to the ", entries, " entries");
    for (size_t i = 1; i < starts.size(); ++i)
      if (starts[i] < starts[i - 1])
        throw Error(file, ": row ", i - 1, " goes from ", starts[i - 1], " back to ", starts[i]);
  }

  /// Maps dense features, or reads sparse ones into memory.
  void read_features(Features& x, int64_t nodes) {
    const JsonObject card = card_.object("features");
    x.rows = nodes;
    x.cols = card.count("columns", 1, std::numeric_limits<int32_t>::max());
    const auto kind = card.get<std::string>("kind");
    if (kind == "dense") return map_features(x, card.get<std::string>("type"));
    if (kind != "sparse") throw Error(where_, ": features.kind is '", kind, "', expected dense or sparse");
    const auto nonzeros = card.count("nonzeros");
    const auto start = array<int64_t>("features_row_start.npy", {nodes + 1});
    const auto column = array<int32_t>("features_column.npy", {nonzeros});
    const auto value = array<float>("features_value.npy", {nonzeros});
    check_starts("features_row_start.npy", start, nonzeros);
    for (const int32_t c : column)
      if (c < 0 || c >= x.cols)
        throw Error((folder_ / "features_column.npy").string(), ": column ", c, ", expected 0 to ", x.cols - 1);
    x.row_start.assign(start.begin(), start.end());
    x.column.assign(column.begin(), column.end());
    x.value.assign(value.begin(), value.end());
  }

  /// Reads the schema, if the folder has one.
  void read_schema(Dataset& data) const {
    if (!card_.object("files").has(kSchemaFile)) return;
    data.schema = graphsieve::read_schema(folder_ / kSchemaFile);
    if (data.schema->width() != data.features.cols)
      throw Error((folder_ / kSchemaFile).string(), ": describes ", data.schema->width(), " features, expected ",
                  data.features.cols);
  }

  /// Maps dense features; they are not read here.
  void map_features(Features& x, const std::string& type) {
    try {
      x.stored.type = float_type(type);
    } catch (const Error& error) {
      throw Error(where_, ": ", error.what());
    }
    const auto keep = [&](const auto& values) { x.stored.data = values.data(), x.stored.owner = values.owner(); };
    if (x.stored.type == FloatType::kFloat32)
      keep(array<float>("features.npy", {x.rows, x.cols}));
    else
      keep(array<uint16_t>("features.npy", {x.rows, x.cols}));
  }

  /// Reads the labels into memory and checks their range.
  void read_labels(Labels& labels, int64_t nodes) {
    const JsonObject card = card_.object("labels");
    // Data without labels has no classes.
    const auto kind = label_kind_named(card.get<std::string>("kind"));
    if (!kind) card.refuse("kind", "single, multi or numbers");
    const bool one_class = *kind == LabelKind::kClasses;
    labels.numbers = *kind == LabelKind::kNumbers;
    labels.classes = card.count("classes", one_class ? 0 : 1);
    const std::string file = (folder_ / "labels.npy").string();
    if (!one_class) {
      const auto values = array<float>("labels.npy", {nodes, labels.classes});
      labels.values.assign(values.begin(), values.end());
      for (size_t i = 0; i < labels.values.size(); ++i)
        if (const float v = labels.values[i]; labels.numbers ? std::isinf(v) : !std::isnan(v) && v != 0 && v != 1)
          throw Error(file, ": node ", i / labels.classes, ", label ", i % labels.classes, ": ", v, ", expected ",
                      labels.numbers ? "a finite number" : "0, 1", " or NaN");
      return;
    }
    const auto values = array<int32_t>("labels.npy", {nodes});
    labels.single.assign(values.begin(), values.end());
    for (int64_t i = 0; i < nodes; ++i)
      if (labels.single[i] < -1 || labels.single[i] >= labels.classes)
        throw Error(file, ": node ", i, ": label ", labels.single[i], ", expected -1 to ", labels.classes - 1);
    if (card.has("names")) return;  // read_class_names() compares their numbers
    const int64_t most = std::max<int64_t>(nodes, 1 + *std::max_element(labels.single.begin(), labels.single.end()));
    if (labels.classes > most) card.refuse("classes", str("at most ", most, " for the labels of ", nodes, " nodes"));
  }

  /// Maps the user's ids; ids that are texts must be UTF-8.
  void read_ids(Dataset& data) {
    const auto kind = card_.get<std::string>("ids");
    if (kind == "integer") {
      data.ids.integers = array<int64_t>("node_id.npy", {data.nodes});
    } else if (kind == "text") {
      data.ids.text_start = array<int64_t>("node_id_start.npy", {data.nodes + 1});
      data.ids.texts = array<uint8_t>("node_id_text.npy", {-1});
      check_starts("node_id_start.npy", data.ids.text_start, static_cast<int64_t>(data.ids.texts.size()));
      for (int64_t i = 0; i < data.nodes; ++i)
        if (const std::string id = data.ids.name(i); !is_utf8(id))
          throw Error((folder_ / "node_id_text.npy").string(), ": the id of node ", i, ", '", beginning(id, 60),
                      "', is not UTF-8");
    } else if (kind != "none") {
      throw Error(where_, ": ids is '", kind, "', expected none, integer or text");
    }
  }

  void read_class_names(Dataset& data) {
    const JsonObject card = card_.object("labels");
    if (!card.has("names")) return;
    data.class_names = card.get<std::vector<std::string>>("names");
    if (static_cast<int64_t>(data.class_names.size()) != data.labels.classes)
      throw Error(where_, ": ", data.class_names.size(), " names of classes, expected ", data.labels.classes);
    check_distinct(data.class_names, where_, "class");
  }

  /// Turns each row of the file into the three lists of a split.
  void read_splits(Dataset& data) {
    const auto splits = card_.count("splits");
    if (splits == 0) return;
    const auto parts = array<uint8_t>("splits.npy", {splits, data.nodes});
    const std::string file = (folder_ / "splits.npy").string();
    for (int64_t s = 0; s < splits; ++s) {
      Split split;
      std::vector<int32_t>* const to[] = {nullptr, &split.train, &split.val, &split.test};
      for (int64_t i = 0; i < data.nodes; ++i) {
        const uint8_t p = parts[s * data.nodes + i];
        if (p > 3) throw Error(file, ": split ", s, ", node ", i, ": ", int{p}, ", expected 0 to 3");
        if (p > 0) to[p]->push_back(static_cast<int32_t>(i));
      }
      check_split(split, data.labels, str(file, ": split ", s));
      data.given_splits.push_back(std::move(split));
    }
  }

  static int type_of(const StoredGraph& g, int64_t e) { return g.type.empty() ? 0 : g.type[e]; }

  /// Checks what the kernels rely on: the sources of a row are in range and not the node itself, and the row is sorted
  /// by (type, source) without repetitions.
  void check_rows(const StoredGraph& g, int64_t nodes) const {
    const std::string file = (folder_ / "source.npy").string(), types_file = (folder_ / "edge_type.npy").string();
    const int types = g.rows().types;
    parallel_blocks(nodes, kCopyBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int32_t before = -1;
        int type_before = 0;
        for (int64_t e = g.row_start[i]; e < g.row_start[i + 1]; ++e) {
          const int32_t j = g.source[e];
          const int type = type_of(g, e);
          if (j < 0 || j >= nodes) throw Error(file, ": row ", i, ": source ", j, ", expected 0 to ", nodes - 1);
          if (type >= types || type < type_before)
            throw Error(types_file, ": row ", i, ": type ", type, " after ", type_before,
                        ", expected ascending types below ", types);
          // Each type has its own ascending sequence of sources.
          if (type > type_before) before = -1;
          if (j <= before) throw Error(file, ": row ", i, ": ", j, " after ", before, ", expected ascending sources");
          if (j == i) throw Error(file, ": row ", i, " holds the node itself");
          before = j;
          type_before = type;
        }
      }
    });
  }

  /// True if row i has an edge of this type from j.
  static bool holds(const StoredGraph& g, int64_t i, int type, int32_t j) {
    auto begin = g.row_start[i], end = g.row_start[i + 1];
    if (!g.type.empty()) {
      const auto [first, last] = std::equal_range(g.type.begin() + begin, g.type.begin() + end, type);
      begin = first - g.type.begin(), end = last - g.type.begin();
    }
    return std::binary_search(g.source.begin() + begin, g.source.begin() + end, j);
  }

  /// Throws Error unless every edge of an undirected graph is present in both directions, with the same type.
  void verify_edges(const Dataset& data) const {
    const StoredGraph& g = *data.graph;
    if (g.directed) return;
    const std::string file = (folder_ / "source.npy").string();
    parallel_blocks(data.nodes, kCopyBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        for (int64_t e = g.row_start[i]; e < g.row_start[i + 1]; ++e) {
          const int32_t j = g.source[e];
          if (holds(g, j, type_of(g, e), static_cast<int32_t>(i))) continue;
          throw Error(file, ": row ", i, " holds ", j, ", but row ", j, " does not hold ", i,
                      g.type.empty() ? "" : " with the same type", ": the graph is not undirected");
        }
    });
  }

  /// Throws Error if a feature is not finite.
  void verify_features(const Features& x) const {
    if (!x.in_file()) {
      for (size_t e = 0; e < x.value.size(); ++e)
        if (!std::isfinite(x.value[e]))
          throw Error((folder_ / "features_value.npy").string(), ": entry ", e, " is ", x.value[e],
                      ", expected a finite number");
      return;
    }
    parallel_blocks(x.rows, kCopyBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * x.cols; i < end * x.cols; ++i)
        if (!std::isfinite(x.stored[i]))
          throw Error((folder_ / "features.npy").string(), ": node ", i / x.cols, ", column ", i % x.cols, " is ",
                      x.stored[i], ", expected a finite number");
    });
  }

  fs::path folder_;
  std::string where_;
  Json json_;
  JsonObject card_;  ///< a view of json_
};

/// Writes dense features one row at a time, since they can be too large for memory.
void write_dense(const Features& x, FloatType type, GraphFolderWriter& to) {
  to.begin_features(x.cols, type);
  std::vector<float> row(x.cols);
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t c = 0; c < x.cols; ++c) row[c] = x.dense_value(i * x.cols + c);
    to.add_features(row);
  }
}

}  // namespace

bool is_graph_folder(const fs::path& path) { return is_file(path / kGraphCard); }

void write_graph_folder(const Dataset& data, const fs::path& folder, const GraphFolderOptions& options) {
  GraphFolderWriter to(folder, data.nodes, options.directed, options.overwrite, {data.source});
  if (data.graph && data.graph->directed != options.directed)
    throw Error(data.source, ": holds the ", options.directed ? "undirected" : "directed",
                " graph; the other one cannot be made of it");
  if (data.graph && !data.graph->type_names.empty()) to.set_edge_types(data.graph->type_names);
  if (data.graph)
    to.write_rows(data.graph->rows());
  else
    to.write_rows(symmetric_csr(data.nodes, data.edges, options.directed));
  if (data.features.sparse())
    to.write_sparse(data.features);
  else
    write_dense(data.features, options.features, to);
  to.write_labels(data.labels);
  to.write_class_names(data.class_names);
  if (!data.ids.integers.empty()) to.write_ids(data.ids.integers);
  if (!data.ids.text_start.empty())
    to.write_ids(data.ids.text_start, {reinterpret_cast<const char*>(data.ids.texts.data()), data.ids.texts.size()});
  to.write_splits(data.given_splits);
  if (data.schema) to.write_schema(*data.schema);
  to.commit(data.name, data.recipe, fingerprint(data));
}

Dataset read_graph_folder(const fs::path& folder) { return Reader(folder).read(); }

void verify_graph_folder(const fs::path& folder, const std::function<void(double)>& progress) {
  Reader(folder).verify(progress);
}

}  // namespace graphsieve
