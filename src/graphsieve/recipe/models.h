// SPDX-License-Identifier: Apache-2.0
// The models that a recipe can name (key `model`). Networks register themselves (nn/networks.h), so recipes know only
// these properties of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

struct Recipe;

/// A model and its properties.
struct Model {
  std::string name;          ///< name in recipes, such as "spexphormer"
  std::string summary;       ///< description in a few words
  bool draws_edges = false;  ///< stage 1 trains an estimator, by whose scores the network's edges are drawn
  int64_t ffn_factor = 2;    ///< default width of the FFN's hidden layer, as a multiple of the network's width
  double clamp = 0;          ///< default bound on the size of the logits; 0: none
};

/// Adds a model. Throws Error if a model with its name exists.
void register_model(const Model& model);

/// Returns all models, sorted by name.
const std::vector<Model>& models();
std::vector<std::string> model_names();

/// Returns the model of that name. Throws Error, listing the known models, if there is none.
const Model& model_of(const std::string& name);

/// True if the recipe's model trains on edges that are drawn by an estimator's scores.
bool draws_edges(const Recipe& recipe);

}  // namespace graphsieve
