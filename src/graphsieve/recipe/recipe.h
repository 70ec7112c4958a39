// SPDX-License-Identifier: Apache-2.0
// Every constant of a run. A recipe is read from YAML, changed by --set key=value, checked, and written into the run
// folder with every key. A key is the path of a member with dots: network.width.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

/// How the data set is prepared and measured.
struct DataRecipe {
  std::string features = "as_found";  ///< as_found | binary | row_sum | standardised | auto
  std::string metric = "auto";  ///< a metric (recipe/metric.h), or auto: roc_auc for two classes or several labels
  std::string positive_class = "auto";  ///< name of the class that counts as positive; auto: the rarer of two classes
  std::string split =
      "auto";  ///< auto | given | random | stratified | class_capped; auto: the file's masks, otherwise random
  double train_fraction = 0.6;            ///< share of the labelled nodes, for random and stratified splits
  double val_fraction = 0.2;              ///< share of the labelled nodes; the rest is for testing
  std::string validation = "split";       ///< split | none (validation nodes are trained on, and the last epoch counts)
  std::string two_classes = "one_logit";  ///< one_logit (for the second class; the first has logit 0) | two_logits
  bool label_inputs = false;           ///< labels of training nodes are inputs of the networks (inputs/label_inputs.h)
  double hidden_share = 0.5;           ///< share of the training nodes whose labels a step hides, if labels are inputs
  std::string loss = "mse";            ///< mse | mae | huber, of standardised numbers to predict
  std::string class_weights = "none";  ///< none | balanced (n / (classes * count), over the training nodes)
  std::string threshold = "auto";      ///< auto | f1 | youden | a number from 0 to 1 (recipe/metric.h)
  std::string calibration = "none";    ///< none | temperature
};

/// The edges of the attention graph.
struct GraphRecipe {
  bool graph_edges = true;                    ///< attend along the data's own edges
  bool expander_edges = true;                 ///< attend along the edges of a random expander graph (edge type 1)
  bool self_loops = true;                     ///< attend from each node to itself (edge type 2)
  bool directed = false;                      ///< keep the directions of the data's edges
  int64_t expander_degree = 15;               ///< cycles or permutations; 2 * degree edges per node
  std::string expander_kind = "hamiltonian";  ///< hamiltonian | permutation
  int64_t expander_tries = 100;               ///< expanders drawn until one is near-Ramanujan; 0: the first, unchecked
  int64_t expander_check_nodes = 100000;      ///< largest number of nodes for which expanders are checked
};

/// Optimisation; both stages, estimator and network, have these keys.
struct TrainRecipe {
  int64_t epochs = 100;
  double lr = 0.01;
  std::string schedule = "cosine";  ///< cosine | constant | one_cycle: the learning rate after the warm-up
  int64_t warmup = 5;               ///< epochs of linear warm-up of the learning rate
  double weight_decay = 1e-3;       ///< weight decay of AdamW on all parameters
  double clip_norm = 1.0;           ///< largest norm of the gradient; 0: no clipping
  int64_t eval_every = 1;           ///< epochs between evaluations; the last epoch always has one
  int64_t norms_every = 10;         ///< epochs between records of norms, at evaluations; the last always; 0: never
  int64_t patience = 0;             ///< evaluations without a better value before training stops; 0: never stop early
  double ema_decay = 0;             ///< decay per step of the moving average of the weights that is evaluated; 0: none
};

/// The estimator, the narrow network whose attention scores guide the sampling of edges.
struct EstimatorRecipe : TrainRecipe {
  int64_t width = 4;  ///< features per node; the estimator has one head
  int64_t layers = 4;
  int64_t pre_layers = 1;
  std::string norm = "graph";      ///< graph | batch | layer | none
  int64_t wait = 5;                ///< epoch at which the temperature starts to fall
  double temperature_rate = 0.99;  ///< r in the temperature max(min_temperature, r^(epoch - wait))
  double min_temperature = 0.05;
  double value_scale = 0.25;  ///< initial value of the learned scalar on the normalised values
  double clamp = 8;           ///< bound on the size of the logits
  int64_t restarts = 1;       ///< random starts; the one with the best validation value is kept
  int64_t batch_size = 0;     ///< training nodes per batch; 0: the whole graph in each step
  int64_t fan_out = 10;       ///< uniformly drawn in-edges per node and layer of a batch
  bool recompute = false;     ///< compute each block again in the backward pass instead of storing it
};

/// The network that makes the predictions.
struct NetworkRecipe : TrainRecipe {
  int64_t width = 64;
  int64_t heads = 1;
  int64_t layers = 4;
  int64_t pre_layers = 0;
  int64_t output_layers = 1;
  std::vector<int64_t> k = {10, 10, 10, 10};  ///< sampled in-edges per node, by layer, the input's layer first
  double epsilon = 0;               ///< above 0: k is the smallest number in each layer whose error is at most epsilon
  std::string epsilon_of = "mass";  ///< mass | operator_norm: the error that epsilon bounds
  bool refill = true;               ///< fill rows with fewer than k edges up to k by drawing from them again
  std::string sampler =
      "graph_reservoir";   ///< graph_reservoir | batch_reservoir | graph_uniform | batch_uniform | graph_max
  int64_t eval_draws = 1;  ///< draws whose mean prediction counts in evaluation and prediction
  double dropout = 0.2;
  double input_dropout = 0;                ///< share of the input layers' outputs that training drops
  std::string attention = "model";         ///< model | mean | gcn | gat: the weights of in-edges (nn/convolution.h)
  std::string norm = "batch";              ///< batch | graph | layer | none
  std::string skip = "identity";           ///< identity | linear | none: the residual paths of each block
  std::string activation = "none";         ///< none | relu: what follows the norm of each half of a block
  bool ffn = true;                         ///< false: a block is attention alone, without the feed-forward half
  bool scaled_logits = false;              ///< divide the logits by √(width / heads) in networks that do not do so
  int64_t ffn_width = 0;                   ///< hidden width of each block; 0: the model's own multiple of width
  double clamp = 0;                        ///< bound on the logits; 0: the model's own
  int64_t batch_size = 0;                  ///< training nodes per batch; 0: all in one batch
  std::string precision = "float32";       ///< float32 | bfloat16: for the rows of attention and the blocks' products
  std::string eval_precision = "float32";  ///< float32 | bfloat16: for h between the layers of an evaluation
  bool recompute = false;                  ///< compute each block again in the backward pass instead of storing it
  std::string form = "standard";  ///< standard | bilinear (attention) | compressed (and maps on the skip paths)
  int64_t key_width = 0;          ///< width of queries and keys over all heads; 0: width
  int64_t value_width = 0;        ///< width of values over all heads; 0: width
  int64_t first_width = 0;        ///< width of the first block's input in compressed form; 0: width
  int64_t outer_width = 0;  ///< width of the pre layers and between the output layers in compressed form; 0: width
};

/// A complete recipe.
struct Recipe {
  std::string name = "default";
  std::string model = "spexphormer";    ///< one of recipe/models.h
  std::string protocol = "per_repeat";  ///< per_repeat (an estimator per repeat) | release (one estimator, one split)
  DataRecipe data;
  GraphRecipe graph;
  EstimatorRecipe estimator;
  NetworkRecipe network;
};

}  // namespace graphsieve
