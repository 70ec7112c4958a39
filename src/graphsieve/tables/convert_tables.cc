#include "graphsieve/tables/convert_tables.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/io/graph_folder_writer.h"
#include "graphsieve/io/splits.h"
#include "graphsieve/tables/node_ids.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {
namespace {

constexpr size_t kMostTexts = 1000;  // of a text column
constexpr int64_t kBlock = 4096;      // ids looked up by one thread
constexpr int64_t kMostClasses = 1000000;

std::string quoted(std::string_view text) { return str("'", text.substr(0, 60), "'"); }

/// The row's place in a message; rows count from 1, after the header.
std::string at(const Table& table, int64_t row, const std::string& column) {
  return str(table.path(), ": row ", row + 1, ", column '", column, "'");
}

class Converter {
 public:
  explicit Converter(const TablesRequest& request)
      : r_(request), nodes_(Table::open(request.nodes)), edges_(Table::open(request.edges)),
        ids_(nodes_->column(request.id, "ids (--id)").kind == ColumnKind::kText) {}

  void run() {
    if (r_.labels.empty()) throw Error("tables: no label column is named");
    choose_features();
    read_nodes();
    if (ids_.size() < 1) throw Error(nodes_->path(), ": no rows");
    if (ids_.size() > std::numeric_limits<int32_t>::max() - 1)
      throw Error(nodes_->path(), ": ", ids_.size(), " rows, expected at most ", std::numeric_limits<int32_t>::max() - 1);
    ids_.finish(nodes_->path());
    GraphFolderWriter to(r_.out, ids_.size(), r_.directed, r_.overwrite);
    tell(0.2);
    write_labels(to);
    write_features(to);
    tell(0.5);
    write_edges(to);
    if (ids_.text()) to.write_ids(ids_.text_start(), ids_.texts());
    else if (!ids_.plain()) to.write_ids(ids_.integers());
    to.commit(r_.name.empty() ? r_.out.filename().string() : r_.name, "default");
    tell(1);
  }

 private:
  void tell(double share) const {
    if (r_.progress) r_.progress(share);
  }
  void note(const std::string& text) const {
    if (r_.note) r_.note(text);
  }

  void choose_features() {
    const auto used = [this](const std::string& name) {
      return name == r_.id || name == r_.split || std::count(r_.labels.begin(), r_.labels.end(), name) > 0;
    };
    if (r_.features.empty()) {
      for (const TableColumn& c : nodes_->columns())
        if (!used(c.name)) features_.push_back(c.name);
    } else {
      features_ = r_.features;
      for (const std::string& name : features_)
        if (used(name)) throw Error(nodes_->path(), ": column '", name, "' is a feature and something else");
    }
    if (features_.empty()) throw Error(nodes_->path(), ": no column is left for features");
    for (const std::string& name : features_)
      if (nodes_->column(name, "features").kind == ColumnKind::kText) texts_[name];
  }

  /// The first reading: ids, labels, splits, and the texts of text columns.
  void read_nodes() {
    std::vector<std::string> names = {r_.id};
    for (const std::string& label : r_.labels) nodes_->column(label, "labels (--label)"), names.push_back(label);
    const bool several = r_.labels.size() > 1;
    std::vector<std::string> as_text, as_number;
    if (!r_.split.empty()) nodes_->column(r_.split, "splits (--split)"), names.push_back(r_.split), as_text.push_back(r_.split);
    if (several) as_number = r_.labels;
    for (const auto& [name, texts] : texts_) names.push_back(name);
    nodes_->read(names, as_number, as_text, [&](const TableBatch& batch) {
      take_ids(batch);
      several ? take_several(batch) : take_label(batch);
      size_t c = 1 + r_.labels.size();
      if (!r_.split.empty()) take_split(batch, batch.columns[c++]);
      for (auto& [name, texts] : texts_) take_texts(name, batch.columns[c++], texts);
    });
  }

  void take_ids(const TableBatch& batch) {
    const TableBatch::Values& ids = batch.columns[0];
    if (ids.kind == ColumnKind::kNumber)
      throw Error(nodes_->path(), ": column '", r_.id, "' holds numbers that are no integers, expected integers or texts as ids");
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (ids.missing[i]) throw Error(at(*nodes_, batch.first_row + i, r_.id), ": no id");
      ids_.text() ? ids_.add(ids.texts[i]) : ids_.add(ids.integers[i]);
    }
  }

  void take_label(const TableBatch& batch) {
    const TableBatch::Values& values = batch.columns[1];
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (values.missing[i]) {
        classes_.push_back(-1);
      } else if (values.kind == ColumnKind::kText) {
        const auto [name, isnew] = class_names_.try_emplace(std::string(values.texts[i]), static_cast<int32_t>(class_names_.size()));
        if (isnew && class_names_.size() > kMostClasses) throw Error(nodes_->path(), ": more than ", kMostClasses, " classes in column '", r_.labels[0], "'");
        classes_.push_back(name->second);
      } else {
        const double value = values.kind == ColumnKind::kInteger ? static_cast<double>(values.integers[i]) : values.numbers[i];
        const double label = std::isnan(value) ? -1 : value;
        if (label != std::trunc(label) || label < -1 || label >= kMostClasses)
          throw Error(at(*nodes_, batch.first_row + i, r_.labels[0]), ": ", value, ", expected a class from 0 to ", kMostClasses - 1,
                      ", or -1 or nothing for none");
        classes_.push_back(static_cast<int32_t>(label));
      }
    }
  }

  void take_several(const TableBatch& batch) {
    for (int64_t i = 0; i < batch.rows; ++i)
      for (size_t l = 0; l < r_.labels.size(); ++l) {
        const TableBatch::Values& values = batch.columns[1 + l];
        const double value = values.missing[i] ? std::numeric_limits<double>::quiet_NaN() : values.numbers[i];
        if (!std::isnan(value) && value != 0 && value != 1 && value != -1)
          throw Error(at(*nodes_, batch.first_row + i, r_.labels[l]), ": ", value, ", expected 0, 1, or -1 or nothing for none");
        several_.push_back(value == -1 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(value));
      }
  }

  void take_split(const TableBatch& batch, const TableBatch::Values& values) {
    for (int64_t i = 0; i < batch.rows; ++i) {
      const std::string_view part = values.missing[i] ? std::string_view() : values.texts[i];
      const auto node = static_cast<int32_t>(batch.first_row + i);
      if (part == "train") split_.train.push_back(node);
      else if (part == "val" || part == "valid" || part == "validation") split_.val.push_back(node);
      else if (part == "test") split_.test.push_back(node);
      else if (!part.empty() && part != "none")
        throw Error(at(*nodes_, batch.first_row + i, r_.split), ": ", quoted(part), ", expected train, val, test or nothing");
    }
  }

  void take_texts(const std::string& name, const TableBatch::Values& values, std::map<std::string, int64_t, std::less<>>& texts) {
    for (size_t i = 0; i < values.texts.size(); ++i)
      if (!values.missing[i] && texts.find(values.texts[i]) == texts.end()) {
        texts.emplace(values.texts[i], 0);
        if (texts.size() > kMostTexts)
          throw Error(nodes_->path(), ": column '", name, "' holds more than ", kMostTexts,
                      " different texts; leave it out (--features) or encode it as numbers");
      }
  }

  void write_labels(GraphFolderWriter& to) {
    Labels labels;
    if (r_.labels.size() > 1) {
      labels.classes = static_cast<int64_t>(r_.labels.size());
      labels.multi = std::move(several_);
    } else {
      std::vector<int32_t> order(class_names_.size());  // classes of texts in the texts' order
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

  /// The second reading.
  void write_features(GraphFolderWriter& to) {
    int64_t columns = 0;
    std::vector<int64_t> first;  // of every feature's columns
    for (const std::string& name : features_) {
      first.push_back(columns);
      const auto found = texts_.find(name);
      if (found == texts_.end()) {
        ++columns;
      } else {
        for (auto& [text, place] : found->second) place = columns++;
      }
    }
    if (columns == 0) throw Error(nodes_->path(), ": no feature column holds anything");
    std::vector<std::string> as_number;
    for (const std::string& name : features_)
      if (!texts_.contains(name)) as_number.push_back(name);
    to.begin_features(columns, r_.type);
    std::vector<float> rows, start(columns, 0);
    std::vector<char> changes(columns, 0);
    int64_t filled = 0;
    nodes_->read(features_, as_number, {}, [&](const TableBatch& batch) {
      rows.assign(batch.rows * columns, 0);
      for (size_t f = 0; f < features_.size(); ++f) {
        const TableBatch::Values& values = batch.columns[f];
        const auto texts = texts_.find(features_[f]);
        for (int64_t i = 0; i < batch.rows; ++i) {
          if (texts != texts_.end()) {
            if (!values.missing[i]) rows[i * columns + texts->second.find(values.texts[i])->second] = 1;
            continue;
          }
          double value = values.missing[i] ? std::numeric_limits<double>::quiet_NaN() : values.numbers[i];
          if (std::isnan(value)) {
            if (!r_.fill) throw Error(at(*nodes_, batch.first_row + i, features_[f]), ": no number; --fill VALUE puts one in its place");
            value = *r_.fill;
            ++filled;
          }
          const auto kept = static_cast<float>(value);
          if (!std::isfinite(kept)) throw Error(at(*nodes_, batch.first_row + i, features_[f]), ": ", value, ", expected a number that float32 holds");
          rows[i * columns + first[f]] = kept;
        }
      }
      if (batch.first_row == 0) start.assign(rows.begin(), rows.begin() + std::min<int64_t>(columns, static_cast<int64_t>(rows.size())));
      for (int64_t i = 0; i < batch.rows; ++i)
        for (int64_t c = 0; c < columns; ++c) changes[c] |= rows[i * columns + c] != start[c];
      to.add_features(rows);
      tell(0.2 + 0.3 * static_cast<double>(batch.first_row + batch.rows) / static_cast<double>(ids_.size()));
    });
    if (filled > 0) note(str(filled, " missing numbers set to ", *r_.fill));
    const auto constant = std::count(changes.begin(), changes.end(), 0);
    if (constant > 0) note(str(constant, " of the ", columns, " feature columns are constant"));
  }

  /// Places of a column's ids, −1 for those that no node has.
  void places(const TableBatch& batch, size_t column, const std::string& name, std::vector<int64_t>& to) const {
    const TableBatch::Values& ids = batch.columns[column];
    to.resize(batch.rows);
    parallel_blocks(batch.rows, kBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) to[i] = ids_.text() ? ids_.find(ids.texts[i]) : ids_.find(ids.integers[i]);
    });
    for (int64_t i = 0; i < batch.rows; ++i) {
      if (ids.missing[i]) throw Error(at(*edges_, batch.first_row + i, name), ": no id");
      if (to[i] >= 0 || r_.drop_dangling) continue;
      throw Error(at(*edges_, batch.first_row + i, name), ": no node has the id ",
                  ids_.text() ? quoted(ids.texts[i]) : str(ids.integers[i]), "; --drop-dangling leaves such edges out");
    }
  }

  /// Integers may stand for texts, nothing else for something else.
  void check_kind(const std::string& name) const {
    const ColumnKind kind = edges_->column(name, "").kind;
    if (kind == ColumnKind::kInteger || (ids_.text() && kind == ColumnKind::kText)) return;
    throw Error(edges_->path(), ": column '", name, "' does not hold ", ids_.text() ? "texts" : "integers", ", as the ids of ",
                nodes_->path(), " do");
  }

  void write_edges(GraphFolderWriter& to) {
    const std::vector<std::string> names = {r_.source, r_.destination};
    edges_->column(r_.source, "sources (--source)");
    edges_->column(r_.destination, "destinations (--destination)");
    ExternalSort sort(to.scratch(), r_.memory);
    std::vector<int64_t> source, destination;
    int64_t listed = 0, dangling = 0;
    edges_->read(names, {}, ids_.text() ? names : std::vector<std::string>(), [&](const TableBatch& batch) {
      for (const std::string& name : names) check_kind(name);
      places(batch, 0, names[0], source);
      places(batch, 1, names[1], destination);
      for (int64_t i = 0; i < batch.rows; ++i) {
        if (source[i] < 0 || destination[i] < 0) {
          ++dangling;
          continue;
        }
        ++listed;
        sort.add(edge_key(destination[i], source[i]));
        if (!r_.directed) sort.add(edge_key(source[i], destination[i]));
      }
      tell(0.5);
    });
    if (listed == 0) throw Error(edges_->path(), ": no edges");
    to.add_edges(sort, [this](double done) { tell(0.7 + 0.3 * done); });
    if (dangling > 0) note(str(dangling, " edges with an id that no node has left out"));
    if (to.loops() > 0) note("self loops left out");
    if (to.duplicates() > 0) note("repeated edges left out");
    if (to.edges() == 0) throw Error(edges_->path(), ": no edge but self loops");
  }

  const TablesRequest& r_;
  std::unique_ptr<Table> nodes_, edges_;
  NodeIds ids_;
  std::vector<std::string> features_;
  std::map<std::string, std::map<std::string, int64_t, std::less<>>> texts_;  ///< of a text column: each text's feature column
  std::map<std::string, int32_t> class_names_;  ///< of a text label: a number in the order of their coming
  std::vector<int32_t> classes_;
  std::vector<float> several_;
  Split split_;
};

}  // namespace

void convert_tables(const TablesRequest& request) { Converter(request).run(); }

}  // namespace graphsieve

void graphsieve_convert_tables(const graphsieve::TablesRequest& request) { graphsieve::convert_tables(request); }
