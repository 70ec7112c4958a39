// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/dataset.h"

namespace graphsieve {

const char* label_kind_name(LabelKind kind) {
  return kind == LabelKind::kClasses ? "single" : kind == LabelKind::kSeveral ? "multi" : "numbers";
}

const char* label_kind_words(LabelKind kind) {
  return kind == LabelKind::kClasses   ? "one class per node"
         : kind == LabelKind::kSeveral ? "several labels per node"
                                       : "numbers to predict";
}

}  // namespace graphsieve
