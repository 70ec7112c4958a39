// A table in a file, read batch by batch: CSV (.csv, .tsv, also .gz, .bz2, .zst) or Parquet (.parquet).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
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
    std::vector<std::string_view> texts;  ///< UTF-8 without NUL; valid until the next batch
    std::vector<uint8_t> missing;         ///< 1 where the cell is empty, an empty text included
    std::shared_ptr<const void> owner;    ///< keeps what the texts look into
  };
  int64_t first_row = 0, rows = 0;  ///< rows are counted from 0, a header line not among them
  std::vector<Values> columns;
};

/// Time and memory of every function grow in proportion to the table's cells, however many columns they are in.
class Table {
 public:
  /// Without a header the columns of a CSV file are called f0, f1, … Throws Error, beginning with the path, on a file that
  /// is not there, not of a known kind, or holds something else than its name says.
  static std::unique_ptr<Table> open(const std::filesystem::path& path, bool header = true);
  virtual ~Table() = default;

  const std::string& path() const { return path_; }
  const std::vector<TableColumn>& columns() const { return columns_; }

  /// Reads the named columns of the whole table; a column may be named more than once. A column's kind is its own, but
  /// that columns in `as_number` are read as numbers, and those in `as_text` as texts. Throws Error, with file, row,
  /// column and value, on a cell that does not parse or is not UTF-8.
  virtual void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                    const std::vector<std::string>& as_text, const std::function<void(const TableBatch&)>& take) const = 0;

  /// A row's place as messages name it: "nodes.csv: line 3" for CSV, where the header is line 1 and a cell may hold line
  /// ends; "nodes.parquet: row 2" for Parquet, where rows count from 1. Of a CSV file the text up to there is read again.
  std::string place(int64_t row) const { return path_ + ": " + unit() + " " + std::to_string(number_of(row)); }
  /// The same of two rows: "nodes.csv: lines 3 and 7".
  std::string places(int64_t first, int64_t second) const;

  /// The column of that name; throws Error, naming the file, `role` and the columns that the table has.
  const TableColumn& column(const std::string& name, const std::string& role) const { return columns_[index(name, role)]; }

 protected:
  explicit Table(const std::filesystem::path& path) : path_(path.string()) {}

  /// Adds the next column; throws Error where its name is not UTF-8 or is there already.
  void add_column(const std::string& name, ColumnKind kind);
  size_t index(const std::string& name, const std::string& role = "") const;
  /// The kinds to read the named columns as.
  std::vector<ColumnKind> wanted(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                                 const std::vector<std::string>& as_text) const;
  /// Throws Error on a text that is not UTF-8 or holds a NUL byte.
  void check_text(std::string_view text, int64_t row, const std::string& column) const;

  virtual const char* unit() const = 0;                ///< "line" or "row"
  virtual int64_t number_of(int64_t row) const = 0;    ///< of a row that counts from 0, as messages count

 private:
  std::string path_;
  std::vector<TableColumn> columns_;
  std::unordered_map<std::string, size_t> index_;
};

/// A text of a table for a message: in quotes, at most 60 bytes of it.
std::string quoted_text(std::string_view text);

}  // namespace graphsieve
