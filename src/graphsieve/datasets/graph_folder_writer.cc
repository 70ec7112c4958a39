// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/graph_folder_writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/class_names.h"
#include "graphsieve/files/checksum.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kFloatNames[] = {"float32", "float16", "bfloat16"};

}  // namespace

const char* float_type_name(FloatType type) { return kFloatNames[static_cast<int>(type)]; }

FloatType float_type(const std::string& name) {
  // The names are in the order of the enumeration.
  for (int t = 0; t < 3; ++t)
    if (name == kFloatNames[t]) return static_cast<FloatType>(t);
  throw Error("type of features '", name, "', expected float32, float16 or bfloat16");
}

GraphFolderWriter::GraphFolderWriter(const fs::path& folder, int64_t nodes, bool directed, bool overwrite,
                                     const std::vector<fs::path>& inputs)
    : folder_({.target = folder, .kind = FolderKind::kGraph, .overwrite = overwrite, .inputs = inputs}),
      scratch_(folder_.path() / "scratch"),
      nodes_(nodes),
      directed_(directed),
      card_(std::make_unique<Json>()) {
  make_folders(scratch_);
  *card_ = {{"format", kGraphFormat}, {"version", kGraphVersion},
            {"nodes", nodes},         {"directed", directed},
            {"ids", "none"},          {"splits", 0},
            {"files", Json::object()}};
}

GraphFolderWriter::~GraphFolderWriter() = default;

template <class T>
void GraphFolderWriter::array(const char* name, const std::vector<int64_t>& shape, std::span<const T> values) {
  note(write_npy<T>(folder_.path() / name, shape, values));
}

template <class T>
std::unique_ptr<NpyWriter> GraphFolderWriter::grows(const char* name) const {
  return std::make_unique<NpyWriter>(folder_.path() / name, npy_descr<T>(), std::vector<int64_t>{-1});
}

void GraphFolderWriter::note(const WrittenFile& file) {
  (*card_)["files"][file.name] = {{"bytes", file.bytes}, {"xxh3", file.checksum}};
}

void GraphFolderWriter::set_nodes(int64_t nodes) {
  nodes_ = nodes;
  (*card_)["nodes"] = nodes;
}

void GraphFolderWriter::set_edge_types(const std::vector<std::string>& names) {
  if (names.empty() || names.size() > kMostDataTypes)
    throw Error(folder_.target().string(), ": ", names.size(), " edge types, expected 1 to ", kMostDataTypes);
  check_distinct(names, folder_.target().string(), "edge type");
  edge_types_ = static_cast<int64_t>(names.size());
  keys_ = EdgeKeys(nodes_, static_cast<int>(names.size()));
  (*card_)["edge_types"] = names;
}

void GraphFolderWriter::write_rows(const CsrView& rows) {
  if (!rows.type.empty()) array("edge_type.npy", {rows.edges()}, rows.type);
  array("row_start.npy", {nodes_ + 1}, rows.row_start);
  array("source.npy", {rows.edges()}, rows.source);
  (*card_)["edges"] = rows.edges();
}

/// A node without edges has the same start as the next node.
void GraphFolderWriter::end_rows(int64_t node) {
  for (; rows_begun_ <= node; ++rows_begun_) row_start_->write(std::span<const int64_t>(&edges_, 1));
}

void GraphFolderWriter::add_edges(std::span<const uint64_t> keys) {
  if (!row_start_) {
    row_start_ = std::make_unique<NpyWriter>(folder_.path() / "row_start.npy", npy_descr<int64_t>(),
                                             std::vector<int64_t>{nodes_ + 1});
    source_ = grows<int32_t>("source.npy");
    if (card_->contains("edge_types")) edge_type_ = grows<uint8_t>("edge_type.npy");
    last_ = ~uint64_t{0};
  }
  sources_.clear();
  types_.clear();
  // Keys ascend, so an edge opens the rows up to its destination: their starts are the number of edges so far.
  // Duplicates are neighbours and need only a comparison with the last key.
  for (const uint64_t key : keys) {
    if (last_ != ~uint64_t{0} && key < last_) throw Error("edges to be written are not in order");
    if (key == last_) {
      ++duplicates_;
      continue;
    }
    last_ = key;
    if (keys_.destination(key) == keys_.source(key)) {
      ++loops_;
      continue;
    }
    end_rows(keys_.destination(key));
    sources_.push_back(static_cast<int32_t>(keys_.source(key)));
    if (edge_type_) types_.push_back(static_cast<uint8_t>(keys_.type(key)));
    if (counts_degrees_) {
      ++in_degree_[keys_.destination(key) * edge_types_ + keys_.type(key)];
      if (directed_) ++out_degree_[keys_.source(key) * edge_types_ + keys_.type(key)];
    }
    ++edges_;
  }
  source_->write(std::span<const int32_t>(sources_));
  if (edge_type_) edge_type_->write(std::span<const uint8_t>(types_));
}

void GraphFolderWriter::add_edges(ExternalSort& keys, const std::function<void(double)>& progress) {
  const auto total = static_cast<double>(keys.size());
  int64_t done = 0;
  keys.merge([&](std::span<const uint64_t> block) {
    add_edges(block);
    done += static_cast<int64_t>(block.size());
    progress(static_cast<double>(done) / total);
  });
}

void GraphFolderWriter::count_degrees() {
  counts_degrees_ = true;
  in_degree_.assign(nodes_ * edge_types_, 0);
  if (directed_) out_degree_.assign(nodes_ * edge_types_, 0);
}

void GraphFolderWriter::write_degrees(int64_t node, float* to) const {
  for (int64_t t = node * edge_types_; t < (node + 1) * edge_types_; ++t) {
    *to++ = std::log1p(static_cast<float>(in_degree_[t]));
    if (directed_) *to++ = std::log1p(static_cast<float>(out_degree_[t]));
  }
}

/// Ends the rows of the last nodes and closes the files of the edges.
void GraphFolderWriter::finish_edges() {
  if (!row_start_) return;
  end_rows(nodes_);
  note(row_start_->finish());
  note(source_->finish());
  if (edge_type_) note(edge_type_->finish());
  // The card gets the number of edges after duplicates and loops were dropped.
  (*card_)["edges"] = edges_;
}

void GraphFolderWriter::begin_features(int64_t columns, FloatType type) {
  type_ = type;
  columns_ = columns;
  const char* const descr[] = {npy_descr<float>(), "<f2", npy_descr<uint16_t>()};
  // NumPy has no bfloat16, so its bits are stored as uint16.
  features_ = std::make_unique<NpyWriter>(folder_.path() / "features.npy", descr[static_cast<int>(type)],
                                          std::vector<int64_t>{nodes_, columns});
  (*card_)["features"] = {{"kind", "dense"}, {"columns", columns}, {"type", float_type_name(type)}};
}

uint16_t GraphFolderWriter::narrowed(float value) const {
  return type_ == FloatType::kFloat16 ? to_float16(value) : to_bfloat16(value);
}

void GraphFolderWriter::add_features(std::span<const float> rows) {
  // The value that a reader will get must be finite: a number may be too large for the smaller type.
  half_.resize(type_ == FloatType::kFloat32 ? 0 : rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    float kept = rows[i];
    if (type_ != FloatType::kFloat32) {
      half_[i] = narrowed(kept);
      kept = type_ == FloatType::kFloat16 ? from_float16(half_[i]) : from_bfloat16(half_[i]);
    }
    if (std::isfinite(kept)) continue;
    const int64_t at = numbers_ + static_cast<int64_t>(i);
    throw Error(
        folder_.target().string(), ": feature of node ", at / columns_, ", column ", at % columns_, " is ", rows[i],
        std::isfinite(rows[i]) ? str(", too large for ", float_type_name(type_)) : ", expected a finite number");
  }
  if (type_ == FloatType::kFloat32)
    features_->write(rows);
  else
    features_->write(std::span<const uint16_t>(half_));
  numbers_ += static_cast<int64_t>(rows.size());
}

void GraphFolderWriter::write_sparse(const Features& x) {
  const auto nonzeros = static_cast<int64_t>(x.column.size());
  array<int64_t>("features_row_start.npy", {x.rows + 1}, x.row_start);
  array<int32_t>("features_column.npy", {nonzeros}, x.column);
  array<float>("features_value.npy", {nonzeros}, x.value);
  (*card_)["features"] = {{"kind", "sparse"}, {"columns", x.cols}, {"nonzeros", nonzeros}};
}

void GraphFolderWriter::write_labels(const Labels& labels) {
  if (!labels.one_class())
    array<float>("labels.npy", {nodes_, labels.classes}, labels.values);
  else
    array<int32_t>("labels.npy", {nodes_}, labels.single);
  (*card_)["labels"] = {{"kind", label_kind_name(labels.kind())}, {"classes", labels.classes}};
}

void GraphFolderWriter::write_class_names(const std::vector<std::string>& names) {
  if (!names.empty()) (*card_)["labels"]["names"] = names;
}

void GraphFolderWriter::write_ids(std::span<const int64_t> integers) {
  array("node_id.npy", {nodes_}, integers);
  (*card_)["ids"] = "integer";
}

void GraphFolderWriter::write_ids(std::span<const int64_t> text_start, std::string_view texts) {
  array("node_id_start.npy", {nodes_ + 1}, text_start);
  array("node_id_text.npy", {static_cast<int64_t>(texts.size())},
        std::span(reinterpret_cast<const uint8_t*>(texts.data()), texts.size()));
  (*card_)["ids"] = "text";
}

void GraphFolderWriter::add_id(int64_t integer) {
  if (!integer_ids_) integer_ids_ = grows<int64_t>("node_id.npy");
  integer_ids_->write(std::span<const int64_t>(&integer, 1));
}

void GraphFolderWriter::add_id(std::string_view text) {
  // The starts of texts begin with 0, and each text adds the position of its end.
  if (!text_ids_) {
    text_starts_ = grows<int64_t>("node_id_start.npy");
    text_ids_ = grows<uint8_t>("node_id_text.npy");
    text_starts_->write(std::span<const int64_t>(&text_bytes_, 1));
  }
  text_ids_->write(text.data(), text.size());
  text_bytes_ += static_cast<int64_t>(text.size());
  text_starts_->write(std::span<const int64_t>(&text_bytes_, 1));
}

void GraphFolderWriter::finish_ids() {
  // Only the files of the kind of ids in use are open.
  for (auto* file : {&integer_ids_, &text_starts_, &text_ids_})
    if (*file) note((*file)->finish());
  if (integer_ids_) (*card_)["ids"] = "integer";
  if (text_ids_) (*card_)["ids"] = "text";
}

void GraphFolderWriter::write_splits(const std::vector<Split>& splits) {
  if (splits.empty()) return;
  const auto count = static_cast<int64_t>(splits.size());
  NpyWriter file(folder_.path() / "splits.npy", npy_descr<uint8_t>(), {count, nodes_});
  // Each split is one row of a number per node.
  std::vector<uint8_t> part(nodes_);
  for (const Split& split : splits) {
    std::fill(part.begin(), part.end(), 0);
    for (const int32_t i : split.train) part[i] = 1;
    for (const int32_t i : split.val) part[i] = 2;
    for (const int32_t i : split.test) part[i] = 3;
    file.write(std::span<const uint8_t>(part));
  }
  note(file.finish());
  (*card_)["splits"] = count;
}

void GraphFolderWriter::write_schema(const Schema& schema) {
  const std::string text = schema_text(schema);
  write_text_file(folder_.path() / kSchemaFile, text);
  note({kSchemaFile, std::ssize(text), Checksum().add(text).text()});
}

void GraphFolderWriter::commit(const std::string& name, const std::string& recipe, uint64_t fingerprint) {
  finish_edges();
  finish_ids();
  if (features_) note(features_->finish());
  // JSON lists the files by name, so the fingerprint does not depend on the order in which they were written.
  if (fingerprint == 0) {
    fingerprint = random_key(static_cast<uint64_t>(nodes_));
    for (const auto& [file, entry] : (*card_)["files"].items())
      if (file != kSchemaFile)
        fingerprint = random_key(fingerprint, std::stoull(entry.at("xxh3").get<std::string>(), nullptr, 16));
  }
  (*card_)["name"] = name;
  (*card_)["recipe"] = recipe;
  (*card_)["fingerprint"] = str(std::hex, fingerprint);
  // The card comes last: a folder without it is incomplete.
  remove_path(scratch_);
  seal(*card_);
  write_text_file(folder_.path() / kGraphCard, card_->dump(2) + "\n");
  folder_.commit();
}

}  // namespace graphsieve
