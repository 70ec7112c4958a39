// SPDX-License-Identifier: Apache-2.0
// CSV files as tables. Arrow's block parser finds the cells and removes their quotes.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "graphsieve/tables/table.h"

namespace graphsieve {

/// Opens a CSV file. `packing` is its compression: ".gz", ".bz2", ".zst" or "" for none. Throws Error as Table::open()
/// does, and if two of the characters of `form` are the same.
std::unique_ptr<Table> open_csv_table(const std::filesystem::path& path, const TableForm& form,
                                      const std::string& packing);

}  // namespace graphsieve
