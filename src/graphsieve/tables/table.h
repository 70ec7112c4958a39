// SPDX-License-Identifier: Apache-2.0
// Tables in files, which are read batch by batch: CSV (.csv, .tsv, also .gz, .bz2, .zst) and Parquet (.parquet).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace graphsieve {

/// The kind of a column's values.
enum class ColumnKind {
  kInteger,    ///< integers of 64 bits
  kTruth,      ///< true and false, as the integers 1 and 0
  kNumber,     ///< numbers
  kText,       ///< texts
  kDate,       ///< dates with or without a time: numbers of days since 1970-01-01 00:00 (UTC where a zone is given)
  kTimeOfDay,  ///< times of a day: numbers of hours since midnight
  kDuration,   ///< lengths of time: numbers of days
  kList,       ///< lists of numbers, all of one length
};

/// Returns the days since 1970-01-01 of a date in ISO 8601, with or without a time and a zone, or nothing for another
/// text.
std::optional<double> date_in(std::string_view text);

/// Returns what a value of this kind is, for messages: "an integer of 64 bits", "a date".
const char* kind_name(ColumnKind kind);

struct TableColumn {
  std::string name;
  ColumnKind kind = ColumnKind::kNumber;
  int64_t length = 0;  ///< kList: numbers per row; 0 if find_kinds() has not found it
  /// True if the cells are integers that other software would not return unchanged: they have leading zeros, or need
  /// more than 64 bits. As ids they are texts.
  bool digits_matter = false;
};

/// A column to read, and the kind of value to read it as; absent: the column's own kind.
struct WantedColumn {
  std::string name;
  std::optional<ColumnKind> kind = {};
};

/// How the cells of a text file are written.
struct TableForm {
  bool header = true;                ///< the first record has the names of the columns
  char delimiter = 0;                ///< between two cells; 0: a tab in .tsv, a comma otherwise
  char decimal = '.';                ///< before the fraction of a number
  char thousands = 0;                ///< between groups of three digits of a number; 0: none
  std::vector<std::string> missing;  ///< texts of cells that count as missing, beside the empty cell (in every format)
};

/// The rows [first_row, first_row + rows) of the requested columns. One of the three value lists of a column is filled.
struct TableBatch {
  struct Values {
    ColumnKind kind = ColumnKind::kNumber;
    std::vector<int64_t> integers;        ///< kInteger, kTruth
    std::vector<double> numbers;          ///< kNumber, kDate, kTimeOfDay, kDuration; kList: the lists one after another
    std::vector<std::string_view> texts;  ///< kText: UTF-8 without NUL; valid until the next batch
    std::vector<uint8_t> missing;         ///< 1 if the cell is empty, has an empty text or a text of TableForm::missing
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
  /// says. The columns of a CSV file have the kinds of its first rows until find_kinds() is called.
  static std::unique_ptr<Table> open(const std::filesystem::path& path, const TableForm& form = {});
  virtual ~Table() = default;

  const std::string& path() const { return path_; }
  const std::vector<TableColumn>& columns() const { return columns_; }

  /// True if the table has a column of that name.
  bool has(const std::string& name) const { return index_.contains(name); }

  /// Finds the kinds of the named columns from all of their rows, and the length of lists. Reads the table once if its
  /// format does not say the kinds. `beat` is called after each batch and may throw to stop. Throws Error if the lists
  /// of a column differ in length.
  virtual void find_kinds(const std::vector<std::string>& names, const std::function<void()>& beat) = 0;

  /// Reads the columns over the whole table and calls `take` with each batch; a column may be named more than once.
  /// Throws Error, with file, row, column and value, if a cell cannot be read as the wanted kind or is not UTF-8.
  virtual void read(const std::vector<WantedColumn>& columns,
                    const std::function<void(const TableBatch&)>& take) const = 0;

  /// True if the text of a cell is a number as this table writes numbers.
  virtual bool is_number(std::string_view text) const;

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
  Table(const std::filesystem::path& path, TableForm form) : path_(path.string()), form_(std::move(form)) {}

  const TableForm& form() const { return form_; }
  /// Adds the next column. Throws Error if its name is not UTF-8 or exists already.
  void add_column(TableColumn column);
  /// Returns a column, to change its kind.
  TableColumn& column_at(size_t index) { return columns_[index]; }
  /// Returns the index of a column. Throws Error as column() does.
  size_t index(const std::string& name, const std::string& role = "") const;
  /// True if the text of a cell counts as missing.
  bool counts_as_missing(std::string_view text) const { return text.empty() || missing_.contains(text); }
  /// Throws Error if a text is not UTF-8 or has a NUL byte.
  void check_text(std::string_view text, int64_t row, const std::string& column) const;

  virtual const char* unit() const = 0;              ///< "line" or "row"
  virtual int64_t number_of(int64_t row) const = 0;  ///< number of a row in messages; `row` counts from 0

 private:
  std::string path_;
  TableForm form_;
  std::unordered_set<std::string_view> missing_{form_.missing.begin(), form_.missing.end()};
  std::vector<TableColumn> columns_;
  std::unordered_map<std::string, size_t> index_;
};

/// Returns a text of a table for a message: in quotes, at most 60 bytes of it.
std::string quoted_text(std::string_view text);

}  // namespace graphsieve
