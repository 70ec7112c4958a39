// SPDX-License-Identifier: Apache-2.0
// The registry of networks. A network is one file in this folder, which adds a NetworkKind:
//
//   const RegisteredNetwork plain({{.name = "plain", .summary = "…", .ffn_factor = 1}, {.root_width = true}});
//
// Everything else asks the registry: recipes (key `model`), shapes, planning, compression, norms, explanation, Python.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "graphsieve/nn/attention_form.h"
#include "graphsieve/recipe/models.h"

namespace graphsieve::nn {

class BlockImpl;
struct TransformerShape;

struct NetworkKind {
  Model model;  ///< what recipes know; its clamp is taken from `form`
  AttentionForm form;
  bool in_recipes = true;  ///< false: the estimator, which a recipe does not choose
  /// Makes a block of the network; empty: the standard block (nn/block.h).
  std::function<std::shared_ptr<BlockImpl>(const TransformerShape&)> block = {};

  const std::string& name() const { return model.name; }
};

/// Adds a network before main() begins.
struct RegisteredNetwork {
  explicit RegisteredNetwork(const NetworkKind& kind);
};

/// Throws Error if there is no network with this name.
const NetworkKind& network_kind(const std::string& name);

/// All networks, by name.
const std::vector<NetworkKind>& network_kinds();

/// The registry as a list of JSON objects: name, summary, in_recipes, draws_edges, ffn_factor; and the form of the
/// attention: scale ("none", "per_channel", "summed"), type_bias, root_width, unit_values, clamp (null: none).
nlohmann::json networks_json();

}  // namespace graphsieve::nn
