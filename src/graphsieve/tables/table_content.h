// SPDX-License-Identifier: Apache-2.0
// Recognition of a file by its first bytes, for messages about a file that is not a table of the kind that its name
// says.
#pragma once

#include <string>
#include <string_view>

namespace graphsieve {

/// Number of bytes at the beginning of a file that the functions below examine.
constexpr size_t kContentBytes = 64 << 10;

/// Returns what is wrong with the beginning of a file that should be a CSV text whose cells are separated by
/// `delimiter`. The result is a sentence without the name of the file that says what to do, or "" if nothing is wrong.
std::string not_csv(std::string_view head, char delimiter);

/// Returns what other kind of file begins with these bytes, and what to do: "holds gzip data; name it .csv.gz, …".
/// Returns "" if no known kind begins with them.
std::string other_content(std::string_view head);

}  // namespace graphsieve
