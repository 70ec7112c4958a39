// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/models.h"

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/recipe/recipe.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

std::vector<Model>& table() {
  static std::vector<Model> all;
  return all;
}

std::vector<Model>::iterator find_model(const std::string& name) {
  return std::find_if(table().begin(), table().end(), [&](const Model& model) { return model.name == name; });
}

}  // namespace

void register_model(const Model& model) {
  if (find_model(model.name) != table().end()) throw Error("there are two models called '", model.name, "'");
  const auto at = std::find_if(table().begin(), table().end(), [&](const Model& m) { return m.name > model.name; });
  table().insert(at, model);
}

const std::vector<Model>& models() { return table(); }

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Model& model : table()) names.push_back(model.name);
  return names;
}

const Model& model_of(const std::string& name) {
  const auto found = find_model(name);
  if (found != table().end()) return *found;
  throw Error("model is '", name, "', expected ", join_words(model_names()), did_you_mean(name, model_names()));
}

bool draws_edges(const Recipe& recipe) { return model_of(recipe.model).draws_edges; }

}  // namespace graphsieve
