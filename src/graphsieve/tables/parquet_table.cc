// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/parquet_table.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/io/api.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "graphsieve/base/error.h"
#include "graphsieve/files/input_file.h"
#include "graphsieve/tables/table_content.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBatchCells = 4 << 20;   // values of all columns that are in memory at a time
constexpr int64_t kGroupCells = 16 << 20;  // values of a row group that is read as a whole
constexpr int64_t kBatchRows = 1 << 16;
constexpr size_t kColumnsAtOnce = 2048;     // each column's reader takes about 7 KiB
constexpr int64_t kBufferBytes = 16 << 10;  // buffer of a column's reader

ColumnKind kind_of(const arrow::DataType& type) {
  if (arrow::is_integer(type.id()) || type.id() == arrow::Type::BOOL) return ColumnKind::kInteger;
  if (arrow::is_floating(type.id()) || type.id() == arrow::Type::NA) return ColumnKind::kNumber;
  return ColumnKind::kText;
}

std::shared_ptr<arrow::DataType> type_of(ColumnKind kind) {
  return kind == ColumnKind::kInteger ? arrow::int64() : kind == ColumnKind::kNumber ? arrow::float64() : arrow::utf8();
}

const char* name_of(ColumnKind kind) {
  return kind == ColumnKind::kInteger ? "an integer of 64 bits" : kind == ColumnKind::kNumber ? "a number" : "a text";
}

/// Throws Error unless the first and last bytes of the file are those of a Parquet file.
void check_ends(const fs::path& path) {
  const InputFile file(path);
  std::string head(kContentBytes, '\0'), tail(4, '\0');
  head.resize(file.read_at(0, head.data(), head.size()));
  if (head.empty()) throw Error(path, ": is empty; expected a Parquet table");
  if (head.starts_with("PARE")) throw Error(path, ": is an encrypted Parquet file, which is not read");
  if (!head.starts_with("PAR1")) {
    const std::string other = other_content(head);
    throw Error(path, ": ",
                other.empty() ? "does not begin as a Parquet file; a text table is named .csv or .tsv" : other);
  }
  tail.resize(file.read_at(std::max<int64_t>(0, file.bytes() - 4), tail.data(), tail.size()));
  if (tail != "PAR1") throw Error(path, ": does not end as a Parquet file: it is cut off, or still being written");
}

class ParquetTable : public Table {
 public:
  explicit ParquetTable(const fs::path& path) : Table(path) {
    check_ends(path);
    guarded("its card at the end cannot be decoded", [&] {
      open_file();
      for (const parquet::arrow::SchemaField& field : file_->manifest().schema_fields) {
        add_column(field.field->name(), kind_of(*field.field->type()));
        fields_.push_back({field.column_index, field.field->type()});
      }
    });
  }

  void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
            const std::vector<std::string>& as_text,
            const std::function<void(const TableBatch&)>& take) const override {
    TableBatch batch;
    batch.columns.resize(names.size());
    std::vector<size_t> columns;
    const std::vector<ColumnKind> kinds = wanted(names, as_number, as_text);
    for (size_t c = 0; c < names.size(); ++c) {
      columns.push_back(flat(index(names[c])));
      batch.columns[c].kind = kinds[c];
    }
    // A row group of few cells is read as a whole, some columns at a time, so that few readers of columns are open. A
    // larger row group is read in batches of rows, for which all columns have to be open.
    const int64_t width = std::max<int64_t>(1, static_cast<int64_t>(names.size()));
    const int64_t most = std::clamp<int64_t>(kBatchCells / width, 1, kBatchRows);
    for (int group = 0; group < file_->num_row_groups(); ++group) {
      const int64_t rows = file_->parquet_reader()->metadata()->RowGroup(group)->num_rows();
      const bool whole = rows <= std::max(most, kGroupCells / width);
      file_->set_batch_size(whole ? std::max<int64_t>(rows, 1) : most);
      whole ? read_by_columns(group, rows, columns, batch, take) : read_by_rows(group, columns, batch, take);
    }
  }

 protected:
  const char* unit() const override { return "row"; }
  int64_t number_of(int64_t row) const override { return row + 1; }

 private:
  using Take = std::function<void(const TableBatch&)>;
  struct Field {
    int leaf;  ///< number of the column in the file; −1: the column consists of other columns
    std::shared_ptr<arrow::DataType> type;
  };

  /// Runs `work`, which calls Arrow. If the file cannot be decoded, the Error has `what`, which says what failed.
  template <class Work>
  std::invoke_result_t<Work> guarded(const std::string& what, Work work) const {
    try {
      return work();
    } catch (const parquet::ParquetStatusException& error) {
      fail(error.status(), what);
    } catch (const parquet::ParquetException&) {
      throw Error(path(), ": ", what, "; the file is damaged");
    }
  }

  [[noreturn]] void fail(const arrow::Status& status, const std::string& what) const {
    if (status.IsOutOfMemory()) throw std::bad_alloc();
    if (const int error = arrow::internal::ErrnoFromStatus(status); error != 0)
      throw Error(path(), ": ", std::strerror(error));
    if (status.IsNotImplemented())
      throw Error(path(), ": ", what,
                  ": it uses a compression or an encoding that is not read; write the table with snappy or zstd");
    throw Error(path(), ": ", what, "; the file is damaged");
  }
  template <class T>
  T ok(arrow::Result<T> result, const std::string& what) const {
    if (!result.ok()) fail(result.status(), what);
    return std::move(result).ValueUnsafe();
  }
  void ok(const arrow::Status& status, const std::string& what) const {
    if (!status.ok()) fail(status, what);
  }

  void open_file() {
    const char* const what = "its card at the end cannot be decoded";
    parquet::arrow::FileReaderBuilder builder;
    parquet::ReaderProperties reading = parquet::default_reader_properties();
    reading.enable_buffered_stream();  // reads pieces, not whole row groups
    reading.set_buffer_size(kBufferBytes);
    ok(builder.Open(ok(arrow::io::ReadableFile::Open(path()), what), reading), what);
    parquet::ArrowReaderProperties properties;
    properties.set_pre_buffer(false);  // would read the whole file into memory
    builder.properties(properties);
    file_ = ok(builder.Build(), what);
  }

  /// Returns the column. Throws Error unless it has one value per row.
  size_t flat(size_t column) const {
    if (fields_[column].leaf >= 0) return column;
    throw Error(path(), ": column '", columns()[column].name, "' holds values of type ",
                fields_[column].type->ToString(), "; expected numbers, truth values or texts");
  }

  std::string where(int group, size_t column) const {
    return str("column '", columns()[column].name, "' of row group ", group + 1, " cannot be decoded");
  }

  /// Reads a row group as one batch. Some columns are read at a time, so that only few readers of columns are open.
  void read_by_columns(int group, int64_t rows, const std::vector<size_t>& columns, TableBatch& batch,
                       const Take& take) const {
    batch.rows = rows;
    for (size_t begin = 0; begin < columns.size(); begin += kColumnsAtOnce) {
      const size_t end = std::min(columns.size(), begin + kColumnsAtOnce);
      const auto reader = open_reader(group, columns, begin, end);
      const auto cells = next(*reader, group, columns[begin]);
      if (const int64_t found = cells ? cells->num_rows() : 0; found != rows)
        throw Error(path(), ": column '", this->columns()[columns[begin]].name, "' of row group ", group + 1, " has ",
                    found, " rows, the file's card says ", rows, "; the file is damaged");
      if (cells) fill(*cells, columns, begin, end, batch);
    }
    if (rows == 0) return;
    take(batch);
    batch.first_row += rows;
  }

  /// Reads a row group in several batches, with one reader for all columns.
  void read_by_rows(int group, const std::vector<size_t>& columns, TableBatch& batch, const Take& take) const {
    const auto reader = open_reader(group, columns, 0, columns.size());
    while (const auto cells = next(*reader, group, columns[0])) {
      batch.rows = cells->num_rows();
      fill(*cells, columns, 0, columns.size(), batch);
      take(batch);
      batch.first_row += batch.rows;
    }
  }

  std::unique_ptr<arrow::RecordBatchReader> open_reader(int group, const std::vector<size_t>& columns, size_t begin,
                                                        size_t end) const {
    std::vector<int> leaves;
    for (size_t c = begin; c < end; ++c) leaves.push_back(fields_[columns[c]].leaf);
    const std::string what = where(group, columns[begin]);
    return guarded(what, [&] { return ok(file_->GetRecordBatchReader({group}, leaves), what); });
  }

  std::shared_ptr<arrow::RecordBatch> next(arrow::RecordBatchReader& reader, int group, size_t column) const {
    const std::string what = where(group, column);
    std::shared_ptr<arrow::RecordBatch> cells;
    guarded(what, [&] { ok(reader.ReadNext(&cells), what); });
    return cells;
  }

  void fill(const arrow::RecordBatch& cells, const std::vector<size_t>& columns, size_t begin, size_t end,
            TableBatch& batch) const {
    std::unordered_map<std::string, int> position;  // position of each column in the record batch
    for (int c = 0; c < cells.num_columns(); ++c) position.emplace(cells.schema()->field(c)->name(), c);
    for (size_t c = begin; c < end; ++c)
      fill(cells.column(position.at(this->columns()[columns[c]].name)), columns[c], batch.first_row, batch.columns[c]);
  }

  /// Fills `to` with the values of a column. `row` is the number of the first value's row.
  void fill(const std::shared_ptr<arrow::Array>& cells, size_t column, int64_t row, TableBatch::Values& to) const {
    const auto type = type_of(to.kind);
    std::shared_ptr<arrow::Array> cast = cells;
    if (!cells->type()->Equals(*type)) {
      auto result = arrow::compute::Cast(cells, type);
      if (!result.ok()) refuse(result.status(), *cells, column, row, to.kind);
      cast = result->make_array();
    }
    const int64_t rows = cast->length();
    to.missing.resize(rows);
    for (int64_t i = 0; i < rows; ++i) to.missing[i] = cast->IsNull(i);
    if (to.kind == ColumnKind::kText) {
      fill_texts(cast, column, row, to);
    } else if (to.kind == ColumnKind::kInteger) {
      const int64_t* values = static_cast<const arrow::Int64Array&>(*cast).raw_values();
      to.integers.assign(values, values + rows);
    } else {
      const double* values = static_cast<const arrow::DoubleArray&>(*cast).raw_values();
      to.numbers.assign(values, values + rows);
    }
  }

  void fill_texts(const std::shared_ptr<arrow::Array>& cells, size_t column, int64_t row,
                  TableBatch::Values& to) const {
    const auto& texts = static_cast<const arrow::StringArray&>(*cells);
    to.texts.resize(cells->length());
    for (int64_t i = 0; i < cells->length(); ++i) {
      to.texts[i] = to.missing[i] ? std::string_view() : texts.GetView(i);
      to.missing[i] = to.texts[i].empty();
      check_text(to.texts[i], row + i, columns()[column].name);
    }
    to.owner = cells;
  }

  /// Throws Error naming the first cell that is not of the wanted kind.
  [[noreturn]] void refuse(const arrow::Status& status, const arrow::Array& cells, size_t column, int64_t row,
                           ColumnKind kind) const {
    if (status.IsOutOfMemory()) throw std::bad_alloc();
    const std::string& name = columns()[column].name;
    // The cast failed without naming a cell, so the cells are cast one by one until one fails. If no cast between the
    // types exists, no single cell is at fault.
    for (int64_t i = 0; !status.IsNotImplemented() && i < cells.length(); ++i) {
      if (arrow::compute::Cast(cells.Slice(i, 1), type_of(kind)).ok()) continue;
      const auto value = cells.GetScalar(i);
      const std::string text = value.ok() ? (*value)->ToString() : "";
      throw Error(place(row + i), ", column '", name, "': ", quoted_text(text), ", expected ", name_of(kind),
                  kind == ColumnKind::kText ? " in UTF-8" : "");
    }
    throw Error(path(), ": column '", name, "' holds values of type ", cells.type()->ToString(), "; expected ",
                kind == ColumnKind::kText ? "numbers, truth values or texts" : "numbers");
  }

  std::vector<Field> fields_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
};

}  // namespace

std::unique_ptr<Table> open_parquet_table(const fs::path& path) { return std::make_unique<ParquetTable>(path); }

}  // namespace graphsieve
