// SPDX-License-Identifier: Apache-2.0
// The plain transformer: logit = (q·k)/√d, independent of the edge's type ("A Theory for Compressibility of Graph
// Transformers for Transductive Learning").
#include "graphsieve/nn/networks.h"

namespace graphsieve::nn {
namespace {

const RegisteredNetwork plain({
    .model = {.name = "plain", .summary = "one network on all edges, without edge types", .ffn_factor = 1},
    .form = {.root_width = true},
});

}  // namespace
}  // namespace graphsieve::nn
