// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/recipe_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/recipe/models.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

/// The ranges of the keys below.
Range at_least(double low) { return {.low = low}; }
Range above(double low) { return {.low = low, .low_open = true}; }
Range between(double low, double high) { return {.low = low, .high = high}; }
const Range kAny;
const Range kBelowOne{.low = 0, .high = 1, .high_open = true};
const Range kPositiveBelowOne{.low = 0, .high = 1, .low_open = true, .high_open = true};
const Range kPositiveToOne{.low = 0, .high = 1, .low_open = true};

// The name and the two access functions of a key, made from the path of its member.
#define KEY(path)                                                           \
  #path, [](const Recipe& recipe) -> RecipeValue { return recipe.path; },   \
      [](Recipe& recipe, const RecipeValue& value) {                        \
        recipe.path = std::get<std::decay_t<decltype(recipe.path)>>(value); \
      }

// The keys of TrainRecipe, which both stages have.
#define TRAIN_KEYS(stage)                                                                                         \
  {KEY(stage.epochs), between(1, 1e6), {}, "passes over the training nodes"},                                     \
      {KEY(stage.lr), above(0), {}, "largest learning rate"},                                                     \
      {KEY(stage.schedule),                                                                                       \
       kAny,                                                                                                      \
       {"cosine", "constant", "one_cycle"},                                                                       \
       "learning rate after the warm-up: falls to 0 as a cosine, or stays; one_cycle: rises for 30 % of the "     \
       "epochs from lr / 25, then falls to lr / 250000, and ignores the warm-up"},                                \
      {KEY(stage.warmup), between(0, 1e6), {}, "epochs of linear warm-up"},                                       \
      {KEY(stage.weight_decay), at_least(0), {}, "of AdamW, on all parameters"},                                  \
      {KEY(stage.clip_norm), at_least(0), {}, "largest norm of the gradient; 0: no clipping"},                    \
      {KEY(stage.eval_every), between(1, 1e6), {}, "epochs between evaluations; the last epoch always has one"},  \
      {KEY(stage.norms_every),                                                                                    \
       between(0, 1e6),                                                                                           \
       {},                                                                                                        \
       "epochs between records of operator and vector norms, where there is an evaluation; 0: never"},            \
      {KEY(stage.patience), between(0, 1e6), {}, "evaluations without a better value before stopping; 0: never"}, \
      {KEY(stage.ema_decay),                                                                                      \
       kBelowOne,                                                                                                 \
       {},                                                                                                        \
       "above 0: an exponential moving average of the weights with this decay per step is evaluated and kept"}

/// "plain: …; spexphormer: …".
std::string each_model(const std::function<std::string(const Model&)>& fact) {
  std::string text;
  for (const Model& model : models()) text += (text.empty() ? "" : "; ") + model.name + ": " + fact(model);
  return text;
}

/// The table. Each row: the key, its range, its words, its help. The order is that of recipe.yaml and of the reference.
std::vector<RecipeKey> make_keys() {
  const std::vector<std::string> norms = {"batch", "graph", "layer", "none"};
  const std::string recompute =
      "compute each block again in the backward pass instead of storing its activations: less memory, more time, the "
      "same bits";
  const std::vector<std::string> samplers = {"graph_reservoir",  "batch_reservoir", "graph_importance",
                                             "batch_importance", "graph_uniform",   "batch_uniform",
                                             "graph_max"};
  const Range layers = between(1, 100);
  const Range width = between(1, 16384);
  return {
      {KEY(name), kAny, {}, "for reports; the file's name if not given"},
      {KEY(model), kAny, model_names(), each_model([](const Model& model) { return model.summary; })},
      {KEY(protocol),
       kAny,
       {"per_repeat", "release"},
       "per_repeat: an estimator for each repeat; release: one estimator and one split for all repeats"},

      {KEY(data.features),
       kAny,
       {"as_found", "binary", "row_sum", "standardised", "auto"},
       "treatment of the node features; binary sets positive values to 1, row_sum divides a row by its sum; auto: "
       "dense "
       "features whose scales differ by more than 100 are standardised, save those of 0 and 1"},
      {KEY(data.metric),
       kAny,
       {},
       "accuracy, balanced_accuracy, roc_auc, average_precision, macro_f1, f1, log_loss or precision_at_K (such as "
       "precision_at_100), or rmse, mae or r2 for numbers; auto: roc_auc for two classes or several labels per node, "
       "accuracy for more classes, rmse for a number, r2 for several"},
      {KEY(data.positive_class),
       kAny,
       {},
       "name of the class that f1, average_precision and precision_at_K are about; auto: the rarer of two classes "
       "among "
       "the training nodes"},
      {KEY(data.split),
       kAny,
       {"auto", "given", "random", "stratified", "class_capped"},
       "auto: the file's masks, else random; class_capped: at most train_fraction * nodes / classes training nodes of "
       "each "
       "class"},
      {KEY(data.train_fraction), kPositiveBelowOne, {}, "of the labelled nodes, for random and stratified splits"},
      {KEY(data.val_fraction), kPositiveBelowOne, {}, "likewise; the rest, which may be nothing, is test"},
      {KEY(data.validation),
       kAny,
       {"split", "none"},
       "split: the validation nodes choose the best epoch; none: they are trained on, and the last epoch counts"},
      {KEY(data.two_classes),
       kAny,
       {"one_logit", "two_logits"},
       "outputs of a network for two classes; one_logit: the second class's, through a sigmoid"},
      {KEY(data.label_inputs),
       kAny,
       {},
       "true: labels of training nodes are inputs of both networks; each step hides a share of them and takes its loss "
       "on "
       "those nodes alone"},
      {KEY(data.hidden_share),
       kPositiveBelowOne,
       {},
       "share of the training nodes whose labels a step hides, where labels are inputs"},
      {KEY(data.loss),
       kAny,
       {"mse", "mae", "huber"},
       "loss of numbers to predict, which are standardised over the training nodes: the squared error, the absolute "
       "error, or the Huber loss, which changes from one to the other at one standard deviation"},
      {KEY(data.class_weights),
       kAny,
       {"none", "balanced"},
       "weights of the loss; balanced: n / (classes * count) over the training nodes"},
      {KEY(data.threshold),
       kAny,
       {},
       "probability from which a node is predicted to have the positive class (or a label): auto (the more probable "
       "class), f1 or youden (the best such value on the validation nodes), or a number such as 0.3"},
      {KEY(data.calibration),
       kAny,
       {"none", "temperature"},
       "temperature: after training, the network's outputs are divided by the number with the least log loss on the "
       "validation nodes"},

      {KEY(graph.graph_edges), kAny, {}, "attend along the data's own edges"},
      {KEY(graph.expander_edges), kAny, {}, "attend along the edges of a random expander graph"},
      {KEY(graph.self_loops), kAny, {}, "attend from each node to itself"},
      {KEY(graph.directed), kAny, {}, "keep the directions of the data's edges"},
      {KEY(graph.expander_degree), between(1, 10000), {}, "cycles or permutations; 2 * degree edges per node"},
      {KEY(graph.expander_kind), kAny, {"hamiltonian", "permutation"}, "what the expander is made of"},
      {KEY(graph.expander_tries), between(0, 1e6), {}, "draws until one is near-Ramanujan; 0: the first, unchecked"},
      {KEY(graph.expander_check_nodes), at_least(0), {}, "no check on graphs of more nodes"},

      TRAIN_KEYS(estimator),
      {KEY(estimator.width), width, {}, "features per node in the estimator, which has one head"},
      {KEY(estimator.layers), layers, {}, "attention layers; at least network.layers"},
      {KEY(estimator.pre_layers), between(0, 100), {}, "linear layers between the input and the first attention"},
      {KEY(estimator.norm), kAny, norms, "normalisation in each block"},
      {KEY(estimator.wait), between(0, 1e6), {}, "epoch at which the temperature starts to fall"},
      {KEY(estimator.temperature_rate), kPositiveToOne, {}, "factor of the temperature per epoch"},
      {KEY(estimator.min_temperature), kPositiveToOne, {}, "where the temperature stops falling"},
      {KEY(estimator.value_scale), kAny, {}, "start of the learned scalar on the normalised values"},
      {KEY(estimator.clamp), above(0), {}, "bound on the size of the logits"},
      {KEY(estimator.restarts),
       between(1, 1000),
       {},
       "random starts, each trained; the one with the best validation value is kept"},

      {KEY(estimator.batch_size), at_least(0), {}, "training nodes per batch; 0: every step takes the whole graph"},
      {KEY(estimator.fan_out), between(1, 1e6), {}, "uniformly drawn in-edges per node and layer of a batch"},
      {KEY(estimator.recompute), kAny, {}, recompute},

      TRAIN_KEYS(network),
      {KEY(network.width), width, {}, "features per node; a multiple of network.heads"},
      {KEY(network.heads), between(1, 1024), {}, "attention heads"},
      {KEY(network.layers), layers, {}, "attention layers"},
      {KEY(network.pre_layers), between(0, 100), {}, "linear layers between the input and the first attention"},
      {KEY(network.output_layers), layers, {}, "linear layers after the last attention"},
      {KEY(network.k),
       between(1, 1e6),
       {},
       "sampled in-edges per node, one number per layer, the input's layer first; a single number is for all layers"},
      {KEY(network.epsilon),
       kBelowOne,
       {},
       "above 0: each layer takes the smallest k whose error in network.epsilon_of is at most epsilon, found from the "
       "scores (result.json tells the k); 0: network.k as given; a setting of network.k sets epsilon to 0"},
      {KEY(network.epsilon_of),
       kAny,
       {"mass", "operator_norm"},
       "mass: the share of a node's attention on edges that are not drawn, mean over the nodes; operator_norm: of the "
       "difference of the layer's attention matrix and the drawn one, relative"},
      {KEY(network.sampler), kAny, samplers,
       "what is drawn: for the whole graph or for each batch; by score, by score with weights that make the draw "
       "unbiased (importance), uniformly, or the k largest scores"},
      {KEY(network.refill),
       kAny,
       {},
       "true: a node with fewer than k edges keeps all, and its row is filled up to k by drawing from them again, as "
       "in the paper; false: such a node has each edge once"},
      {KEY(network.eval_draws),
       between(1, 1000),
       {},
       "draws of edges whose mean prediction counts in validation, test and predictions"},
      {KEY(network.dropout), kBelowOne, {}, "share of values dropped in training"},
      {KEY(network.input_dropout), kBelowOne, {}, "share of the input layers' outputs dropped in training"},
      {KEY(network.attention),
       kAny,
       {"model", "mean", "gcn", "gat"},
       "weights of a node's in-edges: the model's attention, equal ones (GraphSAGE), those of GCN, or the attention of "
       "GAT; with the last three the edges' types have no influence"},
      {KEY(network.norm), kAny, norms, "normalisation in each block"},
      {KEY(network.skip),
       kAny,
       {"identity", "linear", "none"},
       "residual paths of each block: the input, a linear map of it, or no path"},
      {KEY(network.activation),
       kAny,
       {"none", "relu"},
       "what follows the norm of each half of a block; after relu stands the dropout, instead of before the sum"},
      {KEY(network.ffn), kAny, {}, "false: a block is attention alone, without the feed-forward half"},
      {KEY(network.scaled_logits),
       kAny,
       {},
       "divide the logits by the root of a head's width (plain and exphormer always do)"},
      {KEY(network.ffn_width), between(0, 65536), {}, "hidden width of each block; 0: 2 * width (plain: width)"},
      {KEY(network.clamp),
       at_least(0),
       {},
       "bound on the size of the logits; 0: the model's own (" +
           each_model([](const Model& model) { return model.clamp > 0 ? str(model.clamp) : "none"; }) + ")"},
      {KEY(network.batch_size), at_least(0), {}, "training nodes per batch; 0: all in one"},
      {KEY(network.precision),
       kAny,
       {"float32", "bfloat16"},
       "number type of queries, keys, values and of the operands of each block's products; sums, norms, loss and "
       "weights "
       "are always float32"},
      {KEY(network.eval_precision),
       kAny,
       {"float32", "bfloat16"},
       "number type in which evaluation and prediction hold the nodes' vectors between layers; bfloat16 halves the "
       "memory of an evaluation of the whole graph"},
      {KEY(network.recompute), kAny, {}, recompute},
      {KEY(network.form),
       kAny,
       {"standard", "bilinear", "compressed"},
       "what the command compress makes; bilinear: a free form in the attention; compressed: maps on the skip paths "
       "too"},
      {KEY(network.key_width), between(0, 65536), {}, "of queries and keys, over all heads; 0: width"},
      {KEY(network.value_width),
       between(0, 65536),
       {},
       "width of the values over all heads; 0: width; only the compressed form can change it"},
      {KEY(network.first_width),
       between(0, 16384),
       {},
       "width of the first block's input in the compressed form; 0: width"},
      {KEY(network.outer_width),
       between(0, 16384),
       {},
       "width of the pre layers and between the output layers in the compressed form; 0: width"},
  };
}

#undef TRAIN_KEYS
#undef KEY

}  // namespace

bool Range::holds(double value) const {
  return std::isfinite(value) && (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::text() const {
  // No key has an upper bound without a lower one.
  if (std::isinf(low)) return "";
  if (std::isinf(high)) return fmt::format("{} {}", low_open ? "above" : "at least", low);
  // Large bounds such as 1e6 are written as whole numbers.
  const auto bound = [](double b) { return b >= 1000 ? fmt::format("{:.0f}", b) : fmt::format("{}", b); };
  return fmt::format("in {}{}, {}{}", low_open ? '(' : '[', bound(low), bound(high), high_open ? ')' : ']');
}

std::string RecipeKey::type() const {
  // The names are in the order of the alternatives of RecipeValue.
  static const std::vector<std::string> names = {"text", "true or false", "a whole number", "a number",
                                                 "a list of whole numbers"};
  return words.empty() ? names[default_value().index()] : "a word";
}

RecipeValue RecipeKey::default_value() const {
  static const Recipe defaults;
  return get(defaults);
}

std::string RecipeKey::allowed() const { return words.empty() ? range.text() : join_words(words); }

const std::vector<RecipeKey>& recipe_keys() {
  static const std::vector<RecipeKey> keys = make_keys();
  return keys;
}

const RecipeKey* find_recipe_key(std::string_view name) {
  for (const RecipeKey& key : recipe_keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::string suggest_recipe_key(const std::string& name) {
  std::vector<std::string> names, ending, inside;
  for (const RecipeKey& key : recipe_keys()) {
    names.push_back(key.name);
    if (key.name.ends_with("." + name)) ending.push_back(key.name);
    if (key.name.starts_with(name + ".")) inside.push_back(key.name);
  }
  // The unknown name may be that of a group, or that of a key without its group.
  if (!inside.empty()) return fmt::format(", which is a group of keys: {}, …", inside.front());
  if (ending.empty()) return did_you_mean(name, names);
  return fmt::format("; did you mean {}?", fmt::join(ending, " or "));
}

}  // namespace graphsieve
