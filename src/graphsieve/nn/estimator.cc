// SPDX-License-Identifier: Apache-2.0
// The estimator of attention scores (Spexphormer, arXiv 2411.16278): logit = ((q·k)/√d · Σ_c E1_t[c] + E2_t) / τ,
// clamped. The values have unit length and are multiplied by one learned number.
#include "graphsieve/nn/networks.h"

namespace graphsieve::nn {
namespace {

const RegisteredNetwork estimator({
    .model = {.name = "estimator", .summary = "the narrow network whose attention is the score of each edge"},
    .form = {.scale = TypeScale::kSummed, .type_bias = true, .root_width = true, .unit_values = true, .clamp = 8},
    .in_recipes = false,
});

}  // namespace
}  // namespace graphsieve::nn
