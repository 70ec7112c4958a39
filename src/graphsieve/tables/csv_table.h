// SPDX-License-Identifier: Apache-2.0
// CSV files as tables. Arrow's block parser finds the cells and removes their quotes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "graphsieve/tables/table.h"

namespace graphsieve {

/// The form of a CSV file.
struct CsvForm {
  char delimiter;
  std::string packing;  ///< compression: ".gz", ".bz2" or ".zst"; "": none
  bool header;          ///< the first record has the names of the columns
};

/// Opens a CSV file. Throws Error as Table::open() does.
std::unique_ptr<Table> open_csv_table(const std::filesystem::path& path, const CsvForm& form);

}  // namespace graphsieve
