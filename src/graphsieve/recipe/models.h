// The models that a recipe may name (key `model`). Networks add themselves (nn/networks.h), so recipes know them by these
// facts alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

struct Recipe;

struct Model {
  std::string name;              ///< in recipes, such as "spexphormer"
  std::string summary;           ///< what it is, in a few words
  bool draws_edges = false;      ///< stage 1 trains an estimator, whose scores draw the edges that the network trains on
  int64_t ffn_factor = 2;        ///< default width of the FFN's hidden layer, in widths of the network
  double clamp = 0;              ///< default bound on the size of the logits; 0: none
};

/// Adds a model. Throws Error if there is one with its name.
void register_model(const Model& model);

/// All models, by name.
const std::vector<Model>& models();
std::vector<std::string> model_names();

/// Throws Error, naming the known models, if there is none with this name.
const Model& model_of(const std::string& name);

/// True if the recipe's model trains on edges that are drawn by an estimator's scores.
bool draws_edges(const Recipe& recipe);

}  // namespace graphsieve
