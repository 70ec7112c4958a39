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
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/tables/csv_records.h"
#include "graphsieve/tables/table_content.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlockBytes = 4 << 20;      // bytes of text that are parsed at a time
constexpr size_t kMostRowBytes = 256 << 20;  // Arrow's parser counts bytes in 31 bits
constexpr double kMicrosecondsPerHour = 3.6e9, kMicrosecondsPerDay = 24 * kMicrosecondsPerHour;

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

/// Parses the text as a value of Arrow's type. Returns false if it is none.
template <class Type>
bool parse(std::string_view text, typename Type::c_type* value) {
  static const Type type;
  return arrow::internal::ParseValue(type, text.data(), text.size(), value);
}

/// Parses a truth value. Returns false if the text is none.
bool parse_truth(std::string_view text, bool* value) {
  *value = text == "1" || text == "true" || text == "True" || text == "TRUE";
  return *value || text == "0" || text == "false" || text == "False" || text == "FALSE";
}

/// Rewrites a number with the form's decimal character and its separators of thousands as Arrow reads numbers. Returns
/// false if the text has other characters, or groups that are not of three digits.
bool plain_number(std::string_view text, const TableForm& form, std::string* plain) {
  plain->clear();
  bool whole = true;     // before the decimal character
  int digits = 0;        // digits of the current group
  bool grouped = false;  // a separator has been read
  for (const char c : text) {
    if (c == form.decimal && whole) {
      if (grouped && digits != 3) return false;
      whole = false;
      *plain += '.';
    } else if (form.thousands != 0 && c == form.thousands) {
      if (!whole || digits == 0 || digits > 3 || (grouped && digits != 3)) return false;
      grouped = true;
      digits = 0;
    } else if (c == '.') {
      return false;
    } else {
      if ((c == 'e' || c == 'E') && whole) {
        if (grouped && digits != 3) return false;
        whole = false;
      }
      digits += c >= '0' && c <= '9';
      *plain += c;
    }
  }
  return !(whole && grouped && digits != 3);
}

/// Parses a number that is not NaN, which is a text like any other. Returns false if the text is none.
bool parse_number(std::string_view text, const TableForm& form, double* value) {
  if (form.decimal == '.' && form.thousands == 0) return parse<arrow::DoubleType>(text, value) && !std::isnan(*value);
  std::string plain;
  return plain_number(text, form, &plain) && parse<arrow::DoubleType>(plain, value) && !std::isnan(*value);
}

/// Parses an integer of 64 bits. Returns false if the text is none.
bool parse_integer(std::string_view text, const TableForm& form, int64_t* value) {
  if (form.thousands == 0) return parse<arrow::Int64Type>(text, value);
  std::string plain;
  return text.find(form.decimal) == std::string_view::npos && plain_number(text, form, &plain) &&
         parse<arrow::Int64Type>(plain, value);
}

/// Parses a date in ISO 8601, with or without a time and a zone, as days since 1970-01-01 (UTC if there is a zone).
bool parse_date(std::string_view text, double* days) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
  int64_t microseconds = 0;
  bool zone = false;
  if (!arrow::internal::ParseTimestampISO8601(text.data(), text.size(), arrow::TimeUnit::MICRO, &microseconds, &zone))
    return false;
  *days = static_cast<double>(microseconds) / kMicrosecondsPerDay;
  return true;
}

/// Parses a time of the day, "23:59", "23:59:59" or "23:59:59.9", as hours since midnight.
bool parse_time_of_day(std::string_view text, double* hours) {
  static const arrow::Time64Type type(arrow::TimeUnit::MICRO);
  int64_t microseconds = 0;
  if (text.size() < 5 || text[2] != ':' || !arrow::internal::ParseValue(type, text.data(), text.size(), &microseconds))
    return false;
  *hours = static_cast<double>(microseconds) / kMicrosecondsPerHour;
  return true;
}

/// True if the text consists of digits, after a sign at most.
bool is_digits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// True if the digits would not be the same after reading and writing them as a number.
bool has_leading_zero(std::string_view digits) {
  if (digits.starts_with('-')) digits.remove_prefix(1);
  return digits.size() > 1 && digits[0] == '0';
}

/// The kinds of value that all cells of a column seen so far have in common.
class CsvKind {
 public:
  /// Takes a cell that is not missing into account.
  void add(std::string_view text, const TableForm& form) {
    int64_t integer = 0;
    bool truth = false;
    double number = 0;
    any_ = true;
    if (digits_) digits_ = is_digits(text);
    if (digits_ && !leading_zero_) leading_zero_ = has_leading_zero(text);
    if (integers_) integers_ = parse_integer(text, form, &integer);
    if (truths_) truths_ = parse_truth(text, &truth);
    if (numbers_ && !integers_) numbers_ = parse_number(text, form, &number);
    if (dates_) dates_ = parse_date(text, &number);
    if (times_) times_ = parse_time_of_day(text, &number);
  }
  /// True if no further cell can change the kind.
  bool final() const { return any_ && !digits_ && !integers_ && !truths_ && !numbers_ && !dates_ && !times_; }

  ColumnKind kind() const {
    if (!any_) return ColumnKind::kNumber;
    if (integers_) return ColumnKind::kInteger;
    if (truths_) return ColumnKind::kTruth;
    if (numbers_) return ColumnKind::kNumber;
    return dates_ ? ColumnKind::kDate : times_ ? ColumnKind::kTimeOfDay : ColumnKind::kText;
  }
  bool digits_matter() const { return any_ && digits_ && (leading_zero_ || !integers_); }

 private:
  bool any_ = false, leading_zero_ = false;
  bool digits_ = true, integers_ = true, truths_ = true, numbers_ = true, dates_ = true, times_ = true;
};

class CsvTable : public Table {
 public:
  CsvTable(const fs::path& path, const TableForm& form, std::string packing);
  void find_kinds(const std::vector<std::string>& names, const std::function<void()>& beat) override;
  void read(const std::vector<WantedColumn>& columns,
            const std::function<void(const TableBatch&)>& take) const override;
  bool is_number(std::string_view text) const override {
    double value = 0;
    return parse_number(text, form(), &value);
  }

 protected:
  const char* unit() const override { return "line"; }
  int64_t number_of(int64_t row) const override { return line_of(row + form().header); }

 private:
  /// Reads the records of the file in order, block by block.
  class Records {
   public:
    explicit Records(const CsvTable& table) : table_(table), input_(table.path(), table.packing_) {}

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
    return line_of_record(blocks(), form().delimiter, record).value_or(record + 1);
  }
  /// Fills `to` with the values of a column. `row` is the number of the first record's row.
  void fill(const arrow::csv::BlockParser& records, size_t column, int64_t row, TableBatch::Values& to) const;
  /// Reads one cell that is not missing into `to`, at position i. Returns false if it is not of the kind of `to`.
  bool fill_cell(std::string_view text, size_t i, TableBatch::Values& to) const;
  /// Adds the cells of a column to what is known of its kind.
  void add_cells(const arrow::csv::BlockParser& records, size_t column, CsvKind& kind) const;
  void set_kind(size_t column, const CsvKind& kind);

  std::string packing_;
  int32_t width_ = -1;  ///< number of columns; -1 before the first record is read
};

/// The first call examines the beginning of the file. Every call reads until the text has kBlockBytes and parses it. If
/// the text has no whole row, twice as much text is read and parsed again, up to kMostRowBytes.
const arrow::csv::BlockParser* CsvTable::Records::next(int32_t most) {
  if (parser_) first_ += parser_->num_rows();
  if (!begun_) {
    begun_ = true;
    fill(kContentBytes);
    if (const std::string wrong = not_csv(std::string_view(text_).substr(0, kContentBytes), table_.form().delimiter);
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
  if (text_.find('"') == std::string::npos || !line_of_open_quote(once, table_.form().delimiter)) return;
  throw Error(table_.path(), ": line ", line_of_open_quote(table_.blocks(), table_.form().delimiter).value_or(0),
              ": a quote opens a cell here and none closes it");
}

/// Parses the text that has been read and removes the parsed rows from it. Returns false if it has no whole row yet.
bool CsvTable::Records::parse(int32_t most) {
  auto options = arrow::csv::ParseOptions::Defaults();
  options.delimiter = table_.form().delimiter;
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
                table_.form().header ? "header" : "first line");
  if (!status.ok())
    throw Error(table_.path(), ": line ", table_.line_of(first_), ": cannot be parsed as CSV from here on");
  text_.erase(0, used);
  return parser_->num_rows() > 0 || ended_;
}

// Arrow calls a visitor of cells with (data, size, quoted), and from release 26 on with a fourth argument, whether the
// cell is missing, which this reader decides itself: `auto...` takes both.

/// Reads the names of the columns, and takes the kind of each column from the cells of the first block.
CsvTable::CsvTable(const fs::path& path, const TableForm& form, std::string packing)
    : Table(path, form), packing_(std::move(packing)) {
  auto records = std::make_unique<Records>(*this);
  // The first record alone tells the number of columns; the parser then refuses every row with another number of cells.
  const arrow::csv::BlockParser* block = records->next(1);
  if (block == nullptr) throw Error(path, ": is empty; expected a table");
  width_ = block->num_cols();
  std::vector<std::string> names;
  if (form.header) {
    (void)block->VisitLastRow([&](const uint8_t* data, uint32_t size, auto...) {
      names.emplace_back(reinterpret_cast<const char*>(data), size);
      return arrow::Status::OK();
    });
  } else {
    for (int32_t c = 0; c < width_; ++c) names.push_back(str("f", c));
    // In a file without a header, this record is a row, so the file is read again from the beginning.
    records = std::make_unique<Records>(*this);
  }
  for (std::string& name : names) add_column({.name = std::move(name)});
  block = records->next();
  for (int32_t c = 0; block != nullptr && c < width_; ++c) {
    CsvKind kind;
    add_cells(*block, c, kind);
    set_kind(c, kind);
  }
}

void CsvTable::set_kind(size_t column, const CsvKind& kind) {
  column_at(column).kind = kind.kind();
  column_at(column).digits_matter = kind.digits_matter();
}

void CsvTable::add_cells(const arrow::csv::BlockParser& records, size_t column, CsvKind& kind) const {
  if (kind.final()) return;
  (void)records.VisitColumn(static_cast<int32_t>(column), [&](const uint8_t* data, uint32_t size, auto...) {
    const std::string_view text = without_margin(data, size);
    if (!counts_as_missing(text)) kind.add(text, form());
    return arrow::Status::OK();
  });
}

void CsvTable::find_kinds(const std::vector<std::string>& names, const std::function<void()>& beat) {
  if (names.empty()) return;
  std::vector<size_t> columns;
  for (const std::string& name : names) columns.push_back(index(name));
  std::vector<CsvKind> kinds(columns.size());
  Records records(*this);
  if (form().header) records.next(1);
  while (const arrow::csv::BlockParser* block = records.next()) {
    parallel_for(std::ssize(columns), [&](int64_t c) { add_cells(*block, columns[c], kinds[c]); });
    beat();
  }
  for (size_t c = 0; c < columns.size(); ++c) set_kind(columns[c], kinds[c]);
}

void CsvTable::read(const std::vector<WantedColumn>& wanted, const std::function<void(const TableBatch&)>& take) const {
  TableBatch batch;
  batch.columns.resize(wanted.size());
  std::vector<size_t> columns;
  for (size_t c = 0; c < wanted.size(); ++c) {
    columns.push_back(index(wanted[c].name));
    batch.columns[c].kind = wanted[c].kind.value_or(this->columns()[columns[c]].kind);
  }
  Records records(*this);
  if (form().header) records.next(1);
  while (const arrow::csv::BlockParser* block = records.next()) {
    batch.first_row = records.first_record() - form().header;
    batch.rows = block->num_rows();
    for (size_t c = 0; c < wanted.size(); ++c) fill(*block, columns[c], batch.first_row, batch.columns[c]);
    take(batch);
  }
}

void CsvTable::fill(const arrow::csv::BlockParser& records, size_t column, int64_t row, TableBatch::Values& to) const {
  const auto rows = static_cast<size_t>(records.num_rows());
  const bool text = to.kind == ColumnKind::kText;
  const bool integer = to.kind == ColumnKind::kInteger || to.kind == ColumnKind::kTruth;
  to.missing.assign(rows, 0);
  to.texts.assign(text ? rows : 0, {});
  to.integers.assign(integer ? rows : 0, 0);
  to.numbers.assign(text || integer ? 0 : rows, 0);
  size_t i = 0;
  (void)records.VisitColumn(static_cast<int32_t>(column), [&](const uint8_t* data, uint32_t size, auto...) {
    const std::string_view whole(reinterpret_cast<const char*>(data), size), cell = without_margin(data, size);
    const int64_t at = row + static_cast<int64_t>(i);
    if (counts_as_missing(cell)) {
      to.missing[i] = 1;
    } else if (text) {
      check_text(whole, at, columns()[column].name);
      to.texts[i] = whole;
    } else if (!fill_cell(cell, i, to)) {
      throw Error(place(at), ", column '", columns()[column].name, "': ", quoted_text(cell), ", expected ",
                  kind_name(to.kind));
    }
    ++i;
    return arrow::Status::OK();
  });
}

bool CsvTable::fill_cell(std::string_view text, size_t i, TableBatch::Values& to) const {
  bool truth = false;
  switch (to.kind) {
    case ColumnKind::kInteger:
      return parse_integer(text, form(), &to.integers[i]);
    case ColumnKind::kTruth:
      if (!parse_truth(text, &truth)) return false;
      to.integers[i] = truth;
      return true;
    case ColumnKind::kNumber:
      if (parse_number(text, form(), &to.numbers[i])) return true;
      // A column of truth values may be read as numbers.
      if (!parse_truth(text, &truth)) return false;
      to.numbers[i] = truth;
      return true;
    case ColumnKind::kDate:
      return parse_date(text, &to.numbers[i]);
    case ColumnKind::kTimeOfDay:
      return parse_time_of_day(text, &to.numbers[i]);
    default:
      return false;  // a CSV file has no durations and no lists
  }
}

CsvBlocks CsvTable::blocks() const {
  auto input = std::make_shared<CsvInput>(path(), packing_);
  return [input, text = std::string()]() mutable {
    text.clear();
    input->read(text, kBlockBytes);
    return std::string_view(text);
  };
}

}  // namespace

std::optional<double> date_in(std::string_view text) {
  double days = 0;
  return parse_date(text, &days) ? std::optional(days) : std::nullopt;
}

std::unique_ptr<Table> open_csv_table(const fs::path& path, const TableForm& form, const std::string& packing) {
  const std::pair<char, const char*> characters[] = {
      {form.delimiter, "delimiter"}, {form.decimal, "decimal"}, {form.thousands, "thousands"}};
  for (const auto& [a, first] : characters)
    for (const auto& [b, second] : characters)
      if (first != second && a == b)
        throw Error(path, ": '", a, "' is the character of both ", option(first), " and ", option(second),
                    ", expected different ones");
  return std::make_unique<CsvTable>(path, form, packing);
}

}  // namespace graphsieve
