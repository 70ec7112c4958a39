#include "graphsieve/tables/table.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <set>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr int32_t kBlockBytes = 4 << 20;  // Arrow reads up to 32 blocks ahead
constexpr int64_t kBatchRows = 1 << 16;

ColumnKind kind_of(const arrow::DataType& type) {
  if (arrow::is_integer(type.id()) || type.id() == arrow::Type::BOOL) return ColumnKind::kInteger;
  if (arrow::is_floating(type.id()) || type.id() == arrow::Type::NA) return ColumnKind::kNumber;
  return ColumnKind::kText;
}

std::shared_ptr<arrow::DataType> type_of(ColumnKind kind) {
  return kind == ColumnKind::kInteger ? arrow::int64() : kind == ColumnKind::kNumber ? arrow::float64() : arrow::utf8();
}

class ArrowTable : public Table {
 public:
  explicit ArrowTable(const fs::path& path) : path_(path.string()) {}
  const std::string& path() const override { return path_; }
  const std::vector<TableColumn>& columns() const override { return columns_; }

 protected:
  template <class T>
  T ok(arrow::Result<T> result) const {
    if (!result.ok()) throw Error(path_, ": ", result.status().message());
    return std::move(result).ValueUnsafe();
  }
  void ok(const arrow::Status& status) const {
    if (!status.ok()) throw Error(path_, ": ", status.message());
  }

  void take_schema(const arrow::Schema& schema) {
    for (const auto& field : schema.fields()) {
      for (const TableColumn& c : columns_)
        if (c.name == field->name()) throw Error(path_, ": two columns are called '", c.name, "'");
      columns_.push_back({field->name(), kind_of(*field->type())});
    }
  }

  ColumnKind wanted(const std::string& name, const std::vector<std::string>& as_number,
                    const std::vector<std::string>& as_text) const {
    if (std::find(as_number.begin(), as_number.end(), name) != as_number.end()) return ColumnKind::kNumber;
    if (std::find(as_text.begin(), as_text.end(), name) != as_text.end()) return ColumnKind::kText;
    return column(name, "").kind;
  }

  /// Every batch of the reader, its columns cast to the kinds that are wanted.
  void deliver(arrow::RecordBatchReader& reader, const std::vector<std::string>& names, const std::vector<std::string>& as_number,
               const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const {
    TableBatch batch;
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> rows;
      ok(reader.ReadNext(&rows));
      if (!rows) return;
      batch.rows = rows->num_rows();
      batch.columns.resize(names.size());
      std::vector<std::shared_ptr<arrow::Array>> kept;  // what the texts look into
      for (size_t c = 0; c < names.size(); ++c) {
        batch.columns[c].kind = wanted(names[c], as_number, as_text);
        auto cells = arrow::compute::Cast(rows->GetColumnByName(names[c]), type_of(batch.columns[c].kind));
        if (!cells.ok())
          throw Error(path_, ": column '", names[c], "', rows ", batch.first_row, " to ", batch.first_row + batch.rows - 1, ": ",
                      cells.status().message());
        kept.push_back(cells->make_array());
        fill(*kept.back(), batch.columns[c]);
      }
      take(batch);
      batch.first_row += batch.rows;
    }
  }

 private:
  static void fill(const arrow::Array& cells, TableBatch::Values& to) {
    const int64_t rows = cells.length();
    to.missing.resize(rows);
    for (int64_t i = 0; i < rows; ++i) to.missing[i] = cells.IsNull(i);
    if (to.kind == ColumnKind::kText) {
      const auto& texts = static_cast<const arrow::StringArray&>(cells);
      to.texts.resize(rows);
      for (int64_t i = 0; i < rows; ++i) {
        to.texts[i] = to.missing[i] ? std::string_view() : texts.GetView(i);
        to.missing[i] = to.texts[i].empty();
      }
    } else if (to.kind == ColumnKind::kInteger) {
      const int64_t* values = static_cast<const arrow::Int64Array&>(cells).raw_values();
      to.integers.assign(values, values + rows);
    } else {
      const double* values = static_cast<const arrow::DoubleArray&>(cells).raw_values();
      to.numbers.assign(values, values + rows);
    }
  }

  std::string path_;
  std::vector<TableColumn> columns_;
};

class CsvTable : public ArrowTable {
 public:
  CsvTable(const fs::path& path, char delimiter, arrow::Compression::type compression, bool header)
      : ArrowTable(path), delimiter_(delimiter), compression_(compression), header_(header) {
    const auto schema = reader({}, {})->schema();
    take_schema(*schema);
    for (const auto& field : schema->fields())
      if (field->type()->id() == arrow::Type::BOOL) truths_.insert(field->name());
  }

  void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
            const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const override {
    std::unordered_map<std::string, std::shared_ptr<arrow::DataType>> types;
    for (const std::string& name : names) {
      const ColumnKind kind = wanted(name, as_number, as_text);
      const bool truth = truths_.contains(name) && kind != ColumnKind::kText;  // "true" is parsed as such, then cast
      types[name] = truth ? arrow::boolean() : type_of(kind);
    }
    deliver(*reader(names, types), names, as_number, as_text, take);
  }

 private:
  std::shared_ptr<arrow::csv::StreamingReader> reader(
      const std::vector<std::string>& names,
      const std::unordered_map<std::string, std::shared_ptr<arrow::DataType>>& types) const {
    std::shared_ptr<arrow::io::InputStream> in = ok(arrow::io::ReadableFile::Open(path()));
    if (compression_ != arrow::Compression::UNCOMPRESSED) {
      codec_ = ok(arrow::util::Codec::Create(compression_));
      in = ok(arrow::io::CompressedInputStream::Make(codec_.get(), in));
    }
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;  // so that messages name the row
    read.block_size = kBlockBytes;
    read.autogenerate_column_names = !header_;
    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.delimiter = delimiter_;
    auto convert = arrow::csv::ConvertOptions::Defaults();
    convert.include_columns = names;
    convert.column_types = types;
    convert.strings_can_be_null = true;
    convert.quoted_strings_can_be_null = false;
    return ok(arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), in, read, parse, convert));
  }

  std::set<std::string> truths_;  ///< columns of true and false
  char delimiter_;
  arrow::Compression::type compression_;
  bool header_;
  mutable std::unique_ptr<arrow::util::Codec> codec_;
};

class ParquetTable : public ArrowTable {
 public:
  explicit ParquetTable(const fs::path& path) : ArrowTable(path) {
    std::shared_ptr<arrow::Schema> schema;
    ok(reader()->GetSchema(&schema));
    take_schema(*schema);
  }

  void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
            const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const override {
    auto file = reader();
    std::shared_ptr<arrow::Schema> schema;
    ok(file->GetSchema(&schema));
    std::vector<int> indices, groups(file->num_row_groups());
    for (const std::string& name : names) indices.push_back(schema->GetFieldIndex(name));
    for (int g = 0; g < file->num_row_groups(); ++g) groups[g] = g;
    deliver(*ok(file->GetRecordBatchReader(groups, indices)), names, as_number, as_text, take);
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> reader() const {
    parquet::arrow::FileReaderBuilder builder;
    parquet::ReaderProperties reading = parquet::default_reader_properties();
    reading.enable_buffered_stream();  // in pieces, not whole row groups
    ok(builder.Open(ok(arrow::io::ReadableFile::Open(path())), reading));
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(kBatchRows);
    properties.set_pre_buffer(false);  // it would hold the whole file
    builder.properties(properties);
    return ok(builder.Build());
  }
};

}  // namespace

std::unique_ptr<Table> Table::open(const fs::path& path, bool header) {
  if (!fs::is_regular_file(path)) throw Error(path.string(), ": no such file");
  fs::path name = path.filename();
  auto compression = arrow::Compression::UNCOMPRESSED;
  const std::pair<const char*, arrow::Compression::type> packed[] = {
      {".gz", arrow::Compression::GZIP}, {".bz2", arrow::Compression::BZ2}, {".zst", arrow::Compression::ZSTD}};
  for (const auto& [extension, type] : packed)
    if (name.extension() == extension) {
      compression = type;
      name = name.stem();
      break;
    }
  try {
    if (name.extension() == ".csv" || name.extension() == ".txt") return std::make_unique<CsvTable>(path, ',', compression, header);
    if (name.extension() == ".tsv") return std::make_unique<CsvTable>(path, '\t', compression, header);
    if (name.extension() == ".parquet") return std::make_unique<ParquetTable>(path);
  } catch (const arrow::Status& status) {
    throw Error(path.string(), ": ", status.message());
  } catch (const parquet::ParquetException& error) {
    throw Error(path.string(), ": ", error.what());
  }
  throw Error(path.string(), ": neither .csv, .tsv (or compressed: .gz, .bz2, .zst) nor .parquet");
}

const TableColumn& Table::column(const std::string& name, const std::string& role) const {
  std::vector<std::string> names;
  for (const TableColumn& c : columns()) {
    if (c.name == name) return c;
    names.push_back(c.name);
  }
  std::string all;
  for (size_t i = 0; i < names.size() && i < 20; ++i) all += (i ? ", " : "") + names[i];
  throw Error(path(), ": no column '", name, "'", role.empty() ? "" : " for " + role, did_you_mean(name, names), "; its columns are ",
              all, names.size() > 20 ? ", …" : "");
}

}  // namespace graphsieve
