// Writes a graph folder piece by piece, so that nothing of it need be in memory. Each part once, in any order:
//
//   GraphFolderWriter folder(path, nodes, directed);
//   folder.add_edges(keys);         ascending edge keys in blocks (files/external_sort.h), or write_rows at once
//   folder.begin_features(d, type);  folder.add_features(rows);
//   folder.write_labels(labels);    folder.write_splits(splits, labels's nodes);
//   folder.commit(name, recipe);
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "graphsieve/data/dataset.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/external_sort.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/graph/attention_graph.h"

namespace graphsieve {

const char* float_type_name(FloatType type);
/// "float32", "float16" or "bfloat16"; throws Error on another name.
FloatType float_type(const std::string& name);

class GraphFolderWriter {
 public:
  /// Throws Error where something stands under that name, unless it is a graph folder of the program's and `overwrite` is set.
  /// `inputs`: what is read meanwhile, which is never replaced.
  /// `nodes` may be −1 where set_nodes says it later, before all but the ids.
  GraphFolderWriter(const std::filesystem::path& folder, int64_t nodes, bool directed, bool overwrite = false,
                    const std::vector<std::filesystem::path>& inputs = {});
  ~GraphFolderWriter();

  /// A folder for temporary files; it goes before the graph folder appears.
  const std::filesystem::path& scratch() const { return scratch_; }

  void set_nodes(int64_t nodes);

  /// The edges have types of these names; before the edges. Throws Error on more than kMostDataTypes, or too many for a key.
  void set_edge_types(const std::vector<std::string>& names);
  void write_rows(const CsrView& rows);
  /// As edges are to be put into keys.
  const EdgeKeys& edge_keys() const { return keys_; }
  /// Ascending over all calls; loops and repeated keys are dropped and counted.
  void add_edges(std::span<const uint64_t> keys);
  /// All of them, merged; `progress` is told the share done.
  void add_edges(ExternalSort& keys, const std::function<void(double)>& progress);
  int64_t loops() const { return loops_; }
  int64_t duplicates() const { return duplicates_; }
  int64_t edges() const { return edges_; }  ///< added so far

  void begin_features(int64_t columns, FloatType type);
  /// Whole rows, node after node. Throws Error, naming node and column, on a number that is not finite or does not fit.
  void add_features(std::span<const float> rows);
  void write_sparse(const Features& features);

  /// The user's own node ids, by node: integers, or texts (text_start [n + 1]).
  void write_ids(std::span<const int64_t> integers);
  void write_ids(std::span<const int64_t> text_start, std::string_view texts);
  /// Or one by one, of one kind.
  void add_id(int64_t integer);
  void add_id(std::string_view text);

  void write_labels(const Labels& labels);
  /// One a class; none where there is nothing to say.
  void write_class_names(const std::vector<std::string>& names);
  void write_splits(const std::vector<Split>& splits);

  /// The card, and the folder under its name. `fingerprint` 0: made of the files' checksums.
  void commit(const std::string& name, const std::string& recipe, uint64_t fingerprint = 0);

 private:
  template <class T>
  void array(const char* name, const std::vector<int64_t>& shape, std::span<const T> values);
  /// A file of one length that is not known yet.
  template <class T>
  std::unique_ptr<NpyWriter> grows(const char* name) const;
  void note(const WrittenFile& file);
  void end_rows(int64_t node);  ///< the row starts of all nodes before `node`, and its own
  void finish_edges();
  void finish_ids();
  uint16_t narrowed(float value) const;

  AtomicFolder folder_;
  std::filesystem::path scratch_;
  int64_t nodes_;
  bool directed_;
  std::unique_ptr<nlohmann::json> card_;

  EdgeKeys keys_;
  std::unique_ptr<NpyWriter> row_start_, source_, edge_type_;  ///< while edges are added; the last where they have types
  int64_t edges_ = 0, rows_begun_ = 0, loops_ = 0, duplicates_ = 0;
  uint64_t last_ = 0;
  std::vector<int32_t> sources_;
  std::vector<uint8_t> types_;

  std::unique_ptr<NpyWriter> integer_ids_, text_ids_, text_starts_;  ///< while ids are added
  int64_t text_bytes_ = 0;

  std::unique_ptr<NpyWriter> features_;
  FloatType type_ = FloatType::kFloat32;
  int64_t columns_ = 0, numbers_ = 0;
  std::vector<uint16_t> half_;
};

}  // namespace graphsieve
