// SPDX-License-Identifier: Apache-2.0
#include "outputs.h"

#include "commands.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

void require_other(const NamedPath& output, const NamedPath& other) {
  if (output.path.empty() || other.path.empty() || !same_place(output.path, other.path)) return;
  throw UsageError(output.name, " ", shown_path(output.path), ": is ", other.name, " as well; expected another name");
}

}  // namespace

void require_distinct(const std::vector<NamedPath>& outputs, const std::vector<NamedPath>& inputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) require_other(outputs[i], outputs[j]);
    for (const NamedPath& input : inputs)
      if (!input.path.empty() && path_exists(input.path)) require_other(outputs[i], input);  // else a name
  }
}

}  // namespace graphsieve
