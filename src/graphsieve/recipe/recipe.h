// Every constant of a run. A recipe is read from YAML, changed by --set key=value, checked, and written into the run
// folder with every key filled in. Keys are the members' names joined by dots: network.width.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace graphsieve {

struct DataRecipe {
  std::string features = "as_found";   ///< as_found | binary | row_sum | standardised
  std::string metric = "auto";         ///< auto | accuracy | roc_auc | macro_f1; auto: roc_auc for two classes or multi-label
  std::string split = "auto";          ///< auto | given | random | stratified; auto: the file's masks, else random
  double train_fraction = 0.6;         ///< of the labelled nodes, for random and stratified splits
  double val_fraction = 0.2;           ///< the rest is test
  std::string two_classes = "one_logit";  ///< one_logit (of the second class; the first has 0) | two_logits
  std::string class_weights = "none";  ///< none | balanced (n / (classes * count), over the training nodes)
};

struct GraphRecipe {
  bool graph_edges = true;                 ///< the data's own edges
  bool expander_edges = true;              ///< type 1
  bool self_loops = true;                  ///< type 2
  bool directed = false;                   ///< keep the data's directions
  int64_t expander_degree = 15;            ///< cycles or permutations; 2 * degree edges a node
  std::string expander_kind = "hamiltonian";  ///< hamiltonian | permutation
  int64_t expander_tries = 100;            ///< resamples until near-Ramanujan; 0 = take the first unchecked
  int64_t expander_check_nodes = 100000;   ///< no check above so many nodes
};

/// Optimisation, the same keys in both stages.
struct TrainRecipe {
  int64_t epochs = 100;
  double lr = 0.01;
  int64_t warmup = 5;          ///< epochs of linear warm-up
  double weight_decay = 1e-3;  ///< AdamW, on all parameters
  double clip_norm = 1.0;      ///< gradient norm; 0 = no clipping
  int64_t eval_every = 1;      ///< epochs between evaluations; the last epoch always
  int64_t norms_every = 10;    ///< epochs between records of norms, at evaluations; the last epoch always; 0 = never
  int64_t patience = 0;        ///< evaluations without a better value before stopping; 0 = never stop early
};

struct EstimatorRecipe : TrainRecipe {
  int64_t width = 4;
  int64_t layers = 4;
  int64_t pre_layers = 1;
  std::string norm = "graph";    ///< graph | batch | none
  int64_t wait = 5;              ///< epoch at which the temperature starts to fall
  double temperature_rate = 0.99;  ///< r of max(min_temperature, r^(epoch - wait))
  double min_temperature = 0.05;
  double value_scale = 0.25;     ///< start of the learned scalar on the normalised values
  double clamp = 8;              ///< of the logits
  int64_t restarts = 1;          ///< random starts; the one with the best validation value is kept
  int64_t batch_size = 0;        ///< training nodes a batch; 0 = the whole graph in each step
  int64_t fan_out = 10;          ///< uniformly drawn in-edges per node and layer of a batch
};

struct NetworkRecipe : TrainRecipe {
  int64_t width = 64;
  int64_t heads = 1;
  int64_t layers = 4;
  int64_t pre_layers = 0;
  int64_t output_layers = 1;
  std::vector<int64_t> k = {10, 10, 10, 10};  ///< sampled in-edges per node, one per layer, the input's layer first
  double epsilon = 0;            ///< above 0: k is chosen, the smallest in each layer that leaves no larger an error
  std::string epsilon_of = "mass";  ///< mass | operator_norm: of which error
  std::string sampler = "graph_reservoir";  ///< graph_reservoir | batch_reservoir | graph_uniform | batch_uniform | graph_max
  double dropout = 0.2;
  std::string norm = "batch";    ///< batch | graph | none
  int64_t ffn_width = 0;         ///< 0 = 2 * width (plain: width)
  double clamp = 0;              ///< of the logits; 0 = the model's own (spexphormer 8, exphormer 5, plain none)
  int64_t batch_size = 0;        ///< training nodes a batch; 0 = all in one
  std::string precision = "float32";  ///< float32 | bfloat16: of the rows of attention and the blocks' products
  bool recompute = false;        ///< each block is computed again in the backward pass instead of being kept
  std::string form = "standard";  ///< standard | bilinear (attention) | compressed (that, and maps on the skip paths)
  int64_t key_width = 0;         ///< of queries and keys, over all heads; 0 = width
  int64_t value_width = 0;       ///< of values, over all heads; 0 = width
  int64_t outer_width = 0;       ///< of the pre layers and between output layers, compressed form; 0 = width
};

struct Recipe {
  std::string name = "default";
  std::string model = "spexphormer";      ///< spexphormer | exphormer | plain
  std::string protocol = "per_repeat";    ///< per_repeat (an estimator each) | release (one estimator, one split)
  DataRecipe data;
  GraphRecipe graph;
  EstimatorRecipe estimator;
  NetworkRecipe network;
};

}  // namespace graphsieve
