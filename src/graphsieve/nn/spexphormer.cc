// SPDX-License-Identifier: Apache-2.0
// Spexphormer, the sparse wide network (arXiv 2411.16278): logit = Σ_c q[c] k[c] E1_t[c] + E2_t, clamped, without √d.
#include "graphsieve/nn/networks.h"

namespace graphsieve::nn {
namespace {

const RegisteredNetwork spexphormer({
    .model = {.name = "spexphormer",
              .summary = "an estimator, then a network on edges that are drawn by the estimator's scores",
              .draws_edges = true},
    .form = {.scale = TypeScale::kPerChannel, .type_bias = true, .clamp = 8},
});

}  // namespace
}  // namespace graphsieve::nn
