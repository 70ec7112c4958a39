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
#include "graphsieve/recipe/suggest.h"
#include "graphsieve/tables/feature_columns.h"
#include "graphsieve/tables/id_join.h"
#include "graphsieve/tables/label_columns.h"
#include "graphsieve/tables/node_ids.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {
namespace {

constexpr int64_t kIdBlock = 4096;  // ids that one thread looks up at a time
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

/// The edge types 0, 1, … of the texts of a column, in ascending order: by value if all texts are integers, otherwise
/// by bytes.
class EdgeTypes {
 public:
  void add(std::string_view text) {
    if (type_.find(text) == type_.end()) type_.emplace(text, 0);
  }
  /// Numbers the types. It is called after the last text has been added.
  void finish() {
    for (const auto& [text, type] : type_) names_.push_back(text);
    const auto value = [](const std::string& text) {
      int64_t number = 0;
      const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
      return status == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
    };
    if (std::all_of(names_.begin(), names_.end(), [&](const std::string& name) { return value(name).has_value(); }))
      std::stable_sort(names_.begin(), names_.end(),
                       [&](const std::string& a, const std::string& b) { return *value(a) < *value(b); });
    number();
  }
  /// Takes the types in a given order, that of the training data, which may have more of them. Throws Error, beginning
  /// with `where`, if the column has a type that is not among them.
  void finish_like(const std::vector<std::string>& names, const std::string& where) {
    for (const auto& [text, type] : type_)
      if (std::find(names.begin(), names.end(), text) == names.end())
        throw Error(where, ": edge type ", quoted_text(text), " is none of those that the model was trained on");
    names_ = names;
    number();
  }
  const std::vector<std::string>& names() const { return names_; }
  size_t count() const { return type_.size(); }
  int of(std::string_view text) const { return type_.find(text)->second; }

 private:
  void number() {
    for (size_t t = 0; t < names_.size(); ++t) type_[names_[t]] = static_cast<int>(t);
  }

  std::map<std::string, int, std::less<>> type_;
  std::vector<std::string> names_;
};

/// True if the name is that of a column in which pandas stores a table's index.
bool holds_index(const std::string& name) {
  return name.empty() || name.starts_with("__index_level_") || name.starts_with("Unnamed: ");
}

/// Returns the names and the form of the training data's tables; without training data, the defaults.
const TableNames& trained_names(const TablesRequest& r) {
  static const TableNames defaults;
  return r.like ? r.like->table : defaults;
}

/// Returns how cells are written: as the request says, or else as in the training data.
TableForm form_of(const TablesRequest& r) {
  const TableNames& table = trained_names(r);
  TableForm form;
  if (!table.delimiter.empty()) form.delimiter = table.delimiter[0];
  if (!table.decimal.empty()) form.decimal = table.decimal[0];
  if (!table.thousands.empty()) form.thousands = table.thousands[0];
  form.missing = table.missing;
  form.delimiter = r.delimiter.value_or(form.delimiter);
  form.decimal = r.decimal.value_or(form.decimal);
  form.thousands = r.thousands.value_or(form.thousands);
  if (r.missing) form.missing = *r.missing;
  return form;
}

/// Returns the name of a column: the request's, or that of the training data, or the default.
std::string name_of(const std::string& asked, const std::string& trained, const char* otherwise) {
  if (!asked.empty()) return asked;
  return trained.empty() ? otherwise : trained;
}

/// Converts the tables in three steps: a first reading of the node table (ids, labels, splits, the schema), a second
/// one (features), and the reading of the edge table. Degree features are known only after the edges, which then come
/// before the features. Nodes are numbered in the order of their table.
class TablesConverter {
 public:
  explicit TablesConverter(const TablesRequest& request)
      : r_(request),
        form_(form_of(request)),
        nodes_(Table::open(request.nodes, form_)),
        edges_(Table::open(request.edges, form_)),
        ids_(false) {}

  void run() {
    if (r_.memory < kLeastMemory)
      throw Error("tables: ", r_.memory, " bytes of memory (", option("memory"), "), expected at least ", kLeastMemory);
    check_split_by();
    choose_columns();
    GraphFolderWriter to(r_.out, -1, schema_.table.directed, r_.overwrite, {r_.nodes, r_.edges});
    find_kinds();
    read_nodes(to);
    if (count_ < 1) throw Error(nodes_->path(), ": no rows");
    if (count_ > std::numeric_limits<int32_t>::max() - 1)
      throw Error(nodes_->path(), ": ", count_, " rows, expected at most ", std::numeric_limits<int32_t>::max() - 1);
    to.set_nodes(count_);
    finish_ids();
    tell(0.2);
    write_labels(to);
    if (schema_.degree_features) {
      write_edges(to);
      write_features(to);
    } else {
      write_features(to);
      write_edges(to);
    }
    write_ids(to);
    to.write_schema(schema_);
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

  /// Finds the names of the columns, checks them, and takes the columns without a use as features if none are named.
  void choose_columns() {
    TableNames& names = schema_.table;
    const TableNames& trained = trained_names(r_);
    names.id = name_of(r_.id, trained.id, "id");
    names.source = name_of(r_.source, trained.source, "source");
    names.destination = name_of(r_.destination, trained.destination, "destination");
    names.edge_type = name_of(r_.edge_type, trained.edge_type, "");
    names.directed = r_.directed || trained.directed;
    names.regression = r_.regression || trained.regression;
    names.missing = form_.missing;
    if (form_.delimiter != 0) names.delimiter = form_.delimiter;
    names.decimal = form_.decimal;
    if (form_.thousands != 0) names.thousands = form_.thousands;
    ColumnUses nodes(*nodes_), edges(*edges_);
    const auto use = [](const char* what, const char* field) { return str(what, " (", option(field), ")"); };
    for (const std::string& name : r_.drop) nodes.add(name, use("columns to leave out", "drop"));
    nodes.add(names.id, use("ids", "id"));
    choose_labels(nodes);
    for (const std::string& label : names.labels) nodes.add(label, use("labels", "label"));
    if (!r_.split.empty()) nodes.add(r_.split, use("splits", "split"));
    if (!r_.split_by.empty()) nodes.add(r_.split_by, use("the split by date", "split_by"));
    for (const std::string& feature : r_.features) nodes.add(feature, use("features", "columns"));
    edges.add(names.source, use("sources", "source"));
    edges.add(names.destination, use("destinations", "destination"));
    if (!names.edge_type.empty()) edges.add(names.edge_type, use("edge types", "edge_type"));
    r_.like ? choose_features_like(nodes) : choose_features(nodes);
  }

  /// Takes the labels that are asked for, or those of the training data if the table has them all, or the column
  /// "label" if there is one.
  void choose_labels(const ColumnUses& uses) {
    std::vector<std::string>& labels = schema_.table.labels;
    if (r_.labels) {
      labels = *r_.labels;
      return;
    }
    labels = r_.like ? r_.like->table.labels : std::vector<std::string>{"label"};
    const bool all = std::all_of(labels.begin(), labels.end(),
                                 [&](const std::string& name) { return nodes_->has(name) && !uses.has(name); });
    if (all) return;
    if (!r_.like)
      note(str("no column is named for labels (", option("label"), "), and none is called 'label': the graph has no ",
               "labels, so that it can be scored but not trained on"));
    labels.clear();
  }

  void choose_features(const ColumnUses& uses) {
    feature_names_ = r_.features;
    std::vector<std::string> index;
    if (feature_names_.empty())
      for (const TableColumn& c : nodes_->columns())
        if (!uses.has(c.name)) (holds_index(c.name) ? index : feature_names_).push_back(c.name);
    for (const std::string& name : index)
      note(str("column '", name, "' is left out: pandas stores the index of a table under this name; ",
               option("columns"), " names it if it is a feature"));
    schema_.degree_features = r_.degree_features;
    if (feature_names_.empty() && !r_.degree_features)
      throw Error(nodes_->path(), ": no column is left for features; ", option("degree_features"),
                  " makes features of the nodes' degrees");
  }

  /// The features are those of the training data. The other columns of the table are not used.
  void choose_features_like(const ColumnUses& uses) {
    const bool asked = !r_.features.empty() || r_.fill || !r_.fills.empty() || !r_.indicators.empty() ||
                       !r_.cyclic.empty() || r_.degree_features;
    if (asked)
      throw Error("tables: the features are those of the model's training data (", option("like"),
                  "); expected no option that makes other ones");
    schema_.degree_features = r_.like->degree_features;
    std::set<std::string> known;
    for (const SchemaColumn& column : r_.like->columns) {
      feature_names_.push_back(column.name);
      known.insert(column.name);
    }
    std::vector<std::string> extra;
    for (const TableColumn& c : nodes_->columns())
      if (!uses.has(c.name) && !known.contains(c.name)) extra.push_back(c.name);
    if (!extra.empty()) note(str("columns that the model was not trained with are not used: ", quoted_words(extra)));
  }

  /// Finds the kinds of the columns, and then what the features are made of.
  void find_kinds() {
    TableNames& names = schema_.table;
    std::vector<std::string> columns = names.labels;
    const bool like_text = r_.like && r_.id_type.empty() && r_.like->table.text_ids;
    if (r_.id_type != "text" && !like_text) columns.push_back(names.id);
    for (const std::string& name : feature_names_)
      if (!r_.like || nodes_->column(name, "features, which the model was trained with").kind == ColumnKind::kList)
        columns.push_back(name);
    nodes_->find_kinds(columns, [this] { tell(0); });
    const TableColumn& id = nodes_->column(names.id, "");
    // Numbers are read as integers, and the first one that is none is refused with its row.
    const bool integers = (id.kind == ColumnKind::kInteger || id.kind == ColumnKind::kNumber) && !id.digits_matter;
    names.text_ids = !r_.id_type.empty() ? r_.id_type == "text" : r_.like ? like_text : !integers;
    ids_ = NodeIds(names.text_ids);
    labels_.emplace(*nodes_, names.labels, names.regression);
    FeatureOptions options{r_.fill, r_.fills, r_.indicators, r_.cyclic, r_.memory / 2, r_.unknown};
    if (r_.like)
      features_.emplace(*nodes_, r_.like->columns, options);
    else
      features_.emplace(*nodes_, feature_names_, options);
  }

  ColumnKind id_kind() const { return ids_.text() ? ColumnKind::kText : ColumnKind::kInteger; }

  /// Reads ids, labels, splits, and what the schema is learned from.
  void read_nodes(GraphFolderWriter& to) {
    std::vector<WantedColumn> columns = {{schema_.table.id, id_kind()}};
    const auto add = [&](const std::vector<WantedColumn>& more) {
      const size_t first = columns.size();
      columns.insert(columns.end(), more.begin(), more.end());
      return first;
    };
    const size_t label = add(labels_->wanted());
    const size_t split = r_.split.empty() ? 0 : add({{r_.split, ColumnKind::kText}});
    const size_t date = r_.split_by.empty() ? 0 : add({{r_.split_by, ColumnKind::kDate}});
    const size_t feature = add(features_->to_learn());
    nodes_->read(columns, [&](const TableBatch& batch) {
      take_ids(batch, to);
      labels_->take(batch, label);
      if (split > 0) take_split(batch, batch.columns[split]);
      if (date > 0) take_dates(batch, batch.columns[date]);
      features_->learn(batch, feature);
      tell(0.1);
    });
    features_->finish_learning();
    schema_.columns = features_->schema();
  }

  /// Takes the ids of a batch, in memory as long as they fit in half of the memory, otherwise on disk.
  void take_ids(const TableBatch& batch, GraphFolderWriter& to) {
    const TableBatch::Values& ids = batch.columns[0];
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (ids.missing[i]) throw Error(at(*nodes_, batch.first_row + i, schema_.table.id), ": no id");
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
                  quoted_text(cell(*nodes_, schema_.table.id, twice.second)));
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
    table.read({{column, ColumnKind::kText}}, [&](const TableBatch& batch) {
      if (row >= batch.first_row && row < batch.first_row + batch.rows)
        found = batch.columns[0].texts[row - batch.first_row];
    });
    return found;
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

  /// Returns the first moment after a date, or after a moment that has a time. Throws Error if the text is no date.
  static double end_of(const std::string& text, const char* field) {
    const std::optional<double> days = date_in(text);
    if (!days)
      throw Error("tables: ", option(field), " is ", quoted_text(text),
                  ", expected a date, as 2026-01-31 or 2026-01-31T12:00:00");
    return text.size() == std::string_view("2026-01-31").size() ? *days + 1 : std::nextafter(*days, *days + 1);
  }

  /// Checks the options of a split by date.
  void check_split_by() {
    if (r_.split_by.empty()) {
      if (!r_.train_until.empty() || !r_.validate_until.empty())
        throw Error("tables: ", option("train_until"), " belongs to ", option("split_by"));
      return;
    }
    if (!r_.split.empty()) throw Error("tables: expected ", option("split"), " or ", option("split_by"), ", not both");
    train_end_ = end_of(r_.train_until, "train_until");
    if (!r_.validate_until.empty()) validate_end_ = end_of(r_.validate_until, "validate_until");
    if (validate_end_ && *validate_end_ <= train_end_)
      throw Error("tables: ", option("validate_until"), " is ", r_.validate_until, ", expected a date after ",
                  option("train_until"), ", ", r_.train_until);
  }

  /// Takes the dates of a batch. A node without a date is in no part.
  void take_dates(const TableBatch& batch, const TableBatch::Values& values) {
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (values.missing[i]) continue;
      const auto node = static_cast<int32_t>(batch.first_row + i);
      const double date = values.numbers[i];
      if (date < train_end_)
        dated_.emplace_back(date, node);
      else
        (validate_end_ && date < *validate_end_ ? split_.val : split_.test).push_back(node);
    }
  }

  /// Splits the nodes of the training period, if no date ends the validation: the last fifth is for validation. Of
  /// nodes of one date, all are in one part.
  void finish_dates() {
    std::sort(dated_.begin(), dated_.end());
    size_t end = dated_.size();
    if (!validate_end_) {
      end = dated_.size() * 4 / 5;
      while (end > 0 && end < dated_.size() && dated_[end].first == dated_[end - 1].first) --end;
    }
    for (size_t i = 0; i < dated_.size(); ++i) (i < end ? split_.train : split_.val).push_back(dated_[i].second);
    dated_ = {};
  }

  void write_labels(GraphFolderWriter& to) {
    std::vector<std::string> names, notes;
    const Labels labels = labels_->finish(count_, !r_.like, names, notes);
    for (const std::string& text : notes) note(text);
    to.write_labels(labels);
    to.write_class_names(names);
    if (r_.split.empty() && r_.split_by.empty()) return;
    if (!r_.split_by.empty()) finish_dates();
    const std::string& column = r_.split.empty() ? r_.split_by : r_.split;
    const int64_t dropped = check_split(split_, labels, str(nodes_->path(), ": column '", column, "'"));
    if (dropped > 0) note(str(dropped, " nodes without a label taken out of the split"));
    to.write_splits({split_});
    split_ = {};
  }

  /// Reads the node table once more and writes the features, with those of the degrees at the end of each row.
  void write_features(GraphFolderWriter& to) {
    const int64_t of_columns = features_->width(), columns = of_columns + schema_.degree_width();
    if (columns == 0) throw Error(nodes_->path(), ": no feature column holds anything");
    to.begin_features(columns, r_.type);
    std::vector<float> rows, start;
    std::vector<char> changes(columns, 0);
    const int64_t slice = std::max<int64_t>(1, kSliceNumbers / columns);
    const auto write = [&](int64_t first, int64_t count, const std::function<void(float*)>& put) {
      rows.assign(count * columns, 0);
      put(rows.data());
      for (int64_t i = 0; i < count && of_columns < columns; ++i)
        to.write_degrees(first + i, &rows[i * columns + of_columns]);
      if (start.empty()) start.assign(rows.begin(), rows.begin() + columns);
      for (int64_t i = 0; i < count; ++i)
        for (int64_t c = 0; c < columns; ++c) changes[c] |= rows[i * columns + c] != start[c];
      to.add_features(rows);
    };
    if (of_columns > 0) {
      nodes_->read(features_->to_read(), [&](const TableBatch& batch) {
        for (int64_t begin = 0; begin < batch.rows; begin += slice) {
          const int64_t count = std::min(slice, batch.rows - begin);
          write(batch.first_row + begin, count,
                [&](float* to_rows) { features_->put(batch, begin, count, to_rows, columns); });
        }
        tell(0.2 + 0.3 * static_cast<double>(batch.first_row + batch.rows) / static_cast<double>(count_));
      });
    } else {
      for (int64_t begin = 0; begin < count_; begin += slice)
        write(begin, std::min(slice, count_ - begin), [](float*) {});
    }
    for (const std::string& text : features_->notes()) note(text);
    const auto constant = std::count(changes.begin(), changes.end(), 0);
    if (constant > 0) note(str(constant, " of the ", columns, " feature columns are constant"));
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

  /// Throws Error unless the ids of an edge column look like the node ids. Only integers may be used as texts.
  void check_kind(const std::string& name) const {
    const ColumnKind kind = edges_->column(name, "").kind;
    if (ids_.text() || kind == ColumnKind::kInteger || kind == ColumnKind::kNumber) return;
    throw Error(edges_->path(), ": column '", name, "' does not hold integers, as the ids of ", nodes_->path(), " do");
  }

  bool typed() const { return !schema_.table.edge_type.empty(); }
  int type_of(const TableBatch& batch, int64_t i) const {
    return typed() ? edge_types_.of(batch.columns[2].texts[i]) : 0;
  }

  void add_to_join(const TableBatch& batch) {
    const TableBatch::Values &source = batch.columns[0], &destination = batch.columns[1];
    for (int64_t i = 0; i < batch.rows; ++i) {
      const int64_t row = batch.first_row + i;
      if (source.missing[i] || destination.missing[i])
        throw Error(at(*edges_, row, source.missing[i] ? schema_.table.source : schema_.table.destination), ": no id");
      if (ids_.text())
        join_->add_edge(id_key(source.texts[i]), id_key(destination.texts[i]), row, type_of(batch, i));
      else
        join_->add_edge(id_key(source.integers[i]), id_key(destination.integers[i]), row, type_of(batch, i));
    }
  }

  /// Reads the column of edge types alone, so that their names are known and in order before the first edge.
  void read_edge_types() {
    const std::string& name = schema_.table.edge_type;
    const ColumnKind kind = edges_->column(name, "").kind;
    if (kind == ColumnKind::kNumber || kind == ColumnKind::kList)
      throw Error(edges_->path(), ": column '", name, "' holds ",
                  kind == ColumnKind::kList ? "lists" : "numbers that are no integers",
                  ", expected integers or texts as edge types");
    edges_->read({{name, ColumnKind::kText}}, [&](const TableBatch& batch) {
      const TableBatch::Values& values = batch.columns[0];
      for (int64_t i = 0; i < batch.rows; ++i) {
        if (values.missing[i]) throw Error(at(*edges_, batch.first_row + i, name), ": no edge type");
        edge_types_.add(values.texts[i]);
        if (edge_types_.count() > kMostDataTypes)
          throw Error(edges_->path(), ": column '", name, "' holds more than ", kMostDataTypes,
                      " different edge types");
      }
    });
    if (r_.like && !r_.like->degree_types.empty())
      edge_types_.finish_like(r_.like->degree_types, edges_->path());
    else
      edge_types_.finish();
  }

  /// Reads the edges, replaces their ids by node numbers (in memory, or by a join on disk), and sorts and writes them.
  void write_edges(GraphFolderWriter& to) {
    const std::vector<std::string> names = {schema_.table.source, schema_.table.destination};
    for (const std::string& name : names) check_kind(name);
    std::vector<WantedColumn> columns = {{names[0], id_kind()}, {names[1], id_kind()}};
    if (typed()) {
      read_edge_types();
      to.set_edge_types(edge_types_.names());
      columns.push_back({schema_.table.edge_type, ColumnKind::kText});
    }
    if (schema_.degree_features) {
      schema_.degree_types = edge_types_.names();
      schema_.degree_directed = schema_.table.directed;
      to.count_degrees();
    }
    const EdgeKeys keys = to.edge_keys();
    ExternalSort sort(to.scratch(), join_ ? r_.memory / 2 : r_.memory - ids_.bytes());
    int64_t listed = 0, dangling = 0;
    const auto take = [&](int64_t source, int64_t destination, int type) {
      ++listed;
      sort.add(keys.key(destination, source, type));
      if (!schema_.table.directed) sort.add(keys.key(source, destination, type));
    };
    std::vector<int64_t> source, destination;
    edges_->read(columns, [&](const TableBatch& batch) {
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
  TableForm form_;
  std::unique_ptr<Table> nodes_, edges_;
  Schema schema_;
  std::vector<std::string> feature_names_;
  std::optional<LabelColumns> labels_;
  std::optional<FeatureColumns> features_;
  NodeIds ids_;                   ///< the ids, if they fit in half of the memory
  std::unique_ptr<IdJoin> join_;  ///< otherwise the join on disk
  int64_t count_ = 0;             ///< number of nodes
  EdgeTypes edge_types_;
  Split split_;
  double train_end_ = 0;  ///< first moment after the training period
  std::optional<double> validate_end_;
  std::vector<std::pair<double, int32_t>> dated_;  ///< date and node of the training period
};

}  // namespace

void convert_tables(const TablesRequest& request) { TablesConverter(request).run(); }

}  // namespace graphsieve

void graphsieve_convert_tables(const graphsieve::TablesRequest& request) { graphsieve::convert_tables(request); }
