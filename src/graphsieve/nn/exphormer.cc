// SPDX-License-Identifier: Apache-2.0
// Exphormer, the full wide network (Shirzad et al. 2023): logit = Σ_c q[c] k[c] E_t[c] / √d, clamped.
#include "graphsieve/nn/networks.h"

namespace graphsieve::nn {
namespace {

const RegisteredNetwork exphormer({
    .model = {.name = "exphormer", .summary = "one network on all edges, whose logits know the edge's type"},
    .form = {.scale = TypeScale::kPerChannel, .root_width = true, .clamp = 5},
});

}  // namespace
}  // namespace graphsieve::nn
