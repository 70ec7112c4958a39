// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/known_datasets.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/recipe/recipe_check.h"
#include "terminal.h"

namespace graphsieve {
namespace {

/// Prints the known data sets and the published recipes.
void print_datasets() {
  print_text("Data sets that are recognised, by file name and contents:\n");
  print_text("{:<16} {:<16} {:>9} {:>9} {:>8}  {:<9} {}\n", "name", "recipe", "nodes", "features", "classes", "metric",
             "origin");
  for (const KnownDataset& known : known_datasets()) {
    print_text("{:<16} {:<16} {:>9} {:>9} {:>8}  {:<9} {}\n", known.name, known.recipe, known.nodes, known.features,
               known.classes, known.metric, known.origin);
  }
  print_text("\nRecipes:\n{:<16} {:<12} {:>6} {:>6} {:>6}  {}\n", "name", "model", "layers", "width", "heads", "k");
  for (const EmbeddedRecipe& embedded : embedded_recipes()) {
    Recipe recipe = load_recipe(embedded.name);
    resolve_recipe(recipe);
    const NetworkRecipe& net = recipe.network;
    const std::string k = draws_edges(recipe) ? fmt::format("{}", fmt::join(net.k, "-")) : "-";
    print_text("{:<16} {:<12} {:>6} {:>6} {:>6}  {}\n", embedded.name, recipe.model, net.layers, net.width, net.heads,
               k);
  }
}

}  // namespace

void add_datasets_command(Program& program) {
  CLI::App* command = program.app.add_subcommand("datasets", "List the known data sets and the published recipes");
  command->footer("Example:\n  graphsieve datasets");
  command->callback([&program] { program.action = print_datasets; });
}

}  // namespace graphsieve
