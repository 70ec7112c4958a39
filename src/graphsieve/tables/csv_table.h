// CSV files as tables, delimited and unquoted by Arrow's block parser.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "graphsieve/tables/table.h"

namespace graphsieve {

struct CsvForm {
  char delimiter;
  std::string packing;  ///< ".gz", ".bz2" or ".zst"; "" = the file is not compressed
  bool header;          ///< the first record holds the names of the columns
};

/// Throws Error as Table::open.
std::unique_ptr<Table> open_csv_table(const std::filesystem::path& path, const CsvForm& form);

}  // namespace graphsieve
