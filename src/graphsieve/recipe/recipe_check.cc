// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/recipe_check.h"

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/metric.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/recipe/recipe_value.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

/// True if a number, or every number of a list, is in the key's range. A list must not be empty.
bool in_range(const RecipeKey& key, const RecipeValue& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return key.range.holds(static_cast<double>(*whole));
  if (const auto* number = std::get_if<double>(&value)) return key.range.holds(*number);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    const auto holds = [&](int64_t whole) { return key.range.holds(static_cast<double>(whole)); };
    return !list->empty() && std::all_of(list->begin(), list->end(), holds);
  }
  return true;
}

/// Throws Error if the value of one key is not allowed.
void check_key(const RecipeKey& key, const Recipe& recipe) {
  const RecipeValue value = key.get(recipe);
  const std::string shown = write_value(value, true);
  if (!key.words.empty()) {
    const bool known = std::count(key.words.begin(), key.words.end(), shown) > 0;
    if (!known)
      throw Error(key.name, " is '", shown, "'; expected one of ", key.allowed(), did_you_mean(shown, key.words));
  } else if (!in_range(key, value)) {
    throw Error(key.name, " is ", shown, "; expected ", key.type(), " ", key.range.text());
  }
}

/// Throws Error if training and validation take more than all nodes, or if values need validation nodes without any.
void check_data(const DataRecipe& data) {
  if (data.metric != "auto") metric_named(data.metric);
  threshold_rule(data.threshold);
  if (data.train_fraction + data.val_fraction > 1 + 1e-12) {
    throw Error("data.train_fraction + data.val_fraction is ", data.train_fraction + data.val_fraction,
                "; expected at most 1, the rest being test nodes");
  }
  if (data.validation != "none") return;
  if (threshold_rule(data.threshold).on_validation())
    throw Error("data.threshold is ", data.threshold,
                ", which is chosen on the validation nodes, and data.validation is none");
  if (data.calibration != "none")
    throw Error("data.calibration is ", data.calibration,
                ", which is fitted to the validation nodes, and data.validation is none");
}

/// Throws Error if the recipe leaves out all three kinds of edges of the attention graph.
void check_graph(const GraphRecipe& graph) {
  if (!graph.graph_edges && !graph.expander_edges && !graph.self_loops) {
    throw Error("graph.graph_edges, graph.expander_edges and graph.self_loops are all false; expected one to be true");
  }
}

/// Throws Error unless the heads divide the widths and the widths suit the form. Only a compressed network may have
/// widths of its own; if it has both, network.width need not be a multiple of the heads.
void check_network(const NetworkRecipe& network) {
  const auto multiple = [&](const char* key, int64_t width) {
    if (width % network.heads != 0)
      throw Error(key, " is ", width, ", network.heads is ", network.heads,
                  "; expected a width that is a multiple of heads");
  };
  const bool compressed = network.form == "compressed";
  if (!compressed || network.key_width == 0 || network.value_width == 0) multiple("network.width", network.width);
  multiple("network.key_width", network.key_width);
  multiple("network.value_width", network.value_width);
  const auto standard_only = [&](const char* key, const char* value, bool other) {
    if (other && network.form != "standard")
      throw Error(key, " is ", value, ", network.form is ", network.form, "; expected network.form to be standard");
  };
  standard_only("network.attention", network.attention.c_str(), network.attention != "model");
  standard_only("network.ffn", "false", !network.ffn);
  standard_only("network.activation", "relu", network.activation != "none");
  const auto as_width = [&](const char* key, int64_t width) {
    if (!compressed && width != 0 && width != network.width)
      throw Error(key, " is ", width, ", network.width is ", network.width,
                  "; expected the same where network.form is ", network.form);
  };
  as_width("network.value_width", network.value_width);
  as_width("network.first_width", network.first_width);
  as_width("network.outer_width", network.outer_width);
}

/// Throws Error unless every layer has a k, and scores of the estimator.
void check_sampling(const Recipe& recipe) {
  const int64_t layers = recipe.network.layers;
  if (static_cast<int64_t>(recipe.network.k.size()) != layers) {
    throw Error("network.k is ", write_value(recipe.network.k, false), ", network.layers is ", layers,
                "; expected one number per layer, or a single number for all");
  }
  if (layers > recipe.estimator.layers) {
    throw Error("network.layers is ", layers, ", estimator.layers is ", recipe.estimator.layers,
                "; expected no more layers than the estimator gives scores for");
  }
}

/// Throws Error if the weights of GCN, which need the in-edges of all nodes, are asked of a network that sees a part of
/// the graph in a step.
void check_gcn(const Recipe& recipe) {
  if (recipe.network.attention != "gcn") return;
  if (draws_edges(recipe))
    throw Error("network.attention is gcn, but model is ", recipe.model,
                ", which draws edges for the nodes of a step; expected model plain or exphormer");
  if (recipe.network.batch_size > 0)
    throw Error("network.attention is gcn, network.batch_size is ", recipe.network.batch_size,
                "; expected 0: the weights of GCN need the in-edges of all nodes");
}

/// Throws Error if epsilon or several draws are set for a model that does not sample edges.
void check_draws(const Recipe& recipe) {
  if (recipe.network.eval_draws > 1 && !draws_edges(recipe))
    throw Error("network.eval_draws is ", recipe.network.eval_draws, ", but model is ", recipe.model,
                ", which draws no edges; expected 1, or model spexphormer");
  if (recipe.network.epsilon > 0 && !draws_edges(recipe))
    throw Error("network.epsilon is ", recipe.network.epsilon, ", but model is ", recipe.model,
                ", which draws no edges; expected 0, or model spexphormer");
}

}  // namespace

void resolve_recipe(Recipe& recipe) {
  std::vector<int64_t>& k = recipe.network.k;
  const int64_t layers = recipe.network.layers;
  const RecipeKey* key = find_recipe_key("network.layers");
  // A number of layers out of range is left for check_recipe() to report; a list of that length could be too large to
  // make.
  if (k.size() == 1 && key->range.holds(static_cast<double>(layers)))
    k.assign(static_cast<size_t>(layers), int64_t{k[0]});
}

void check_recipe(const Recipe& recipe) {
  // Single keys come first. The checks of several keys rely on their ranges: they divide by the number of heads, for
  // example, which must not be 0.
  for (const RecipeKey& key : recipe_keys()) check_key(key, recipe);
  check_data(recipe.data);
  check_graph(recipe.graph);
  check_network(recipe.network);
  if (draws_edges(recipe)) check_sampling(recipe);
  check_draws(recipe);
  check_gcn(recipe);
}

}  // namespace graphsieve
