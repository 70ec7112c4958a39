// Classes of one data set as another one numbers them.
#pragma once

#include <string>
#include <vector>

#include "graphsieve/data/dataset.h"

namespace graphsieve {

/// Gives the data's labels the numbers that their classes have in `names`, the classes that a network was trained on: the
/// data may hold fewer classes, in another order. Throws Error if the data has a class that `names` lacks; of several
/// labels per node, if the names are not the same in the same order.
void match_classes(Dataset& data, const std::vector<std::string>& names);

}  // namespace graphsieve
