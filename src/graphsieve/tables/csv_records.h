// SPDX-License-Identifier: Apache-2.0
// The records of a CSV text, and the lines of the file on which they begin. Readers count records, but users count
// lines. The two numbers differ if a cell in quotes has line ends, or if lines are empty.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace graphsieve {

/// Returns the next block of the text on each call, and an empty view at the end of the text.
using CsvBlocks = std::function<std::string_view()>;

/// Returns the line, counted from 1, on which a record begins. `record` counts from 0 and includes the header; empty
/// lines are not records. Returns nullopt if the text has fewer records.
std::optional<int64_t> line_of_record(const CsvBlocks& blocks, char delimiter, int64_t record);

/// Returns the line, counted from 1, on which a cell begins whose quote is never closed, or nullopt if there is none.
std::optional<int64_t> line_of_open_quote(const CsvBlocks& blocks, char delimiter);

}  // namespace graphsieve
