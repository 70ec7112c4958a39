// SPDX-License-Identifier: Apache-2.0
// Tables in files, which are read batch by batch: CSV (.csv, .tsv, also .gz, .bz2, .zst) and Parquet (.parquet).
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

enum class ColumnKind { kInteger, kNumber, kText };  // a truth value is an integer 0 or 1

struct TableColumn {
  std::string name;
  ColumnKind kind;
};

/// The rows [first_row, first_row + rows) of the requested columns. One of the three value lists of a column is filled.
struct TableBatch {
  struct Values {
    ColumnKind kind = ColumnKind::kNumber;
    std::vector<int64_t> integers;
    std::vector<double> numbers;
    std::vector<std::string_view> texts;  ///< UTF-8 without NUL; valid until the next batch
    std::vector<uint8_t> missing;         ///< 1 if the cell is empty or has an empty text
    std::shared_ptr<const void> owner;    ///< owns the memory of the texts
  };
  int64_t first_row = 0, rows = 0;  ///< rows count from 0, without the header
  std::vector<Values> columns;
};

/// A table in a file. The time and memory of every function are proportional to the number of cells, however many
/// columns they are in.
class Table {
 public:
  /// Opens a table by its file name's extension. Without a header, the columns of a CSV file are named f0, f1, … Throws
  /// Error, beginning with the path, if the file is missing, has an unknown extension or other content than its name
  /// says.
  static std::unique_ptr<Table> open(const std::filesystem::path& path, bool header = true);
  virtual ~Table() = default;

  const std::string& path() const { return path_; }
  const std::vector<TableColumn>& columns() const { return columns_; }

  /// Reads the named columns of the whole table and calls `take` with each batch; a column may be named more than once.
  /// Columns in `as_number` are read as numbers, columns in `as_text` as texts, and all others as their own kind.
  /// Throws Error, with file, row, column and value, if a cell cannot be parsed or is not UTF-8.
  virtual void read(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                    const std::vector<std::string>& as_text,
                    const std::function<void(const TableBatch&)>& take) const = 0;

  /// Returns the position of a row for messages: "nodes.csv: line 3" in CSV, where the header is line 1 and a cell may
  /// contain line ends; "nodes.parquet: row 2" in Parquet, where rows count from 1. For a CSV file, the text up to the
  /// row is read again.
  std::string place(int64_t row) const { return path_ + ": " + unit() + " " + std::to_string(number_of(row)); }
  /// Returns the position of two rows: "nodes.csv: lines 3 and 7".
  std::string places(int64_t first, int64_t second) const;

  /// Returns the column of that name. Throws Error, naming the file, `role` and the columns of the table, if there is
  /// none.
  const TableColumn& column(const std::string& name, const std::string& role) const {
    return columns_[index(name, role)];
  }

 protected:
  explicit Table(const std::filesystem::path& path) : path_(path.string()) {}

  /// Adds the next column. Throws Error if its name is not UTF-8 or exists already.
  void add_column(const std::string& name, ColumnKind kind);
  /// Returns the index of a column. Throws Error as column() does.
  size_t index(const std::string& name, const std::string& role = "") const;
  /// Returns the kinds as which the named columns are to be read.
  std::vector<ColumnKind> wanted(const std::vector<std::string>& names, const std::vector<std::string>& as_number,
                                 const std::vector<std::string>& as_text) const;
  /// Throws Error if a text is not UTF-8 or has a NUL byte.
  void check_text(std::string_view text, int64_t row, const std::string& column) const;

  virtual const char* unit() const = 0;              ///< "line" or "row"
  virtual int64_t number_of(int64_t row) const = 0;  ///< number of a row in messages; `row` counts from 0

 private:
  std::string path_;
  std::vector<TableColumn> columns_;
  std::unordered_map<std::string, size_t> index_;
};

/// Returns a text of a table for a message: in quotes, at most 60 bytes of it.
std::string quoted_text(std::string_view text);

}  // namespace graphsieve
