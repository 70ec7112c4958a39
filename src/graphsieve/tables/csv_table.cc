// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/csv_table.h"

#include <arrow/api.h>
#include <arrow/csv/options.h>
#include <arrow/csv/parser.h>
#include <arrow/io/api.h>
#include <arrow/util/compression.h>
#include <arrow/util/io_util.h>
#include <arrow/util/value_parsing.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/tables/csv_records.h"
#include "graphsieve/tables/table_content.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlockBytes = 4 << 20;      // bytes of text that are parsed at a time
constexpr size_t kMostRowBytes = 256 << 20;  // Arrow's parser counts bytes in 31 bits

/// The decompressed text of a file.
class CsvInput {
 public:
  CsvInput(const std::string& path, const std::string& packing) : path_(path), packed_(!packing.empty()) {
    in_ = ok(arrow::io::ReadableFile::Open(path));
    if (!packed_) return;
    codec_ = ok(arrow::util::Codec::Create(packing == ".gz"    ? arrow::Compression::GZIP
                                           : packing == ".bz2" ? arrow::Compression::BZ2
                                                               : arrow::Compression::ZSTD));
    in_ = ok(arrow::io::CompressedInputStream::Make(codec_.get(), in_));
  }

  /// Appends up to `bytes` bytes to `to`; fewer only if the text ends.
  void read(std::string& to, size_t bytes) {
    const size_t before = to.size();
    size_t filled = before;
    to.resize(before + bytes);
    while (filled < to.size()) {
      const int64_t got = ok(in_->Read(static_cast<int64_t>(to.size() - filled), to.data() + filled));
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    to.resize(filled);
  }

 private:
  /// Returns the result of a call of Arrow, or throws an Error that names the file and the reason.
  template <class T>
  T ok(arrow::Result<T> result) const {
    if (result.ok()) return std::move(result).ValueUnsafe();
    if (result.status().IsOutOfMemory()) throw std::bad_alloc();
    if (const int error = arrow::internal::ErrnoFromStatus(result.status()); error != 0)
      throw Error(path_, ": ", std::strerror(error));
    if (packed_)
      throw Error(path_, ": its compressed data are damaged, cut off, or of another kind than its name says");
    throw Error(path_, ": cannot be read");
  }

  const std::string& path_;
  bool packed_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::io::InputStream> in_;
};

/// Returns the text of a cell without the spaces and tabs around it.
std::string_view without_margin(const uint8_t* data, uint32_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Parses the text as a number. Returns false if it is none.
template <class Type>
bool parse(std::string_view text, typename Type::c_type* value) {
  static const Type type;
  return arrow::internal::ParseValue(type, text.data(), text.size(), value);
}

/// True if the text is a truth value, which is then stored in `value`.
bool parse_truth(std::string_view text, bool* value) {
  *value = text == "1" || text == "true" || text == "True" || text == "TRUE";
  return *value || text == "0" || text == "false" || text == "False" || text == "FALSE";
}

/// True if the cell stands for a missing value: it is one of Arrow's texts for missing values, without quotes. Such a
/// text has at most 9 bytes.
bool is_missing(const uint8_t* data, uint32_t size, bool quoted) {
  static const auto& texts = *new std::unordered_set<std::string_view>([] {
    static const std::vector<std::string>& all = *new auto(arrow::csv::ConvertOptions::Defaults().null_values);
    return std::unordered_set<std::string_view>(all.begin(), all.end());
  }());
  if (quoted) return false;
  return size == 0 || (size < 10 && texts.contains({reinterpret_cast<const char*>(data), size}));
}

/// The kinds of value that all cells of a column seen so far have in common.
struct CsvKind {
  bool any = false, integers = true, truths = true, numbers = true;

  void add(std::string_view text) {
    any = true;
    int64_t integer = 0;
    bool truth = false;
    double number = 0;
    if (integers) integers = parse<arrow::Int64Type>(text, &integer);
    if (truths) truths = parse_truth(text, &truth);
    if (numbers && !integers) numbers = parse<arrow::DoubleType>(text, &number);
  }
  bool truth() const { return any && !integers && truths; }
  ColumnKind kind() const {
    if (!any) return ColumnKind::kNumber;
    return integers || truths ? ColumnKind::kInteger : numbers ? ColumnKind::kNumber : ColumnKind::kText;
  }
};

class CsvTable : public Table {
 public:
  CsvTable(const fs::path& path, CsvForm form);
  void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
            const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const override;

 protected:
  const char* unit() const override { return "line"; }
  int64_t number_of(int64_t row) const override { return line_of(row + form_.header); }

 private:
  /// Reads the records of the file in order, block by block.
  class Records {
   public:
    explicit Records(const CsvTable& table) : table_(table), input_(table.path(), table.form_.packing) {}

    /// Returns the next records, at most `most`, or nullptr at the end. They are valid until the next call.
    const arrow::csv::BlockParser* next(int32_t most = std::numeric_limits<int32_t>::max());
    int64_t first_record() const { return first_; }  ///< number of the block's first record; the header has 0

   private:
    void fill(size_t bytes);
    bool parse(int32_t most);
    void check_quotes() const;

    const CsvTable& table_;
    CsvInput input_;
    std::string text_;  ///< text that is not parsed yet
    bool begun_ = false, ended_ = false;
    int64_t first_ = 0;
    std::unique_ptr<arrow::csv::BlockParser> parser_;
  };

  CsvBlocks blocks() const;
  int64_t line_of(int64_t record) const {
    return line_of_record(blocks(), form_.delimiter, record).value_or(record + 1);
  }
  /// Fills `to` with the values of a column. `row` is the number of the first record's row.
  void fill(const arrow::csv::BlockParser& records, size_t column, int64_t row, TableBatch::Values& to) const;
  [[noreturn]] void not_a(const char* expected, std::string_view text, int64_t row, size_t column) const;

  CsvForm form_;
  int32_t width_ = -1;        ///< number of columns; -1 before the first record is read
  std::vector<bool> truths_;  ///< by column: true if its values are true and false
};

/// The first call examines the beginning of the file. Every call reads until the text has kBlockBytes and parses it. If
/// the text has no whole row, twice as much text is read and parsed again, up to kMostRowBytes.
const arrow::csv::BlockParser* CsvTable::Records::next(int32_t most) {
  if (parser_) first_ += parser_->num_rows();
  if (!begun_) {
    begun_ = true;
    fill(kContentBytes);
    if (const std::string wrong = not_csv(std::string_view(text_).substr(0, kContentBytes), table_.form_.delimiter);
        !wrong.empty())
      throw Error(table_.path(), ": ", wrong);
    if (text_.starts_with("\xef\xbb\xbf")) text_.erase(0, 3);
  }
  if (text_.size() < kBlockBytes) fill(kBlockBytes - text_.size());
  if (text_.empty()) return nullptr;
  while (!parse(most)) {
    if (text_.size() >= kMostRowBytes)
      throw Error(table_.path(), ": line ", table_.line_of(first_), ": a row of more than ", kMostRowBytes >> 20,
                  " MiB begins here; a quote that is never closed may be the cause");
    fill(text_.size());
  }
  return parser_->num_rows() > 0 ? parser_.get() : nullptr;
}

void CsvTable::Records::fill(size_t bytes) {
  if (ended_) return;
  const size_t wanted = text_.size() + bytes;
  input_.read(text_, bytes);
  ended_ = text_.size() < wanted;
  if (ended_) check_quotes();
}

/// Throws Error if a quote is never closed. Arrow accepts the end of the file in place of the missing quote, so the
/// rows within the cell would be lost.
void CsvTable::Records::check_quotes() const {
  bool given = false;
  const auto once = [&] { return std::exchange(given, true) ? std::string_view() : std::string_view(text_); };
  if (text_.find('"') == std::string::npos || !line_of_open_quote(once, table_.form_.delimiter)) return;
  throw Error(table_.path(), ": line ", line_of_open_quote(table_.blocks(), table_.form_.delimiter).value_or(0),
              ": a quote opens a cell here and none closes it");
}

/// Parses the text that has been read and removes the parsed rows from it. Returns false if it has no whole row yet.
bool CsvTable::Records::parse(int32_t most) {
  auto options = arrow::csv::ParseOptions::Defaults();
  options.delimiter = table_.form_.delimiter;
  options.newlines_in_values = true;
  std::optional<arrow::csv::InvalidRow> wrong;
  options.invalid_row_handler = [&](const arrow::csv::InvalidRow& row) {
    wrong.emplace(row);
    return arrow::csv::InvalidRowResult::Error;
  };
  parser_ = std::make_unique<arrow::csv::BlockParser>(options, table_.width_, first_ + 1, most);
  uint32_t used = 0;
  const arrow::Status status = ended_ ? parser_->ParseFinal(text_, &used) : parser_->Parse(text_, &used);
  if (status.IsOutOfMemory()) throw std::bad_alloc();
  if (wrong)
    throw Error(table_.path(), ": line ", table_.line_of(wrong->number - 1), ": ", wrong->actual_columns,
                wrong->actual_columns == 1 ? " cell" : " cells", ", expected ", wrong->expected_columns, " as in the ",
                table_.form_.header ? "header" : "first line");
  if (!status.ok())
    throw Error(table_.path(), ": line ", table_.line_of(first_), ": cannot be parsed as CSV from here on");
  text_.erase(0, used);
  return parser_->num_rows() > 0 || ended_;
}

// Arrow calls a visitor of cells with (data, size, quoted), and from release 26 on with a fourth argument, whether the
// cell is missing, which this reader decides itself: `auto...` takes both.

/// Reads the names of the columns, and takes the kind of each column from the cells of the first block.
CsvTable::CsvTable(const fs::path& path, CsvForm form) : Table(path), form_(std::move(form)) {
  // The first record alone tells the number of columns; the parser then refuses every row with another number of cells.
  // In a file without a header, this record is a row, so the file is read again from the beginning.
  auto records = std::make_unique<Records>(*this);
  const arrow::csv::BlockParser* block = records->next(1);
  if (block == nullptr) throw Error(path, ": is empty; expected a table");
  width_ = block->num_cols();
  std::vector<std::string> names;
  if (form_.header) {
    (void)block->VisitLastRow([&](const uint8_t* data, uint32_t size, auto...) {
      names.emplace_back(reinterpret_cast<const char*>(data), size);
      return arrow::Status::OK();
    });
  } else {
    for (int32_t c = 0; c < width_; ++c) names.push_back(str("f", c));
    records = std::make_unique<Records>(*this);
  }
  std::vector<CsvKind> kinds(width_);
  block = records->next();
  for (int32_t c = 0; block != nullptr && c < width_; ++c)
    (void)block->VisitColumn(c, [&](const uint8_t* data, uint32_t size, bool quoted, auto...) {
      if (!is_missing(data, size, quoted)) kinds[c].add(without_margin(data, size));
      return arrow::Status::OK();
    });
  for (int32_t c = 0; c < width_; ++c) {
    add_column(names[c], kinds[c].kind());
    truths_.push_back(kinds[c].truth());
  }
}

void CsvTable::read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                    const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const {
  TableBatch batch;
  batch.columns.resize(names.size());
  std::vector<size_t> columns;
  const std::vector<ColumnKind> kinds = wanted(names, as_number, as_text);
  for (size_t c = 0; c < names.size(); ++c) {
    columns.push_back(index(names[c]));
    batch.columns[c].kind = kinds[c];
  }
  Records records(*this);
  if (form_.header) records.next(1);
  while (const arrow::csv::BlockParser* block = records.next()) {
    batch.first_row = records.first_record() - form_.header;
    batch.rows = block->num_rows();
    for (size_t c = 0; c < names.size(); ++c) fill(*block, columns[c], batch.first_row, batch.columns[c]);
    take(batch);
  }
}

void CsvTable::fill(const arrow::csv::BlockParser& records, size_t column, int64_t row, TableBatch::Values& to) const {
  const auto rows = static_cast<size_t>(records.num_rows());
  to.missing.assign(rows, 0);
  if (to.kind == ColumnKind::kText) to.texts.assign(rows, {});
  if (to.kind == ColumnKind::kInteger) to.integers.assign(rows, 0);
  if (to.kind == ColumnKind::kNumber) to.numbers.assign(rows, 0);
  size_t i = 0;
  const auto add = [&](const uint8_t* data, uint32_t size, bool quoted, auto...) {
    to.missing[i] = is_missing(data, size, quoted);
    if (to.kind == ColumnKind::kText) {
      if (!to.missing[i]) to.texts[i] = {reinterpret_cast<const char*>(data), size};
      // A text column has no other value for a missing cell than the empty text, so an empty text counts as missing.
      to.missing[i] = to.texts[i].empty();
      check_text(to.texts[i], row + static_cast<int64_t>(i), columns()[column].name);
    } else if (!to.missing[i]) {
      const std::string_view text = without_margin(data, size);
      bool truth = false;
      if (truths_[column]) {
        if (!parse_truth(text, &truth))
          not_a("true or false, as in the column's first rows", text, row + static_cast<int64_t>(i), column);
        to.kind == ColumnKind::kInteger ? void(to.integers[i] = truth) : void(to.numbers[i] = truth);
      } else if (to.kind == ColumnKind::kInteger) {
        if (!parse<arrow::Int64Type>(text, &to.integers[i]))
          not_a("an integer of 64 bits, as in the column's first rows", text, row + static_cast<int64_t>(i), column);
      } else if (!parse<arrow::DoubleType>(text, &to.numbers[i])) {
        not_a("a number", text, row + static_cast<int64_t>(i), column);
      }
    }
    ++i;
    return arrow::Status::OK();
  };
  (void)records.VisitColumn(static_cast<int32_t>(column), add);
}

void CsvTable::not_a(const char* expected, std::string_view text, int64_t row, size_t column) const {
  throw Error(place(row), ", column '", columns()[column].name, "': ", quoted_text(text), ", expected ", expected);
}

CsvBlocks CsvTable::blocks() const {
  auto input = std::make_shared<CsvInput>(path(), form_.packing);
  return [input, text = std::string()]() mutable {
    text.clear();
    input->read(text, kBlockBytes);
    return std::string_view(text);
  };
}

}  // namespace

std::unique_ptr<Table> open_csv_table(const fs::path& path, const CsvForm& form) {
  return std::make_unique<CsvTable>(path, form);
}

}  // namespace graphsieve
