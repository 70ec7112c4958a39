// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/ogb_rows.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/files/npz.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Take = std::function<void(int64_t, std::span<const double>)>;

constexpr int64_t kNumberBlock = 1 << 16;  // numbers that are read at a time

/// A CSV file without a header, whose cells are all numbers.
class CsvRows : public OgbRows {
 public:
  explicit CsvRows(std::unique_ptr<Table> table) : table_(std::move(table)) {
    for (const TableColumn& c : table_->columns()) columns_.push_back({c.name, ColumnKind::kNumber});
  }
  const std::string& where() const override { return table_->path(); }
  std::string place(int64_t row) const override { return table_->place(row); }
  int64_t columns() const override { return std::ssize(columns_); }
  void read(const Take& take) override {
    const size_t columns = columns_.size();
    std::vector<double> values;
    table_->read(columns_, [&](const TableBatch& batch) {
      values.resize(batch.rows * columns);
      for (size_t c = 0; c < columns; ++c)
        for (int64_t i = 0; i < batch.rows; ++i)
          values[i * columns + c] =
              batch.columns[c].missing[i] ? std::numeric_limits<double>::quiet_NaN() : batch.columns[c].numbers[i];
      take(batch.first_row, values);
    });
  }

 private:
  std::unique_ptr<Table> table_;
  std::vector<WantedColumn> columns_;
};

/// An array [rows] or [rows, columns].
class NpzRows : public OgbRows {
 public:
  NpzRows(const fs::path& file, const std::string& name) : array_(file, name) {
    const std::vector<int64_t>& shape = array_.shape();
    if (shape.empty() || shape.size() > 2) throw Error(where(), ": ", shape.size(), " dimensions, expected one or two");
    columns_ = shape.size() == 2 ? shape[1] : 1;
    if (array_.fortran_order() && columns_ > 1 && shape[0] > 1)
      throw Error(where(),
                  ": is in Fortran order, which cannot be read row by row; expected C order (numpy.ascontiguousarray)");
  }
  const std::string& where() const override { return array_.where(); }
  std::string place(int64_t row) const override { return str(where(), ": row ", row + 1); }
  int64_t columns() const override { return columns_; }
  void read(const Take& take) override {
    const int64_t rows = array_.shape()[0], step = std::max<int64_t>(1, kNumberBlock / std::max<int64_t>(1, columns_));
    for (int64_t row = 0; row < rows; row += step) take(row, array_.read(std::min(step, rows - row) * columns_));
  }

 private:
  NpzReader array_;
  int64_t columns_ = 0;
};

/// The array edge_index [2, edges]. In C order, all sources come before all destinations, so two readers read the file
/// at two positions. In Fortran order, each source is next to its destination and one reader is enough.
class NpzEdges : public OgbRows {
 public:
  explicit NpzEdges(const fs::path& file) : sources_(file, "edge_index"), destinations_(file, "edge_index") {
    const std::vector<int64_t>& shape = sources_.shape();
    if (shape.size() != 2 || shape[0] != 2) throw Error(where(), ": expected a shape [2, edges]");
    edges_ = shape[1];
  }
  const std::string& where() const override { return sources_.where(); }
  std::string place(int64_t row) const override { return str(where(), ": row ", row + 1); }
  int64_t columns() const override { return 2; }
  void read(const Take& take) override {
    constexpr int64_t kRows = kNumberBlock / 2;
    const bool pairs = sources_.fortran_order();
    // The second reader skips the sources.
    if (!pairs)
      for (int64_t at = 0; at < edges_; at += kNumberBlock) destinations_.read(std::min(kNumberBlock, edges_ - at));
    std::vector<double> rows;
    for (int64_t at = 0; at < edges_; at += kRows) {
      const int64_t count = std::min(kRows, edges_ - at);
      if (pairs) {
        rows = sources_.read(2 * count);
      } else {
        const std::vector<double> from = sources_.read(count), to = destinations_.read(count);
        rows.resize(2 * count);
        for (int64_t i = 0; i < count; ++i) rows[2 * i] = from[i], rows[2 * i + 1] = to[i];
      }
      take(at, rows);
    }
  }

 private:
  NpzReader sources_, destinations_;
  int64_t edges_ = 0;
};

/// Returns the file and the array that correspond to a CSV file.
std::pair<const char*, const char*> array_of(const std::string& name) {
  if (name == "num-node-list") return {"data.npz", "num_nodes_list"};
  if (name == "node-feat") return {"data.npz", "node_feat"};
  if (name == "edge-feat") return {"data.npz", "edge_feat"};
  if (name == "edge") return {"data.npz", "edge_index"};
  return {"node-label.npz", "node_label"};
}

}  // namespace

OgbFiles::OgbFiles(fs::path raw) : raw_(std::move(raw)), binary_(fs::exists(raw_ / "data.npz")) {}

bool OgbFiles::has(const std::string& name) const {
  if (!binary_) return fs::exists(raw_ / (name + ".csv.gz")) || fs::exists(raw_ / (name + ".csv"));
  const auto [file, array] = array_of(name);
  return fs::exists(raw_ / file) && NpzFile(raw_ / file).has(array);
}

std::unique_ptr<OgbRows> OgbFiles::open(const std::string& name) const {
  if (!binary_) return open_csv(raw_, name);
  const auto [file, array] = array_of(name);
  if (name == "edge") return std::make_unique<NpzEdges>(raw_ / file);
  return std::make_unique<NpzRows>(raw_ / file, array);
}

std::unique_ptr<OgbRows> OgbFiles::open_csv(const fs::path& folder, const std::string& name) {
  for (const char* extension : {".csv.gz", ".csv"})
    if (const fs::path file = folder / (name + extension); fs::exists(file))
      return std::make_unique<CsvRows>(Table::open(file, {.header = false, .missing = {"nan", "NaN"}}));
  throw Error((folder / name).string(), ".csv.gz: no such file");
}

}  // namespace graphsieve
