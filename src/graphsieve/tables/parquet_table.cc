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
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

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
constexpr double kMicrosecondsOfHour = 3.6e9;

/// True if the type is that of lists.
bool is_list(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
         type.id() == arrow::Type::FIXED_SIZE_LIST;
}

ColumnKind kind_of_arrow(const arrow::DataType& type) {
  const arrow::Type::type id = type.id();
  if (id == arrow::Type::BOOL) return ColumnKind::kTruth;
  if (arrow::is_integer(id)) return ColumnKind::kInteger;
  if (arrow::is_floating(id) || arrow::is_decimal(id) || id == arrow::Type::NA) return ColumnKind::kNumber;
  if (arrow::is_date(id) || id == arrow::Type::TIMESTAMP) return ColumnKind::kDate;
  if (arrow::is_time(id)) return ColumnKind::kTimeOfDay;
  if (id == arrow::Type::DURATION) return ColumnKind::kDuration;
  return is_list(type) ? ColumnKind::kList : ColumnKind::kText;
}

/// Returns the type to which Arrow casts the cells of a column that is read as `kind`.
std::shared_ptr<arrow::DataType> arrow_type(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kInteger:
    case ColumnKind::kTruth:
      return arrow::int64();
    case ColumnKind::kText:
      return arrow::utf8();
    case ColumnKind::kDate:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case ColumnKind::kTimeOfDay:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case ColumnKind::kDuration:
      return arrow::duration(arrow::TimeUnit::MICRO);
    default:
      return arrow::float64();
  }
}

/// Returns how many microseconds are 1 in a column that is read as `kind`.
double microseconds_of(ColumnKind kind) {
  return kind == ColumnKind::kTimeOfDay ? kMicrosecondsOfHour : 24 * kMicrosecondsOfHour;
}

/// Casts cells to the type. A part of a second below a microsecond is dropped.
arrow::Result<std::shared_ptr<arrow::Array>> cast(const std::shared_ptr<arrow::Array>& cells,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  if (cells->type()->Equals(*type)) return cells;
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe();
  options.allow_time_truncate = true;
  // A number need not hold every digit of an integer.
  options.allow_float_truncate = arrow::is_integer(cells->type_id());
  // A date of a zone is stored in UTC, and is read so.
  if (type->id() == arrow::Type::TIMESTAMP && cells->type()->id() == arrow::Type::TIMESTAMP) {
    const auto& zoned = static_cast<const arrow::TimestampType&>(*cells->type());
    ARROW_ASSIGN_OR_RAISE(
        const arrow::Datum same,
        arrow::compute::Cast(cells, arrow::timestamp(arrow::TimeUnit::MICRO, zoned.timezone()), options));
    return same.make_array()->View(type);
  }
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum made, arrow::compute::Cast(cells, type, options));
  return made.make_array();
}

/// Returns the bytes of a cell of binary type as hexadecimal digits.
arrow::Result<std::shared_ptr<arrow::Array>> hexadecimal(const arrow::Array& cells) {
  constexpr const char* kDigits = "0123456789abcdef";
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < cells.length(); ++i) {
    if (cells.IsNull(i)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    const std::string_view bytes = cells.type_id() == arrow::Type::FIXED_SIZE_BINARY
                                       ? static_cast<const arrow::FixedSizeBinaryArray&>(cells).GetView(i)
                                   : cells.type_id() == arrow::Type::LARGE_BINARY
                                       ? static_cast<const arrow::LargeBinaryArray&>(cells).GetView(i)
                                       : static_cast<const arrow::BinaryArray&>(cells).GetView(i);
    std::string text;
    for (const char byte : bytes) {
      text += kDigits[static_cast<unsigned char>(byte) >> 4];
      text += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    ARROW_RETURN_NOT_OK(builder.Append(text));
  }
  return builder.Finish();
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
  ParquetTable(const fs::path& path, const TableForm& form) : Table(path, form) {
    check_ends(path);
    guarded("its card at the end cannot be decoded", [&] {
      open_file();
      for (const parquet::arrow::SchemaField& field : file_->manifest().schema_fields) {
        const auto type = field.field->type();
        const bool list = is_list(*type) && field.children.size() == 1;
        add_column({.name = field.field->name(),
                    .kind = kind_of_arrow(*type),
                    .length = type->id() == arrow::Type::FIXED_SIZE_LIST
                                  ? static_cast<const arrow::FixedSizeListType&>(*type).list_size()
                                  : 0});
        fields_.push_back({list ? field.children[0].column_index : field.column_index, type});
      }
    });
  }

  /// The types of the columns are those of the file. Lists are read for their length, and integers without sign for
  /// whether they need more than 64 bits.
  void find_kinds(const std::vector<std::string>& names, const std::function<void()>& beat) override {
    for (const std::string& name : names) {
      const size_t c = index(name);
      TableColumn& column = column_at(c);
      if (column.kind == ColumnKind::kList && column.length == 0) find_length(column, c, beat);
      if (fields_[c].type->id() == arrow::Type::UINT64) {
        read({{name, ColumnKind::kNumber}}, [&](const TableBatch& batch) {
          for (const double value : batch.columns[0].numbers)
            if (value >= 0x1p63) column.digits_matter = true, column.kind = ColumnKind::kNumber;
          beat();
        });
      }
    }
  }

  void read(const std::vector<WantedColumn>& names, const std::function<void(const TableBatch&)>& take) const override {
    TableBatch batch;
    batch.columns.resize(names.size());
    std::vector<size_t> columns;
    for (size_t c = 0; c < names.size(); ++c) {
      columns.push_back(flat(index(names[c].name)));
      batch.columns[c].kind = names[c].kind.value_or(this->columns()[columns[c]].kind);
    }
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
                fields_[column].type->ToString(), "; expected numbers, truth values, texts, dates or lists of numbers");
  }

  /// Sets the column's length to that of its first list that is not missing.
  void find_length(TableColumn& column, size_t c, const std::function<void()>& beat) const {
    flat(c);
    for (int group = 0; group < file_->num_row_groups() && column.length == 0; ++group) {
      file_->set_batch_size(kBatchRows);
      const auto reader = open_reader(group, {c}, 0, 1);
      while (const auto cells = column.length == 0 ? next(*reader, group, c) : nullptr) {
        const arrow::Array& lists = *cells->column(0);
        for (int64_t i = 0; i < lists.length() && column.length == 0; ++i)
          if (!lists.IsNull(i)) column.length = length_at(lists, i);
        beat();
      }
    }
  }

  static int64_t length_at(const arrow::Array& lists, int64_t i) {
    if (lists.type_id() == arrow::Type::LIST) return static_cast<const arrow::ListArray&>(lists).value_length(i);
    if (lists.type_id() == arrow::Type::LARGE_LIST)
      return static_cast<const arrow::LargeListArray&>(lists).value_length(i);
    return static_cast<const arrow::FixedSizeListType&>(*lists.type()).list_size();
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
    if (is_list(*cells->type()) != (to.kind == ColumnKind::kList)) refuse_type(*cells->type(), column, to.kind);
    if (to.kind == ColumnKind::kList) return fill_lists(*cells, column, row, to);
    const bool bytes = arrow::is_base_binary_like(cells->type_id()) && !arrow::is_string(cells->type_id());
    auto result = to.kind == ColumnKind::kText && (bytes || cells->type_id() == arrow::Type::FIXED_SIZE_BINARY)
                      ? hexadecimal(*cells)
                      : cast(cells, arrow_type(to.kind));
    if (!result.ok()) refuse(result.status(), *cells, column, row, to.kind);
    const std::shared_ptr<arrow::Array> made = *result;
    const int64_t rows = made->length();
    to.missing.resize(rows);
    for (int64_t i = 0; i < rows; ++i) to.missing[i] = made->IsNull(i);
    if (to.kind == ColumnKind::kText) {
      fill_texts(made, column, row, to);
    } else if (to.kind == ColumnKind::kInteger || to.kind == ColumnKind::kTruth) {
      const int64_t* values = static_cast<const arrow::Int64Array&>(*made).raw_values();
      to.integers.assign(values, values + rows);
    } else if (to.kind == ColumnKind::kNumber) {
      const double* values = static_cast<const arrow::DoubleArray&>(*made).raw_values();
      to.numbers.assign(values, values + rows);
      for (int64_t i = 0; i < rows; ++i) to.missing[i] |= std::isnan(values[i]);
    } else {
      // Dates, times and durations all have 64 bits per value.
      const int64_t* values = made->data()->GetValues<int64_t>(1);
      to.numbers.resize(rows);
      for (int64_t i = 0; i < rows; ++i) to.numbers[i] = static_cast<double>(values[i]) / microseconds_of(to.kind);
    }
  }

  /// Fills `to` with lists of numbers, all of the length of the column.
  void fill_lists(const arrow::Array& cells, size_t column, int64_t row, TableBatch::Values& to) const {
    const int64_t length = columns()[column].length, rows = cells.length();
    to.missing.assign(rows, 0);
    to.numbers.assign(rows * length, 0);
    for (int64_t i = 0; i < rows; ++i) {
      to.missing[i] = cells.IsNull(i);
      if (to.missing[i]) continue;
      if (const int64_t found = length_at(cells, i); found != length)
        throw Error(place(row + i), ", column '", columns()[column].name, "': a list of ", found, ", expected ", length,
                    " numbers, as in the rows before");
    }
    const auto [values, start] = values_of(cells);
    const auto made = cast(values, arrow::float64());
    if (!made.ok()) refuse_type(*cells.type(), column, to.kind);
    const auto& numbers = static_cast<const arrow::DoubleArray&>(**made);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t e = 0; !to.missing[i] && e < length; ++e) {
        const int64_t at = start(i) + e;
        if (numbers.IsNull(at))
          throw Error(place(row + i), ", column '", columns()[column].name, "': no number at position ", e,
                      " of the list, expected ", length, " numbers");
        to.numbers[i * length + e] = numbers.Value(at);
      }
  }

  /// Returns the values of all lists, and a function that returns where list i begins among them.
  static std::pair<std::shared_ptr<arrow::Array>, std::function<int64_t(int64_t)>> values_of(
      const arrow::Array& cells) {
    if (cells.type_id() == arrow::Type::LIST) {
      const auto& lists = static_cast<const arrow::ListArray&>(cells);
      return {lists.values(), [&lists](int64_t i) { return int64_t{lists.value_offset(i)}; }};
    }
    if (cells.type_id() == arrow::Type::LARGE_LIST) {
      const auto& lists = static_cast<const arrow::LargeListArray&>(cells);
      return {lists.values(), [&lists](int64_t i) { return lists.value_offset(i); }};
    }
    const auto& lists = static_cast<const arrow::FixedSizeListArray&>(cells);
    return {lists.values(), [&lists](int64_t i) { return int64_t{lists.value_offset(i)}; }};
  }

  void fill_texts(const std::shared_ptr<arrow::Array>& cells, size_t column, int64_t row,
                  TableBatch::Values& to) const {
    const auto& texts = static_cast<const arrow::StringArray&>(*cells);
    to.texts.resize(cells->length());
    for (int64_t i = 0; i < cells->length(); ++i) {
      to.texts[i] = to.missing[i] ? std::string_view() : texts.GetView(i);
      to.missing[i] = counts_as_missing(to.texts[i]);
      check_text(to.texts[i], row + i, columns()[column].name);
    }
    to.owner = cells;
  }

  [[noreturn]] void refuse_type(const arrow::DataType& type, size_t column, ColumnKind kind) const {
    throw Error(path(), ": column '", columns()[column].name, "' holds values of type ", type.ToString(), "; expected ",
                kind == ColumnKind::kText ? "numbers, truth values or texts" : kind_name(kind), " in each row");
  }

  /// Throws Error naming the first cell that is not of the wanted kind.
  [[noreturn]] void refuse(const arrow::Status& status, const arrow::Array& cells, size_t column, int64_t row,
                           ColumnKind kind) const {
    if (status.IsOutOfMemory()) throw std::bad_alloc();
    const std::string& name = columns()[column].name;
    // The cast failed without naming a cell, so the cells are cast one by one until one fails. If no cast between the
    // types exists, no single cell is at fault.
    for (int64_t i = 0; !status.IsNotImplemented() && i < cells.length(); ++i) {
      if (cast(cells.Slice(i, 1), arrow_type(kind)).ok()) continue;
      const auto value = cells.GetScalar(i);
      const std::string text = value.ok() ? (*value)->ToString() : "";
      throw Error(place(row + i), ", column '", name, "': ", quoted_text(text), ", expected ", kind_name(kind),
                  kind == ColumnKind::kText ? " in UTF-8" : "");
    }
    refuse_type(*cells.type(), column, kind);
  }

  std::vector<Field> fields_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
};

}  // namespace

std::unique_ptr<Table> open_parquet_table(const fs::path& path, const TableForm& form) {
  return std::make_unique<ParquetTable>(path, form);
}

}  // namespace graphsieve
