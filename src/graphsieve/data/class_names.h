// SPDX-License-Identifier: Apache-2.0
// Renumbering of the classes of one data set as another data set numbers them.
#pragma once

#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Replaces each label by the number that its class has in `names`, the classes that a network was trained on. The data
/// may have fewer classes, in another order. Throws Error if the data has a class that is not in `names` or, with
/// several labels per node, if the names are not the same in the same order.
void match_classes(Dataset& data, const std::vector<std::string>& names);

}  // namespace graphsieve
