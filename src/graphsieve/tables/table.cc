// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/table.h"

#include <cerrno>
#include <cstring>
#include <unordered_set>

#include "graphsieve/base/error.h"
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

std::unique_ptr<Table> Table::open(const fs::path& path, bool header) {
  check_regular_file(path);
  fs::path name = path.filename();
  const std::string packing = name.extension().string();
  const bool packed = packing == ".gz" || packing == ".bz2" || packing == ".zst";
  // The extension before that of the compression names the format.
  if (packed) name = name.stem();
  const std::string extension = name.extension().string();
  if (extension == ".csv" || extension == ".txt") return open_csv_table(path, {',', packed ? packing : "", header});
  if (extension == ".tsv") return open_csv_table(path, {'\t', packed ? packing : "", header});
  if (extension == ".parquet" && !packed) return open_parquet_table(path);
  throw Error(path, ": neither .csv, .tsv (or compressed: .gz, .bz2, .zst) nor .parquet");
}

std::string Table::places(int64_t first, int64_t second) const {
  return str(path_, ": ", unit(), "s ", number_of(first), " and ", number_of(second));
}

/// The names of columns appear in messages and in card files, which are UTF-8.
void Table::add_column(const std::string& name, ColumnKind kind) {
  if (!is_utf8(name))
    throw Error(path_, ": the name of column ", columns_.size() + 1, ", '", beginning(name, kQuotedBytes),
                "', is not UTF-8; save the table as UTF-8");
  if (!index_.emplace(name, columns_.size()).second) throw Error(path_, ": two columns are called '", name, "'");
  columns_.push_back({name, kind});
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
              other_delimiter ? "; cells are separated by commas in .csv and by tabs in .tsv, by nothing else" : "");
}

std::vector<ColumnKind> Table::wanted(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                                      const std::vector<std::string>& as_text) const {
  const std::unordered_set<std::string> numbers(as_number.begin(), as_number.end()),
      texts(as_text.begin(), as_text.end());
  std::vector<ColumnKind> kinds;
  kinds.reserve(names.size());
  for (const std::string& name : names)
    kinds.push_back(numbers.contains(name) ? ColumnKind::kNumber
                    : texts.contains(name) ? ColumnKind::kText
                                           : columns_[index(name)].kind);
  return kinds;
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
