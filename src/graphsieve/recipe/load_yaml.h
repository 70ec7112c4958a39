// YAML text as nodes, with bounds that keep every later walk over the nodes short and finite.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace graphsieve {

/// The one document of a YAML text. Throws Error, its message beginning with `where` and a line's number, on text that
/// is not YAML or not UTF-8, on a second document, on an alias inside what it refers to, on nesting deeper than 16, on
/// more than 10,000 values (each alias counts as many as it stands for) and on tags of other languages.
YAML::Node load_yaml(const std::string& text, const std::string& where);

}  // namespace graphsieve
