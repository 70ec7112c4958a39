// SPDX-License-Identifier: Apache-2.0
// The models that recipes may name, for harnesses that are built without the networks, which add themselves.
#pragma once

#include "graphsieve/recipe/models.h"

namespace graphsieve::fuzz {

inline const bool has_models = [] {
  register_model({.name = "spexphormer", .summary = "", .draws_edges = true, .clamp = 8});
  register_model({.name = "exphormer", .summary = "", .clamp = 5});
  register_model({.name = "plain", .summary = "", .ffn_factor = 1});
  return true;
}();

}  // namespace graphsieve::fuzz
