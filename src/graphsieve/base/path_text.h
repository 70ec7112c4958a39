// Paths in JSON, YAML and HTML, which hold UTF-8 alone, while a path is any sequence of bytes.
//
//   path_text("runs/caf\xe9") == "runs/caf\\xe9",  path_of_text("runs/caf\\xe9") == "runs/caf\xe9"
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace graphsieve {

/// The path as UTF-8 text. A path of UTF-8 stays as it is, but that a backslash before x and two hexadecimal digits
/// becomes \x5c. A byte that does not belong to UTF-8 becomes \xNN with its two hexadecimal digits.
std::string path_text(const std::filesystem::path& path);

/// The path whose text is given: path_of_text(path_text(path)) == path for every path.
std::filesystem::path path_of_text(std::string_view text);

}  // namespace graphsieve
