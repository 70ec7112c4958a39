#include "graphsieve/tables/convert_ogb.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/io/graph_folder_writer.h"
#include "graphsieve/io/splits.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr double kMostClasses = 1e6;

std::unique_ptr<Table> open(const fs::path& folder, const char* name) {
  for (const char* extension : {".csv.gz", ".csv"})
    if (fs::exists(folder / (std::string(name) + extension))) return Table::open(folder / (std::string(name) + extension), false);
  throw Error((folder / name).string(), ".csv.gz: no such file");
}

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const TableColumn& c : table.columns()) names.push_back(c.name);
  return names;
}

void expect_columns(const Table& table, size_t count) {
  if (table.columns().size() != count)
    throw Error(table.path(), ": ", table.columns().size(), " columns, expected ", count);
  for (const TableColumn& c : table.columns())
    if (c.kind != ColumnKind::kInteger) throw Error(table.path(), ": holds something else than integers");
}

class Converter {
 public:
  explicit Converter(const TablesRequest& request) : r_(request), folder_(request.nodes), raw_(folder_ / "raw") {}

  void run() {
    if (!fs::is_directory(raw_)) throw Error(folder_.string(), ": no folder raw in it; expected a data set of OGB, such as ogbn_products");
    if (fs::exists(raw_ / "data.npz"))
      throw Error((raw_ / "data.npz").string(), ": the binary form (ogbn-papers100M) is not read yet; expected edge.csv.gz and the like");
    read_count();
    const auto features = features_table();
    const Labels labels = read_labels();
    GraphFolderWriter to(r_.out, nodes_, r_.directed, r_.overwrite);
    to.write_labels(labels);
    write_split(labels, to);
    write_features(*features, to);
    write_edges(to);
    const fs::path folder = fs::absolute(folder_).lexically_normal();
    to.commit(!r_.name.empty() ? r_.name : (folder.has_filename() ? folder : folder.parent_path()).filename().string(), "default");
    tell(1);
  }

 private:
  void tell(double share) const {
    if (r_.progress) r_.progress(share);
  }

  void read_count() {
    const auto table = open(raw_, "num-node-list");
    expect_columns(*table, 1);
    table->read({"f0"}, {}, {}, [&](const TableBatch& batch) {
      if (batch.first_row + batch.rows > 1) throw Error(table->path(), ": several graphs, expected one");
      nodes_ = batch.columns[0].integers[0];
    });
    if (nodes_ < 1 || nodes_ > std::numeric_limits<int32_t>::max() - 1)
      throw Error(table->path(), ": ", nodes_, " nodes, expected 1 to ", std::numeric_limits<int32_t>::max() - 1);
  }

  std::unique_ptr<Table> features_table() const {
    if (!fs::exists(raw_ / "node-feat.csv.gz") && !fs::exists(raw_ / "node-feat.csv") &&
        (fs::exists(raw_ / "edge-feat.csv.gz") || fs::exists(raw_ / "edge-feat.csv")))
      throw Error(raw_.string(), ": features on edges alone (ogbn-proteins); expected node-feat.csv.gz: write one, such as each node's "
                  "mean of its edges' features");
    return open(raw_, "node-feat");
  }

  Labels read_labels() const {
    const auto table = open(raw_, "node-label");
    const std::vector<std::string> names = names_of(*table);
    const bool several = names.size() > 1;
    constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
    Labels labels;
    int64_t rows = 0;
    table->read(names, names, {}, [&](const TableBatch& batch) {
      for (int64_t i = 0; i < batch.rows; ++i)
        for (size_t c = 0; c < names.size(); ++c) {
          const TableBatch::Values& values = batch.columns[c];
          const double value = values.missing[i] || values.numbers[i] == -1 ? kMissing : values.numbers[i];
          const bool fits = std::isnan(value) || (several ? value == 0 || value == 1 : value >= 0 && value < kMostClasses && value == std::trunc(value));
          if (!fits) throw Error(table->path(), ": row ", batch.first_row + i + 1, ": ", value, ", expected ", several ? "0, 1 or nan" : "a class or nan");
          if (several) labels.multi.push_back(static_cast<float>(value));
          else labels.single.push_back(std::isnan(value) ? -1 : static_cast<int32_t>(value));
        }
      rows += batch.rows;
    });
    expect_rows(*table, rows);
    labels.classes = several ? static_cast<int64_t>(names.size()) : 1 + *std::max_element(labels.single.begin(), labels.single.end());
    if (labels.classes < 1) throw Error(table->path(), ": no node has a label");
    return labels;
  }

  void expect_rows(const Table& table, int64_t rows) const {
    if (rows != nodes_) throw Error(table.path(), ": ", rows, " rows, expected ", nodes_, ", one a node");
  }

  void write_split(const Labels& labels, GraphFolderWriter& to) const {
    std::vector<fs::path> found;
    if (fs::is_directory(folder_ / "split"))
      for (const auto& entry : fs::directory_iterator(folder_ / "split"))
        if (entry.is_directory()) found.push_back(entry.path());
    if (found.empty()) return;
    if (found.size() > 1) throw Error((folder_ / "split").string(), ": ", found.size(), " splits, expected one");
    Split split;
    const std::pair<const char*, std::vector<int32_t>*> parts[] = {{"train", &split.train}, {"valid", &split.val}, {"test", &split.test}};
    for (const auto& [name, ids] : parts) {
      const auto table = open(found[0], name);
      expect_columns(*table, 1);
      table->read({"f0"}, {}, {}, [&, &ids = ids](const TableBatch& batch) {
        for (int64_t i = 0; i < batch.rows; ++i) ids->push_back(static_cast<int32_t>(checked(*table, batch, 0, i)));
      });
    }
    const int64_t dropped = check_split(split, labels, found[0].string());
    if (dropped > 0 && r_.note) r_.note(str(dropped, " nodes without a label taken out of the split"));
    to.write_splits({split});
  }

  int64_t checked(const Table& table, const TableBatch& batch, size_t column, int64_t i) const {
    const int64_t id = batch.columns[column].missing[i] ? -1 : batch.columns[column].integers[i];
    if (id < 0 || id >= nodes_) throw Error(table.path(), ": row ", batch.first_row + i + 1, ": node ", id, ", expected 0 to ", nodes_ - 1);
    return id;
  }

  void write_features(const Table& table, GraphFolderWriter& to) const {
    const std::vector<std::string> names = names_of(table);
    const size_t columns = names.size();
    to.begin_features(static_cast<int64_t>(columns), r_.type);
    std::vector<float> rows;
    int64_t done = 0;
    table.read(names, names, {}, [&](const TableBatch& batch) {
      rows.resize(batch.rows * columns);
      for (size_t c = 0; c < columns; ++c)
        for (int64_t i = 0; i < batch.rows; ++i)
          rows[i * columns + c] = batch.columns[c].missing[i] ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(batch.columns[c].numbers[i]);
      if (done + batch.rows > nodes_) throw Error(table.path(), ": more than ", nodes_, " rows, expected one a node");
      to.add_features(rows);
      done += batch.rows;
      tell(0.5 * static_cast<double>(done) / static_cast<double>(nodes_));
    });
    expect_rows(table, done);
  }

  void write_edges(GraphFolderWriter& to) const {
    const auto table = open(raw_, "edge");
    expect_columns(*table, 2);
    ExternalSort sort(to.scratch(), r_.memory);
    table->read({"f0", "f1"}, {}, {}, [&](const TableBatch& batch) {
      for (int64_t i = 0; i < batch.rows; ++i) {
        const int64_t source = checked(*table, batch, 0, i), destination = checked(*table, batch, 1, i);
        sort.add(edge_key(destination, source));
        if (!r_.directed) sort.add(edge_key(source, destination));
      }
      tell(0.5);
    });
    to.add_edges(sort, [this](double done) { tell(0.7 + 0.3 * done); });
    if (to.edges() == 0) throw Error(table->path(), ": no edge but self loops");
  }

  const TablesRequest& r_;
  fs::path folder_, raw_;
  int64_t nodes_ = 0;
};

}  // namespace

void convert_ogb(const TablesRequest& request) { Converter(request).run(); }

}  // namespace graphsieve

void graphsieve_convert_ogb(const graphsieve::TablesRequest& request) { graphsieve::convert_ogb(request); }
