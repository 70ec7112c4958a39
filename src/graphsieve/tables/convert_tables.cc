// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/convert_tables.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/tables/id_join.h"
#include "graphsieve/tables/node_ids.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {
namespace {

constexpr size_t kMostTexts = 1000;  // most different texts of a text column
constexpr int64_t kIdBlock = 4096;   // ids that one thread looks up at a time
constexpr int64_t kLeastMemory = 64 << 10;

constexpr int64_t kSliceNumbers = 1 << 20;  // numbers of features that are written at a time

/// Returns the position of a cell for a message.
std::string at(const Table& table, int64_t row, const std::string& column) {
  return str(table.place(row), ", column '", column, "'");
}

/// The use of each column of a table; a column has one use at most.
class ColumnUses {
 public:
  explicit ColumnUses(const Table& table) : table_(table) {}

  /// Registers a use of a column. Throws Error if the table has no such column or the column has another use.
  void add(const std::string& column, const std::string& use) {
    table_.column(column, use);
    const auto [found, added] = use_.emplace(column, use);
    if (added) return;
    throw Error(table_.path(), ": column '", column, "' is named ",
                found->second == use ? str("twice for ", use) : str("for ", found->second, " and for ", use),
                ", expected one use for each column");
  }
  bool has(const std::string& column) const { return use_.contains(column); }

 private:
  const Table& table_;
  std::unordered_map<std::string, std::string> use_;
};

/// The edge types 0, 1, … of the values of a column, in ascending order of the values: texts alphabetically, integers
/// by size.
struct EdgeTypes {
  std::map<std::string, int, std::less<>> texts;
  std::map<int64_t, int> integers;
  std::vector<std::string> names;

  void add(const TableBatch::Values& values, int64_t i) {
    if (values.kind == ColumnKind::kInteger)
      integers.try_emplace(values.integers[i], 0);
    else if (texts.find(values.texts[i]) == texts.end())
      texts.emplace(values.texts[i], 0);
  }
  /// Numbers the types. It is called after the last value has been added.
  void finish() {
    for (auto& [text, type] : texts) type = static_cast<int>(names.size()), names.push_back(text);
    for (auto& [integer, type] : integers) type = static_cast<int>(names.size()), names.push_back(str(integer));
  }
  int of(const TableBatch::Values& values, int64_t i) const {
    return values.kind == ColumnKind::kInteger ? integers.find(values.integers[i])->second
                                               : texts.find(values.texts[i])->second;
  }
};

/// Converts the tables in three steps: a first reading of the node table (ids, labels, splits, texts), a second one
/// (features), and the reading of the edge table. Nodes are numbered in the order of their table.
class TablesConverter {
 public:
  explicit TablesConverter(const TablesRequest& request)
      : r_(request),
        nodes_(Table::open(request.nodes)),
        edges_(Table::open(request.edges)),
        ids_(nodes_->column(request.id, str("ids (", option("id"), ")")).kind == ColumnKind::kText) {}

  void run() {
    if (r_.labels.empty()) throw Error("tables: no label column is named");
    if (r_.memory < kLeastMemory)
      throw Error("tables: ", r_.memory, " bytes of memory (", option("memory"), "), expected at least ", kLeastMemory);
    choose_columns();
    GraphFolderWriter to(r_.out, -1, r_.directed, r_.overwrite, {r_.nodes, r_.edges});
    read_nodes(to);
    if (count_ < 1) throw Error(nodes_->path(), ": no rows");
    if (count_ > std::numeric_limits<int32_t>::max() - 1)
      throw Error(nodes_->path(), ": ", count_, " rows, expected at most ", std::numeric_limits<int32_t>::max() - 1);
    to.set_nodes(count_);
    finish_ids();
    tell(0.2);
    write_labels(to);
    write_features(to);
    tell(0.5);
    write_edges(to);
    write_ids(to);
    to.commit(r_.name.empty() ? path_text(r_.out.filename()) : r_.name, "default");
    tell(1);
  }

 private:
  void tell(double share) const {
    if (r_.progress) r_.progress(share);
  }
  void note(const std::string& text) const {
    if (r_.note) r_.note(text);
  }

  /// Checks the named columns, and takes the columns without a use as features if none are named.
  void choose_columns() {
    ColumnUses nodes(*nodes_), edges(*edges_);
    const auto use = [](const char* what, const char* field) { return str(what, " (", option(field), ")"); };
    nodes.add(r_.id, use("ids", "id"));
    for (const std::string& label : r_.labels) nodes.add(label, use("labels", "label"));
    if (!r_.split.empty()) nodes.add(r_.split, use("splits", "split"));
    for (const std::string& feature : r_.features) nodes.add(feature, use("features", "columns"));
    edges.add(r_.source, use("sources", "source"));
    edges.add(r_.destination, use("destinations", "destination"));
    if (!r_.edge_type.empty()) edges.add(r_.edge_type, use("edge types", "edge_type"));
    features_ = r_.features;
    if (features_.empty())
      for (const TableColumn& c : nodes_->columns())
        if (!nodes.has(c.name)) features_.push_back(c.name);
    if (features_.empty()) throw Error(nodes_->path(), ": no column is left for features");
    for (const std::string& name : features_)
      if (nodes_->column(name, "").kind == ColumnKind::kText) texts_[name];
  }

  /// Reads the node table for the first time: ids, labels, splits, and the texts of text columns.
  void read_nodes(GraphFolderWriter& to) {
    std::vector<std::string> names = {r_.id};
    names.insert(names.end(), r_.labels.begin(), r_.labels.end());
    const bool several = r_.labels.size() > 1;
    std::vector<std::string> as_text, as_number;
    if (!r_.split.empty()) names.push_back(r_.split), as_text.push_back(r_.split);
    if (several) as_number = r_.labels;
    for (const auto& [name, texts] : texts_) names.push_back(name);
    nodes_->read(names, as_number, as_text, [&](const TableBatch& batch) {
      take_ids(batch, to);
      several ? take_several(batch) : take_label(batch);
      size_t c = 1 + r_.labels.size();
      if (!r_.split.empty()) take_split(batch, batch.columns[c++]);
      for (auto& [name, texts] : texts_) take_texts(name, batch.columns[c++], texts);
    });
  }

  /// Takes the ids of a batch, in memory as long as they fit in half of the memory, otherwise on disk.
  void take_ids(const TableBatch& batch, GraphFolderWriter& to) {
    const TableBatch::Values& ids = batch.columns[0];
    if (ids.kind == ColumnKind::kNumber)
      throw Error(nodes_->path(), ": column '", r_.id,
                  "' holds numbers that are no integers, expected integers or texts as ids");
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (ids.missing[i]) throw Error(at(*nodes_, batch.first_row + i, r_.id), ": no id");
      if (join_)
        ids_.text() ? add_on_disk(ids.texts[i], to) : add_on_disk(ids.integers[i], to);
      else
        ids_.text() ? ids_.add(ids.texts[i]) : ids_.add(ids.integers[i]);
    }
    count_ += batch.rows;
    if (!join_ && ids_.bytes() > r_.memory / 2) leave_memory(to);
  }

  template <class Id>
  void add_on_disk(const Id& id, GraphFolderWriter& to) {
    to.add_id(id);
    join_->add_node(id_key(id));
  }

  /// Moves the ids from memory to disk.
  void leave_memory(GraphFolderWriter& to) {
    join_ = std::make_unique<IdJoin>(to.scratch(), r_.memory);
    for (int64_t i = 0; i < count_; ++i)
      ids_.text() ? add_on_disk(ids_.text_at(i), to) : add_on_disk(ids_.integers()[i], to);
    ids_ = NodeIds(ids_.text());
    note(str("the node ids take more than half of the ", r_.memory, " bytes of memory (", option("memory"),
             "): they are sorted on disk"));
  }

  /// Throws Error if an id occurs twice.
  void finish_ids() {
    if (!join_) return ids_.finish([this](int64_t first, int64_t second) { return nodes_->places(first, second); });
    const IdJoin::Twice twice = join_->finish_nodes();
    if (twice.second >= 0)
      throw Error(nodes_->places(twice.first, twice.second), " have the same id ",
                  quoted_text(cell(*nodes_, r_.id, twice.second)));
  }

  void write_ids(GraphFolderWriter& to) const {
    if (join_ || ids_.plain()) return;  // ids are on disk already, or equal to the numbers of the nodes
    if (ids_.text())
      to.write_ids(ids_.text_start(), ids_.texts());
    else
      to.write_ids(ids_.integers());
  }

  /// Returns the id in a row, for a message. It reads the whole column again.
  std::string cell(const Table& table, const std::string& column, int64_t row) const {
    std::string found;
    table.read({column}, {}, {column}, [&](const TableBatch& batch) {
      if (row >= batch.first_row && row < batch.first_row + batch.rows)
        found = batch.columns[0].texts[row - batch.first_row];
    });
    return found;
  }

  /// Takes the classes of a batch. Texts are numbered in the order of their appearance, and write_labels() renumbers
  /// them.
  void take_label(const TableBatch& batch) {
    const TableBatch::Values& values = batch.columns[1];
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (values.missing[i]) {
        classes_.push_back(-1);
      } else if (values.kind == ColumnKind::kText) {
        const auto [name, isnew] =
            class_names_.try_emplace(std::string(values.texts[i]), static_cast<int32_t>(class_names_.size()));
        if (isnew && class_names_.size() > kMostClasses)
          throw Error(nodes_->path(), ": more than ", kMostClasses, " classes in column '", r_.labels[0], "'");
        classes_.push_back(name->second);
      } else {
        const double value =
            values.kind == ColumnKind::kInteger ? static_cast<double>(values.integers[i]) : values.numbers[i];
        const double label = std::isnan(value) ? -1 : value;
        if (label != std::trunc(label) || label < -1 || label >= kMostClasses)
          throw Error(at(*nodes_, batch.first_row + i, r_.labels[0]), ": ", value, ", expected a class from 0 to ",
                      kMostClasses - 1, ", or -1 or nothing for none");
        classes_.push_back(static_cast<int32_t>(label));
      }
    }
  }

  /// Takes the 0/1 labels of a batch.
  void take_several(const TableBatch& batch) {
    for (int64_t i = 0; i < batch.rows; ++i)
      for (size_t l = 0; l < r_.labels.size(); ++l) {
        const TableBatch::Values& values = batch.columns[1 + l];
        const double value = values.missing[i] ? std::numeric_limits<double>::quiet_NaN() : values.numbers[i];
        if (!std::isnan(value) && value != 0 && value != 1 && value != -1)
          throw Error(at(*nodes_, batch.first_row + i, r_.labels[l]), ": ", value,
                      ", expected 0, 1, or -1 or nothing for none");
        several_.push_back(value == -1 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(value));
      }
  }

  void take_split(const TableBatch& batch, const TableBatch::Values& values) {
    for (int64_t i = 0; i < batch.rows; ++i) {
      const std::string_view part = values.missing[i] ? std::string_view() : values.texts[i];
      const auto node = static_cast<int32_t>(batch.first_row + i);
      if (part == "train")
        split_.train.push_back(node);
      else if (part == "val" || part == "valid" || part == "validation")
        split_.val.push_back(node);
      else if (part == "test")
        split_.test.push_back(node);
      else if (!part.empty() && part != "none")
        throw Error(at(*nodes_, batch.first_row + i, r_.split), ": ", quoted_text(part),
                    ", expected train, val, test or nothing");
    }
  }

  void take_texts(const std::string& name, const TableBatch::Values& values,
                  std::map<std::string, int64_t, std::less<>>& texts) {
    for (size_t i = 0; i < values.texts.size(); ++i)
      if (!values.missing[i] && texts.find(values.texts[i]) == texts.end()) {
        texts.emplace(values.texts[i], 0);
        if (texts.size() > kMostTexts)
          throw Error(nodes_->path(), ": column '", name, "' holds more than ", kMostTexts,
                      " different texts; leave it out (", option("columns"), ") or encode it as numbers");
      }
  }

  void write_labels(GraphFolderWriter& to) {
    Labels labels;
    if (r_.labels.size() > 1) {
      labels.classes = static_cast<int64_t>(r_.labels.size());
      labels.multi = std::move(several_);
    } else {
      std::vector<int32_t> order(class_names_.size());  // renumbers classes by the order of their texts
      int32_t next = 0;
      for (const auto& [name, first] : class_names_) order[first] = next++;
      if (!order.empty())
        for (int32_t& c : classes_) c = c < 0 ? c : order[c];
      labels.classes = 1 + *std::max_element(classes_.begin(), classes_.end());
      labels.single = std::move(classes_);
      if (labels.classes < 1) throw Error(nodes_->path(), ": no node has a label in column '", r_.labels[0], "'");
    }
    to.write_labels(labels);
    std::vector<std::string> names;
    for (const auto& [name, first] : class_names_) names.push_back(name);
    to.write_class_names(r_.labels.size() > 1 ? r_.labels : names);
    if (r_.split.empty()) return;
    const int64_t dropped = check_split(split_, labels, str(nodes_->path(), ": column '", r_.split, "'"));
    if (dropped > 0) note(str(dropped, " nodes without a label taken out of the split"));
    to.write_splits({split_});
    split_ = {};
  }

  /// Assigns its columns to every feature: one to a number, one per text to a text column. Returns the number of
  /// columns.
  int64_t place_features() {
    int64_t columns = 0;
    for (const std::string& name : features_) {
      first_column_.push_back(columns);
      const auto found = texts_.find(name);
      of_texts_.push_back(found == texts_.end() ? nullptr : &found->second);
      if (found == texts_.end()) {
        ++columns;
      } else {
        for (auto& [text, place] : found->second) place = columns++;
      }
    }
    return columns;
  }

  /// Reads the node table for the second time and writes the features.
  void write_features(GraphFolderWriter& to) {
    const int64_t columns = place_features();
    if (columns == 0) throw Error(nodes_->path(), ": no feature column holds anything");
    std::vector<std::string> as_number;
    for (size_t f = 0; f < features_.size(); ++f)
      if (of_texts_[f] == nullptr) as_number.push_back(features_[f]);
    to.begin_features(columns, r_.type);
    std::vector<float> rows, start;
    std::vector<char> changes(columns, 0);
    const int64_t slice = std::max<int64_t>(1, kSliceNumbers / columns);
    nodes_->read(features_, as_number, {}, [&](const TableBatch& batch) {
      for (int64_t begin = 0; begin < batch.rows; begin += slice) {
        const int64_t count = std::min(slice, batch.rows - begin);
        rows.assign(count * columns, 0);
        for (size_t f = 0; f < features_.size(); ++f) put_feature(f, batch, begin, count, columns, rows);
        if (start.empty()) start.assign(rows.begin(), rows.begin() + columns);
        for (int64_t i = 0; i < count; ++i)
          for (int64_t c = 0; c < columns; ++c) changes[c] |= rows[i * columns + c] != start[c];
        to.add_features(rows);
      }
      tell(0.2 + 0.3 * static_cast<double>(batch.first_row + batch.rows) / static_cast<double>(count_));
    });
    if (filled_ > 0) note(str(filled_, " missing numbers set to ", *r_.fill));
    const auto constant = std::count(changes.begin(), changes.end(), 0);
    if (constant > 0) note(str(constant, " of the ", columns, " feature columns are constant"));
  }

  /// Writes one feature of the rows [begin, begin + count) of the batch into the matrix of these rows.
  void put_feature(size_t feature, const TableBatch& batch, int64_t begin, int64_t count, int64_t columns,
                   std::vector<float>& rows) {
    const TableBatch::Values& values = batch.columns[feature];
    for (int64_t i = begin; i < begin + count; ++i) {
      float* const row = &rows[(i - begin) * columns];
      if (of_texts_[feature] != nullptr) {
        if (!values.missing[i]) row[of_texts_[feature]->find(values.texts[i])->second] = 1;
        continue;
      }
      row[first_column_[feature]] =
          feature_number(values.missing[i] ? std::numeric_limits<double>::quiet_NaN() : values.numbers[i],
                         batch.first_row + i, features_[feature]);
    }
  }

  /// Returns a number as float32, or `fill` if it is missing. Throws Error if it is neither present nor filled, or does
  /// not fit.
  float feature_number(double value, int64_t row, const std::string& feature) {
    if (std::isnan(value)) {
      if (!r_.fill)
        throw Error(at(*nodes_, row, feature), ": no number; ", option("fill", "VALUE"), " puts one in its place");
      value = *r_.fill;
      ++filled_;
    }
    const auto kept = static_cast<float>(value);
    if (!std::isfinite(kept))
      throw Error(at(*nodes_, row, feature), ": ", value, ", expected a number that float32 holds");
    return kept;
  }

  /// Sets `to` to the node number of each id in a column, −1 if no node has the id. Throws Error if an id is missing,
  /// or if it is unknown and dangling edges are refused.
  void places(const TableBatch& batch, size_t column, const std::string& name, std::vector<int64_t>& to) const {
    const TableBatch::Values& ids = batch.columns[column];
    to.resize(batch.rows);
    parallel_blocks(batch.rows, kIdBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = ids_.text() ? ids_.find(ids.texts[i]) : ids_.find(ids.integers[i]);
    });
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (ids.missing[i]) throw Error(at(*edges_, batch.first_row + i, name), ": no id");
      if (to[i] < 0 && !r_.drop_dangling)
        dangles(batch.first_row + i, name, ids_.text() ? std::string(ids.texts[i]) : str(ids.integers[i]));
    }
  }

  [[noreturn]] void dangles(int64_t row, const std::string& name, std::string_view id) const {
    throw Error(at(*edges_, row, name), ": no node has the id ", ids_.text() ? quoted_text(id) : std::string(id), "; ",
                option("drop_dangling"), " leaves such edges out");
  }

  /// Throws Error unless the ids of an edge column are of the kind of the node ids. Only integers may be used as texts.
  void check_kind(const std::string& name) const {
    const ColumnKind kind = edges_->column(name, "").kind;
    if (kind == ColumnKind::kInteger || (ids_.text() && kind == ColumnKind::kText)) return;
    throw Error(edges_->path(), ": column '", name, "' does not hold ", ids_.text() ? "texts" : "integers",
                ", as the ids of ", nodes_->path(), " do");
  }

  int type_of(const TableBatch& batch, int64_t i) const {
    return r_.edge_type.empty() ? 0 : edge_types_.of(batch.columns[2], i);
  }

  void add_to_join(const TableBatch& batch) {
    const TableBatch::Values &source = batch.columns[0], &destination = batch.columns[1];
    for (int64_t i = 0; i < batch.rows; ++i) {
      const int64_t row = batch.first_row + i;
      if (source.missing[i] || destination.missing[i])
        throw Error(at(*edges_, row, source.missing[i] ? r_.source : r_.destination), ": no id");
      if (ids_.text())
        join_->add_edge(id_key(source.texts[i]), id_key(destination.texts[i]), row, type_of(batch, i));
      else
        join_->add_edge(id_key(source.integers[i]), id_key(destination.integers[i]), row, type_of(batch, i));
    }
  }

  /// Reads the column of edge types alone, so that their names are known and in order before the first edge.
  void read_edge_types() {
    const ColumnKind kind = edges_->column(r_.edge_type, "").kind;
    if (kind == ColumnKind::kNumber)
      throw Error(edges_->path(), ": column '", r_.edge_type,
                  "' holds numbers that are no integers, expected integers or texts as edge types");
    edges_->read({r_.edge_type}, {}, {}, [&](const TableBatch& batch) {
      const TableBatch::Values& values = batch.columns[0];
      for (int64_t i = 0; i < batch.rows; ++i) {
        if (values.missing[i]) throw Error(at(*edges_, batch.first_row + i, r_.edge_type), ": no edge type");
        edge_types_.add(values, i);
        if (edge_types_.texts.size() + edge_types_.integers.size() > kMostDataTypes)
          throw Error(edges_->path(), ": column '", r_.edge_type, "' holds more than ", kMostDataTypes,
                      " different edge types");
      }
    });
    edge_types_.finish();
  }

  /// Reads the edges, replaces their ids by node numbers (in memory, or by a join on disk), and sorts and writes them.
  void write_edges(GraphFolderWriter& to) {
    const std::vector<std::string> names = {r_.source, r_.destination};
    if (!r_.edge_type.empty()) {
      read_edge_types();
      to.set_edge_types(edge_types_.names);
    }
    std::vector<std::string> columns = names;
    if (!r_.edge_type.empty()) columns.push_back(r_.edge_type);
    const EdgeKeys keys = to.edge_keys();
    ExternalSort sort(to.scratch(), join_ ? r_.memory / 2 : r_.memory - ids_.bytes());
    int64_t listed = 0, dangling = 0;
    const auto take = [&](int64_t source, int64_t destination, int type) {
      ++listed;
      sort.add(keys.key(destination, source, type));
      if (!r_.directed) sort.add(keys.key(source, destination, type));
    };
    std::vector<int64_t> source, destination;
    edges_->read(columns, {}, ids_.text() ? names : std::vector<std::string>(), [&](const TableBatch& batch) {
      for (const std::string& name : names) check_kind(name);
      if (join_) {
        add_to_join(batch);
      } else {
        places(batch, 0, names[0], source);
        places(batch, 1, names[1], destination);
        for (int64_t i = 0; i < batch.rows; ++i) {
          if (source[i] < 0 || destination[i] < 0)
            ++dangling;
          else
            take(source[i], destination[i], type_of(batch, i));
        }
      }
      tell(0.5);
    });
    if (join_) {
      const IdJoin::Dangling found = join_->edges(take, [this] { tell(0.6); });
      dangling = found.count;
      const std::string& name = found.source ? names[0] : names[1];
      if (dangling > 0 && !r_.drop_dangling) dangles(found.row, name, cell(*edges_, name, found.row));
    }
    if (listed == 0) throw Error(edges_->path(), ": no edges");
    to.add_edges(sort, [this](double done) { tell(0.7 + 0.3 * done); });
    if (dangling > 0) note(str(dangling, " edges with an id that no node has left out"));
    if (to.loops() > 0) note("self loops left out");
    if (to.duplicates() > 0) note("repeated edges left out");
    if (to.edges() == 0) throw Error(edges_->path(), ": no edge but self loops");
  }

  const TablesRequest& r_;
  std::unique_ptr<Table> nodes_, edges_;
  NodeIds ids_;                   ///< the ids, if they fit in half of the memory
  std::unique_ptr<IdJoin> join_;  ///< otherwise the join on disk
  int64_t count_ = 0;             ///< number of nodes
  std::vector<std::string> features_;
  using TextColumns = std::map<std::string, int64_t, std::less<>>;
  std::map<std::string, TextColumns> texts_;    ///< by text column: the feature column of each text
  std::vector<TextColumns*> of_texts_;          ///< by feature: its texts; nullptr: numbers
  std::vector<int64_t> first_column_;           ///< by feature: its first column
  int64_t filled_ = 0;                          ///< number of missing numbers that were filled
  std::map<std::string, int32_t> class_names_;  ///< class of each text, in the order of appearance
  std::vector<int32_t> classes_;
  std::vector<float> several_;
  EdgeTypes edge_types_;
  Split split_;
};

}  // namespace

void convert_tables(const TablesRequest& request) { TablesConverter(request).run(); }

}  // namespace graphsieve

void graphsieve_convert_tables(const graphsieve::TablesRequest& request) { graphsieve::convert_tables(request); }
