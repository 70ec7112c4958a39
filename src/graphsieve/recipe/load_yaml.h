// SPDX-License-Identifier: Apache-2.0
// Parsing of YAML text with limits that keep every later traversal of the nodes short and finite.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace graphsieve {

/// Parses the only document of a YAML text. Throws Error, beginning with `where` and the number of a line, if the text
/// is not YAML or not UTF-8, has a second document, has an alias inside the value that it refers to, nests deeper than
/// 16, has more than 10,000 values (an alias counts as many values as it stands for), or has a tag of another language.
YAML::Node load_yaml(const std::string& text, const std::string& where);

}  // namespace graphsieve
