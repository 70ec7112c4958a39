// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/table.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/recipe/suggest.h"
#include "graphsieve/tables/csv_table.h"
#include "graphsieve/tables/parquet_table.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kQuotedBytes = 60;
constexpr size_t kListedColumns = 20;

/// Throws Error unless the path is that of a regular file.
void check_regular_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error == std::errc::filename_too_long)
    throw Error(path,
                ": the path is longer than the system allows (255 bytes for a name, 4095 for a path); rename the file");
  if (status.type() == fs::file_type::not_found) throw Error(path, ": no such file");
  if (error) throw Error(path, ": ", error.message());
  if (status.type() == fs::file_type::directory) throw Error(path, ": is a folder, expected a file");
  if (status.type() != fs::file_type::regular)
    throw Error(path, ": is no regular file, and tables are read several times");
}

}  // namespace

const char* kind_name(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kInteger:
      return "an integer of 64 bits";
    case ColumnKind::kTruth:
      return "true or false";
    case ColumnKind::kNumber:
      return "a number";
    case ColumnKind::kText:
      return "a text";
    case ColumnKind::kDate:
      return "a date, as 2026-01-31 or 2026-01-31T23:59:59";
    case ColumnKind::kTimeOfDay:
      return "a time of the day, as 23:59 or 23:59:59";
    case ColumnKind::kDuration:
      return "a length of time";
    case ColumnKind::kList:
      return "a list of numbers";
  }
  return "";
}

std::unique_ptr<Table> Table::open(const fs::path& path, const TableForm& form) {
  check_regular_file(path);
  fs::path name = path.filename();
  const std::string packing = name.extension().string();
  const bool packed = packing == ".gz" || packing == ".bz2" || packing == ".zst";
  // The extension before that of the compression names the format.
  if (packed) name = name.stem();
  const std::string extension = name.extension().string();
  if (extension == ".csv" || extension == ".txt" || extension == ".tsv") {
    TableForm written = form;
    if (written.delimiter == 0) written.delimiter = extension == ".tsv" ? '\t' : ',';
    return open_csv_table(path, written, packed ? packing : "");
  }
  if (extension == ".parquet" && !packed) return open_parquet_table(path, form);
  throw Error(path, ": neither .csv, .tsv (or compressed: .gz, .bz2, .zst) nor .parquet");
}

bool Table::is_number(std::string_view text) const {
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc() && end == text.data() + text.size() && !std::isnan(value);
}

std::string Table::places(int64_t first, int64_t second) const {
  return str(path_, ": ", unit(), "s ", number_of(first), " and ", number_of(second));
}

/// The names of columns appear in messages and in card files, which are UTF-8.
void Table::add_column(TableColumn column) {
  if (!is_utf8(column.name))
    throw Error(path_, ": the name of column ", columns_.size() + 1, ", '", beginning(column.name, kQuotedBytes),
                "', is not UTF-8; save the table as UTF-8");
  if (!index_.emplace(column.name, columns_.size()).second)
    throw Error(path_, ": two columns are called '", column.name, "'");
  columns_.push_back(std::move(column));
}

size_t Table::index(const std::string& name, const std::string& role) const {
  if (const auto found = index_.find(name); found != index_.end()) return found->second;
  std::vector<std::string> names;
  for (const TableColumn& c : columns_) names.push_back(c.name);
  std::string all;
  for (size_t i = 0; i < names.size() && i < kListedColumns; ++i) all += (i ? ", " : "") + names[i];
  if (names.size() > kListedColumns) all += ", …";
  // A name that contains another delimiter shows that the file does not have the delimiter of its extension.
  const bool other_delimiter = all.find(';') != std::string::npos || all.find('\t') != std::string::npos;
  throw Error(path_, ": no column '", name, "'", role.empty() ? "" : " for ", role, did_you_mean(name, names),
              "; its columns are ", all,
              other_delimiter ? str("; cells are separated by commas in .csv and by tabs in .tsv unless ",
                                    option("delimiter"), " names another character")
                              : "");
}

void Table::check_text(std::string_view text, int64_t row, const std::string& column) const {
  if (!is_utf8(text))
    throw Error(place(row), ", column '", column, "': ", quoted_text(text), " is not UTF-8; save the table as UTF-8");
  if (text.find('\0') != std::string_view::npos)
    throw Error(place(row), ", column '", column, "': ", quoted_text(text), " holds a NUL byte, expected text");
}

std::string quoted_text(std::string_view text) {
  return str("'", beginning(text, kQuotedBytes), text.size() > kQuotedBytes ? "…" : "", "'");
}

}  // namespace graphsieve
