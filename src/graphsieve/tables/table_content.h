// What a file holds by its first bytes, for a message where that is no table of the kind that its name says.
#pragma once

#include <string>
#include <string_view>

namespace graphsieve {

/// Bytes at the beginning of a file that the functions below look at.
constexpr size_t kContentBytes = 64 << 10;

/// What is wrong with the beginning of a file that should be a CSV text with cells separated by `delimiter`, as a
/// sentence without the file's name that says what to do; "" if nothing is.
std::string not_csv(std::string_view head, char delimiter);

/// What another kind of file begins with these bytes, and what to do: "holds gzip data; name it .csv.gz, …"; "" if none
/// that is known.
std::string other_content(std::string_view head);

}  // namespace graphsieve
