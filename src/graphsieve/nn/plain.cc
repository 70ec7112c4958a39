// SPDX-License-Identifier: Apache-2.0
// The plain transformer (paper 2): logit = (q·k)/√d, whatever the edge's type.
#include "graphsieve/nn/networks.h"

namespace graphsieve::nn {
namespace {

const RegisteredNetwork plain({
    .model = {.name = "plain", .summary = "one network on all edges, without edge types", .ffn_factor = 1},
    .form = {.root_width = true},
});

}  // namespace
}  // namespace graphsieve::nn
