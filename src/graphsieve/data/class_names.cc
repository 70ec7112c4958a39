// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/class_names.h"

#include <algorithm>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

constexpr size_t kListedClasses = 10;  ///< most names of classes in a message

}  // namespace

void check_distinct(const std::vector<std::string>& names, const std::string& where, const std::string& what) {
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    throw Error(where, ": ", what, " '", *twice, "' is named twice, expected a name of its own for each ", what);
}

void match_classes(Dataset& data, const std::vector<std::string>& names) {
  const auto listed = [](const std::vector<std::string>& all) {
    std::string text;
    for (size_t i = 0; i < std::min(all.size(), kListedClasses); ++i) text += str(i ? ", " : "", all[i]);
    return all.size() > kListedClasses ? text + ", …" : text;
  };
  if (!data.labels.one_class() && data.class_names != names)
    throw Error(data.source, ": its labels are ", listed(data.class_names), ", the run was trained on ", listed(names));
  std::vector<int32_t> number;
  for (const std::string& name : data.class_names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Error(data.source, ": class '", name, "' is none of those that the run was trained on: ", listed(names));
    number.push_back(static_cast<int32_t>(found - names.begin()));
  }
  for (int32_t& label : data.labels.single)
    if (label >= 0) label = number[static_cast<size_t>(label)];
}

}  // namespace graphsieve
