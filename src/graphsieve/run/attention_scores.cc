// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/attention_scores.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/files/paths.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"

namespace graphsieve {
namespace {

using at::Tensor;
namespace fs = std::filesystem;

constexpr int64_t kBlock = 1 << 20;  // scores that are checked as one item of work

fs::path layer_file(const fs::path& folder, int64_t layer) { return folder / str("layer_", layer, ".npy"); }
std::string layer_name(int64_t layer) { return str("scores/layer_", layer, ".npy"); }

template <class T>
void write_column(const fs::path& path, std::span<const T> values) {
  write_npy<T>(path, {static_cast<int64_t>(values.size())}, values);
}

/// Maps a file with one column.
template <class T>
Array<T> map_values(const fs::path& path) {
  std::vector<int64_t> shape = {-1};
  return map_npy<T>(path, shape);
}

/// Maps a file as a tensor that shares its memory.
template <class T>
Tensor map_column(const fs::path& path, at::ScalarType type) {
  const Array<T> values = map_values<T>(path);
  return at::from_blob(
      const_cast<T*>(values.data()), {static_cast<int64_t>(values.size())}, [owner = values.owner()](void*) {}, type);
}

/// Maps one layer's scores. Throws Error unless all are finite and not negative.
Tensor map_layer(const fs::path& path) {
  const Tensor scores = map_column<float>(path, at::kFloat);
  const auto* value = scores.const_data_ptr<float>();
  parallel_blocks(scores.numel(), kBlock, [&](int64_t begin, int64_t end) {
    // The first loop has no branches and tests a whole block. Only a block with a faulty score is searched for the
    // edge.
    bool good = true;
    for (int64_t e = begin; e < end; ++e) good &= value[e] >= 0 && value[e] <= std::numeric_limits<float>::max();
    if (good) return;
    for (int64_t e = begin; e < end; ++e)
      if (!(value[e] >= 0 && value[e] <= std::numeric_limits<float>::max()))
        throw Error(path.string(), ": edge ", e, " has the score ", value[e], ", expected a finite number from 0");
  });
  return scores;
}

}  // namespace

void each_attention_score(nn::Transformer& network, double temperature, const NetworkInput& input,
                          const std::function<void(int64_t, int64_t, const Tensor&)>& piece) {
  const torch::NoGradGuard no_grad;
  network->eval();
  int64_t layer = 0, first = 0;
  ForwardOptions options;
  options.temperature = temperature;
  // The network passes the scores in pieces, which do not name their layer: a new layer begins when the last one's
  // edges are complete.
  options.scores = [&](const Tensor& scores) {
    if (first == input.layers[layer].edges.index.size(0)) first = 0, ++layer;
    piece(layer, first, scores.size(1) == 1 ? scores.view({-1}) : scores.mean(1));
    first += scores.size(0);
  };
  network->hidden(input, options);
}

namespace {

/// Calls each_attention_score() and writes the pieces into `scores`, one tensor [edges] per layer. `wanted` [edges] is
/// true for the edges whose scores are written; undefined: all edges.
void collect(nn::Transformer& network, double temperature, const NetworkInput& input, const Tensor& wanted,
             std::vector<Tensor>& scores) {
  each_attention_score(network, temperature, input, [&](int64_t layer, int64_t first, const Tensor& part) {
    Tensor to = scores[layer].narrow(0, first, part.size(0));
    to.copy_(wanted.defined() ? at::where(wanted.narrow(0, first, part.size(0)), part, to) : part);
  });
}

/// Returns a bool tensor [edges]: true for the edges into nodes of a part (inputs/label_inputs.h).
Tensor edges_into_part(const LayerEdges& layer, int part) {
  const Tensor start = layer.edges.row_start.cpu();
  const auto* row_start = start.const_data_ptr<int64_t>();
  Tensor wanted = at::zeros({layer.edges.index.size(0)}, at::kBool);
  auto* of_edge = wanted.mutable_data_ptr<bool>();
  for (int64_t i = 0; i < layer.destinations; ++i)
    if (label_part(static_cast<int32_t>(i)) == part)
      std::fill(of_edge + row_start[i], of_edge + row_start[i + 1], true);
  return wanted.to(layer.edges.index.device());
}

/// Writes the scores of all layers, whose attention graph has `edges` edges, one piece at a time.
void write_in_pieces(const fs::path& folder, nn::Transformer& network, double temperature, const NetworkInput& input,
                     int64_t edges) {
  std::unique_ptr<NpyWriter> file;
  each_attention_score(network, temperature, input, [&](int64_t layer, int64_t first, const Tensor& part) {
    // A piece that begins with edge 0 begins a new layer, and so a new file.
    if (first == 0) {
      if (file) file->finish();
      file = std::make_unique<NpyWriter>(layer_file(folder, layer), npy_descr<float>(), std::vector<int64_t>{edges});
    }
    const Tensor on_host = part.cpu();
    file->write(std::span<const float>(on_host.const_data_ptr<float>(), static_cast<size_t>(on_host.numel())));
  });
  if (file) file->finish();
}

/// Writes one layer's scores, [edges].
void write_layer(const fs::path& folder, int64_t layer, const Tensor& scores) {
  const Tensor on_host = scores.cpu();
  write_npy<float>(layer_file(folder, layer), {on_host.numel()},
                   std::span<const float>(on_host.const_data_ptr<float>(), static_cast<size_t>(on_host.numel())));
}

}  // namespace

std::vector<Tensor> attention_scores(nn::Transformer& network, double temperature, const NetworkInput& input) {
  std::vector<Tensor> scores;
  for (const LayerEdges& layer : input.layers)
    scores.push_back(at::empty({layer.edges.index.size(0)}, layer.edges.index.options().dtype(at::kFloat)));
  if (!input.features->labels) {
    collect(network, temperature, input, {}, scores);
    return scores;
  }
  NetworkInput hiding = input;
  for (int part = 0; part < kLabelParts; ++part) {
    hide_label_part(hiding, part);
    const NormVariant variant(network, part + 1);
    collect(network, temperature, hiding, edges_into_part(input.layers.at(0), part), scores);
  }
  return scores;
}

void write_scores(const fs::path& folder, nn::Transformer& network, double temperature, const NetworkInput& input) {
  make_folders(folder);
  if (input.features->labels) {
    const std::vector<Tensor> scores = attention_scores(network, temperature, input);
    for (size_t l = 0; l < scores.size(); ++l) write_layer(folder, static_cast<int64_t>(l), scores[l]);
  } else {
    write_in_pieces(folder, network, temperature, input, input.layers.at(0).edges.index.size(0));
  }
}

void move_to_files(const fs::path& folder, PreparedGraph& graph) {
  make_folders(folder);
  write_column(folder / "row_start.npy", graph.graph.row_start);
  write_column(folder / "source.npy", graph.graph.source);
  write_column(folder / "type.npy", graph.graph.type);
  lie_in_files(folder, graph);
}

void lie_in_files(const fs::path& folder, PreparedGraph& graph) {
  const fs::path row_start = folder / "row_start.npy", source = folder / "source.npy", type = folder / "type.npy";
  if (!path_exists(row_start) || !path_exists(source) || !path_exists(type)) return;
  try {
    graph.lie_in({map_values<int64_t>(row_start), map_values<int32_t>(source), map_values<uint8_t>(type)});
  } catch (const Error& error) {
    throw Error(folder.string(), ": ", error.what());
  }
}

std::vector<Tensor> read_scores(const fs::path& folder) {
  std::vector<Tensor> scores;
  for (int64_t l = 0; path_exists(layer_file(folder, l)); ++l) scores.push_back(map_layer(layer_file(folder, l)));
  if (scores.empty()) throw Error(folder.string(), ": no layer_0.npy; expected the scores of an estimator");
  return scores;
}

std::vector<Tensor> read_scores(const RunFiles& run) {
  std::vector<Tensor> scores;
  // The folder's card tells how many layers the run wrote. A file that is gone since then is an error, which verified()
  // throws, and not the end of the list.
  for (int64_t l = 0; run.wrote(layer_name(l)); ++l) scores.push_back(map_layer(run.verified(layer_name(l))));
  if (scores.empty())
    throw Error((run.folder() / "scores").string(), ": no layer_0.npy; expected the scores of an estimator");
  return scores;
}

ops::AttentionEdges read_score_edges(const RunFiles& run) {
  const fs::path folder = run.folder() / "scores";
  ops::AttentionEdges edges;
  edges.row_start = map_column<int64_t>(run.verified("scores/row_start.npy"), at::kLong);
  edges.index = map_column<int32_t>(run.verified("scores/source.npy"), at::kInt);
  edges.type = map_column<uint8_t>(run.verified("scores/type.npy"), at::kByte);
  const int64_t rows = edges.row_start.numel(), m = edges.index.numel();
  const auto* start = edges.row_start.const_data_ptr<int64_t>();
  if (rows == 0 || start[0] != 0 || start[rows - 1] != m || !std::is_sorted(start, start + rows))
    throw Error((folder / "row_start.npy").string(), ": expected to ascend from 0 to ", m,
                ", the entries of source.npy");
  if (edges.type.numel() != m)
    throw Error((folder / "type.npy").string(), ": has ", edges.type.numel(), " entries, expected ", m,
                ", those of source.npy");
  return edges;
}

ScoredGraph read_scored_graph(const RunFiles& run) {
  const std::vector<Tensor> scores = read_scores(run);
  const ops::AttentionEdges edges = read_score_edges(run);
  for (size_t l = 0; l < scores.size(); ++l)
    if (scores[l].sizes() != edges.index.sizes())
      throw Error((run.folder() / layer_name(static_cast<int64_t>(l))).string(), ": has ", scores[l].numel(),
                  " scores, expected ", edges.index.numel(), ", one per edge");
  return {edges, scores, static_cast<int64_t>(scores.size())};
}

}  // namespace graphsieve
