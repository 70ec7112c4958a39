// A table in a file, read batch by batch: CSV (.csv, .tsv, also .gz, .bz2, .zst) or Parquet (.parquet).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace graphsieve {

enum class ColumnKind { kInteger, kNumber, kText };  // truth values count as integers 0 and 1

struct TableColumn {
  std::string name;
  ColumnKind kind;
};

/// Rows [first_row, first_row + rows) of the asked columns. One of the three value lists of a column is filled.
struct TableBatch {
  struct Values {
    ColumnKind kind = ColumnKind::kNumber;
    std::vector<int64_t> integers;
    std::vector<double> numbers;
    std::vector<std::string_view> texts;  ///< valid until the next batch
    std::vector<uint8_t> missing;         ///< 1 where the cell is empty, an empty text included
  };
  int64_t first_row = 0, rows = 0;  ///< rows are counted from 0, a header line not among them
  std::vector<Values> columns;
};

class Table {
 public:
  /// Without a header the columns of a CSV file are called f0, f1, … Throws Error, beginning with the path, on a file that is
  /// not there or not of a known kind.
  static std::unique_ptr<Table> open(const std::filesystem::path& path, bool header = true);
  virtual ~Table() = default;

  virtual const std::string& path() const = 0;
  virtual const std::vector<TableColumn>& columns() const = 0;

  /// Reads the named columns of the whole table. A column's kind is its own, but that columns in `as_number` are read as
  /// numbers, and those in `as_text` as texts. Throws Error, with file, row and column, on a cell that does not parse.
  virtual void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                    const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const = 0;

  /// Position and kind of a column; throws Error, naming the file, `role` and the columns there are.
  const TableColumn& column(const std::string& name, const std::string& role) const;
};

}  // namespace graphsieve
