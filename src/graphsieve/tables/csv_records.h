// The records of a CSV text and the lines of the file where they begin: readers count records, users count lines. The
// two differ where a cell in quotes holds line ends, and where lines are empty.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace graphsieve {

/// Gives the text block by block, and an empty view at its end.
using CsvBlocks = std::function<std::string_view()>;

/// Line, counted from 1, on which the record with that number begins; records count from 0, and the header is one.
/// Empty lines are no records. nullopt if the text has fewer records.
std::optional<int64_t> line_of_record(const CsvBlocks& blocks, char delimiter, int64_t record);

/// Line, counted from 1, on which a cell begins that is opened by a quote and never closed; nullopt if there is none.
std::optional<int64_t> line_of_open_quote(const CsvBlocks& blocks, char delimiter);

}  // namespace graphsieve
