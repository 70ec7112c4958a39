// SPDX-License-Identifier: Apache-2.0
// The results of the decisions that the functions of train/policy.h take.
#pragma once

#include <cstdint>

namespace graphsieve {

/// The decision how a stage makes its batches.
struct BatchDecision {
  bool draws_whole = false;  ///< true: edges are drawn for all nodes at the beginning of an epoch, not for each batch
  int64_t batches_per_call = 1;  ///< number of batches whose features are read in one pass over the file of features
};

/// The decision how nodes are evaluated.
struct EvaluationDecision {
  int64_t nodes_per_list = 0;  ///< 0: the whole graph, layer by layer; n: n nodes at a time, with their neighbourhoods
  int64_t lists_per_call = 1;  ///< number of lists of nodes whose features are read in one pass
};

}  // namespace graphsieve
