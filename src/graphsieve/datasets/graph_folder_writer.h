// SPDX-License-Identifier: Apache-2.0
// Writes a graph folder piece by piece, so that no part of it needs to be in memory. Each part is written once, in any
// order:
//
//   GraphFolderWriter folder(path, nodes, directed);
//   folder.add_edges(keys);         ascending edge keys in blocks (files/external_sort.h), or write_rows at once
//   folder.begin_features(d, type);  folder.add_features(rows);
//   folder.write_labels(labels);    folder.write_splits(splits);
//   folder.commit(name, recipe);
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "graphsieve/base/export.h"
#include "graphsieve/data/dataset.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/external_sort.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

/// Returns the name of a type: "float32", "float16" or "bfloat16".
const char* float_type_name(FloatType type);
/// Returns the type of that name. Throws Error if the name is another one.
FloatType float_type(const std::string& name);

/// Writes one graph folder. Without commit(), nothing of it remains.
class GRAPHSIEVE_API GraphFolderWriter {
 public:
  /// Throws Error if the target exists, unless it is a graph folder that the program wrote and `overwrite` is set.
  /// `inputs` are the files and folders that are read meanwhile, which are never replaced. `nodes` may be −1 if
  /// set_nodes() sets it later, before everything but the ids is written.
  GraphFolderWriter(const std::filesystem::path& folder, int64_t nodes, bool directed, bool overwrite = false,
                    const std::vector<std::filesystem::path>& inputs = {});
  ~GraphFolderWriter();

  /// Returns a folder for temporary files, which is removed before the graph folder appears.
  const std::filesystem::path& scratch() const { return scratch_; }

  /// Sets the number of nodes.
  void set_nodes(int64_t nodes);

  /// Declares that the edges have types of these names. It is called before the edges are added. Throws Error if there
  /// are more than kMostDataTypes types, or too many for a 64-bit edge key.
  void set_edge_types(const std::vector<std::string>& names);
  /// Writes all edges at once.
  void write_rows(const CsrView& rows);
  /// Returns the conversion of edges to keys that add_edges() expects.
  const EdgeKeys& edge_keys() const { return keys_; }
  /// Adds edges, whose keys must ascend over all calls; throws Error otherwise. Loops and repeated keys are dropped and
  /// counted.
  void add_edges(std::span<const uint64_t> keys);
  /// Adds all edges of a sort. `progress` is called with the finished share, 0 to 1.
  void add_edges(ExternalSort& keys, const std::function<void(double)>& progress);
  int64_t loops() const { return loops_; }
  int64_t duplicates() const { return duplicates_; }
  int64_t edges() const { return edges_; }  ///< edges added so far

  /// Counts the degrees of the nodes while edges are added. It is called after set_edge_types() and before add_edges().
  void count_degrees();
  /// Writes a node's degree features, after the last edge: for each edge type (or for all edges) ln(1 + in-degree)
  /// and, if the graph is directed, ln(1 + out-degree).
  void write_degrees(int64_t node, float* to) const;

  /// Begins dense features [nodes, columns].
  void begin_features(int64_t columns, FloatType type);
  /// Adds whole rows of features, for one node after the other. Throws Error, naming node and column, if a number is
  /// not finite or does not fit the type.
  void add_features(std::span<const float> rows);
  /// Writes sparse features.
  void write_sparse(const Features& features);

  /// Writes the user's own node ids, by node: integers, or texts (text_start [n + 1]).
  void write_ids(std::span<const int64_t> integers);
  void write_ids(std::span<const int64_t> text_start, std::string_view texts);
  /// Adds the ids one by one instead; all must be of the same kind.
  void add_id(int64_t integer);
  void add_id(std::string_view text);

  void write_labels(const Labels& labels);
  /// Writes the names of the classes; an empty list writes nothing. It is called after write_labels().
  void write_class_names(const std::vector<std::string>& names);
  void write_splits(const std::vector<Split>& splits);
  /// Writes what the feature columns mean. It does not enter the fingerprint that commit() makes.
  void write_schema(const Schema& schema);

  /// Writes the card, and lets the folder appear under its name. If `fingerprint` is 0, the fingerprint is made of the
  /// files' checksums.
  void commit(const std::string& name, const std::string& recipe, uint64_t fingerprint = 0);

 private:
  template <class T>
  void array(const char* name, const std::vector<int64_t>& shape, std::span<const T> values);
  /// Opens a one-dimensional file whose length is not known yet.
  template <class T>
  std::unique_ptr<NpyWriter> grows(const char* name) const;
  /// Adds a file to the card.
  void note(const WrittenFile& file);
  void end_rows(int64_t node);  ///< writes the row starts of all nodes before `node`, and its own
  void finish_edges();
  void finish_ids();
  uint16_t narrowed(float value) const;

  AtomicFolder folder_;
  std::filesystem::path scratch_;
  int64_t nodes_;
  bool directed_;
  std::unique_ptr<nlohmann::json> card_;

  EdgeKeys keys_;
  int64_t edge_types_ = 1;
  std::unique_ptr<NpyWriter> row_start_, source_, edge_type_;  ///< open while edges are added
  int64_t edges_ = 0, rows_begun_ = 0, loops_ = 0, duplicates_ = 0;
  uint64_t last_ = 0;
  std::vector<int32_t> sources_;
  std::vector<uint8_t> types_;
  bool counts_degrees_ = false;
  std::vector<int32_t> in_degree_, out_degree_;  ///< [nodes, edge types], if they are counted; out: if directed

  std::unique_ptr<NpyWriter> integer_ids_, text_ids_, text_starts_;  ///< open while ids are added
  int64_t text_bytes_ = 0;

  std::unique_ptr<NpyWriter> features_;
  FloatType type_ = FloatType::kFloat32;
  int64_t columns_ = 0, numbers_ = 0;
  std::vector<uint16_t> half_;
};

}  // namespace graphsieve
