// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/dataset.h"

namespace graphsieve {

const char* label_kind_name(LabelKind kind) {
  return kind == LabelKind::kClasses ? "single" : kind == LabelKind::kSeveral ? "multi" : "numbers";
}

std::optional<LabelKind> label_kind_named(const std::string& name) {
  for (const LabelKind kind : {LabelKind::kClasses, LabelKind::kSeveral, LabelKind::kNumbers})
    if (name == label_kind_name(kind)) return kind;
  return std::nullopt;
}

const char* label_kind_words(LabelKind kind) {
  return kind == LabelKind::kClasses   ? "one class per node"
         : kind == LabelKind::kSeveral ? "several labels per node"
                                       : "numbers to predict";
}

}  // namespace graphsieve
