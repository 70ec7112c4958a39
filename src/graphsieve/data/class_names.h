// SPDX-License-Identifier: Apache-2.0
// Names of classes and edge types: each one names one thing, and the classes of a data set can be renumbered as another
// data set numbers them.
#pragma once

#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Throws Error, beginning with `where`, if a name occurs twice. `what` says what the names name: "class".
void check_distinct(const std::vector<std::string>& names, const std::string& where, const std::string& what);

/// Replaces each label by the number that its class has in `names`, the classes that a network was trained on. The data
/// may have fewer classes, in another order. Throws Error if the data has a class that is not in `names` or, with
/// several labels per node, if the names are not the same in the same order.
void match_classes(Dataset& data, const std::vector<std::string>& names);

}  // namespace graphsieve
