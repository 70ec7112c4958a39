// SPDX-License-Identifier: Apache-2.0
// Parquet files as tables, read by Arrow.
#pragma once

#include <filesystem>
#include <memory>

#include "graphsieve/tables/table.h"

namespace graphsieve {

/// Opens a Parquet file. Throws Error as Table::open() does.
std::unique_ptr<Table> open_parquet_table(const std::filesystem::path& path, const TableForm& form);

}  // namespace graphsieve
