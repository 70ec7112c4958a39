// SPDX-License-Identifier: Apache-2.0
// The registry of networks. A network is one file in this folder, which adds a NetworkKind:
//
//   const RegisteredNetwork plain({{.name = "plain", .summary = "…", .ffn_factor = 1}, {.root_width = true}});
//
// All other parts of the program ask the registry: recipes (key `model`), shapes, planning, compression, norms,
// explanation, Python.
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

/// A network of the registry.
struct NetworkKind {
  Model model;             ///< properties that recipes know; the registry sets model.clamp from `form`
  AttentionForm form;      ///< form of the attention logits
  bool in_recipes = true;  ///< false for the estimator, which a recipe cannot choose
  /// Makes a block of the network. An empty function stands for the standard block (nn/block.h).
  std::function<std::shared_ptr<BlockImpl>(const TransformerShape&)> block = {};

  const std::string& name() const { return model.name; }
};

/// An entry of the registry. Its constructor adds the network, before main() begins, and throws Error if a network with
/// the same name exists.
struct RegisteredNetwork {
  explicit RegisteredNetwork(const NetworkKind& kind);
};

/// Returns the network of that name. Throws Error if there is none.
const NetworkKind& network_kind(const std::string& name);

/// Returns all networks, sorted by name.
const std::vector<NetworkKind>& network_kinds();

/// Returns the registry as a list of JSON objects: name, summary, in_recipes, draws_edges, ffn_factor, and the form of
/// the attention logits: scale ("none", "per_channel", "summed"), type_bias, root_width, unit_values and clamp (null:
/// none).
nlohmann::json networks_json();

}  // namespace graphsieve::nn
