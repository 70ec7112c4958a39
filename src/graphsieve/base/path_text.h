// SPDX-License-Identifier: Apache-2.0
// Conversion of paths to text for JSON, YAML and HTML. These formats hold UTF-8 only, while a path is any sequence of
// bytes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "graphsieve/base/export.h"

namespace graphsieve {

/// Returns the path as UTF-8 text. A path in UTF-8 stays as it is, except that a backslash before x and two hexadecimal
/// digits becomes \x5c. A byte that is not valid UTF-8 becomes \xNN with its two hexadecimal digits.
GRAPHSIEVE_API std::string path_text(const std::filesystem::path& path);

/// Returns the path that path_text() has converted to `text`: path_of_text(path_text(path)) == path for every path.
std::filesystem::path path_of_text(std::string_view text);

}  // namespace graphsieve
