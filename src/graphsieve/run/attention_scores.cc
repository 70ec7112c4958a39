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
#include "graphsieve/inputs/on_device.h"
#include "graphsieve/nn/forward_options.h"
#include "graphsieve/nn/weights.h"

namespace graphsieve {
namespace {

using at::Tensor;
namespace fs = std::filesystem;

constexpr int64_t kBlock = 1 << 20;  // scores that are checked as one item of work

/// Returns the name of the file with a layer's scores of the pass that hides a part's labels; part −1: of the pass that
/// shows all labels.
std::string layer_name(int part, int64_t layer) {
  return part < 0 ? str("layer_", layer, ".npy") : str("hiding_", part, "_layer_", layer, ".npy");
}

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

/// Calls pass(part, input) for each pass whose scores are kept: for the one that shows all labels, part −1, and, if
/// labels are inputs, for those that hide one part each.
void each_pass(nn::Transformer& network, const NetworkInput& input,
               const std::function<void(int part, const NetworkInput& input)>& pass) {
  pass(-1, input);
  if (!input.features->labels) return;
  NetworkInput hiding = input;
  for (int part = 0; part < kLabelParts; ++part) {
    hide_label_part(hiding, part);
    const NormVariant variant(network, part + 1);
    pass(part, hiding);
  }
}

/// Writes the scores of all layers of a pass, whose attention graph has `edges` edges, one piece at a time.
void write_pass(const fs::path& folder, int part, nn::Transformer& network, double temperature,
                const NetworkInput& input) {
  const int64_t edges = input.layers.at(0).edges.index.size(0);
  std::unique_ptr<NpyWriter> file;
  each_attention_score(network, temperature, input, [&](int64_t layer, int64_t first, const Tensor& piece) {
    // A piece that begins with edge 0 begins a new layer, and so a new file.
    if (first == 0) {
      if (file) file->finish();
      file = std::make_unique<NpyWriter>(folder / layer_name(part, layer), npy_descr<float>(),
                                         std::vector<int64_t>{edges});
    }
    const Tensor on_host = piece.cpu();
    file->write(std::span<const float>(on_host.const_data_ptr<float>(), static_cast<size_t>(on_host.numel())));
  });
  if (file) file->finish();
}

/// Reads the scores of every pass: the layers from 0 on for which has(name) is true, each by map(name).
EdgeScores read_passes(const std::function<bool(const std::string& name)>& has,
                       const std::function<Tensor(const std::string& name)>& map) {
  const auto layers = [&](int part) {
    LayerScores scores;
    for (int64_t l = 0; has(layer_name(part, l)); ++l) scores.push_back(map(layer_name(part, l)));
    return scores;
  };
  EdgeScores scores{layers(-1), {}};
  for (int part = 0; has(layer_name(part, 0)); ++part) scores.hiding.push_back(layers(part));
  return scores;
}

}  // namespace

EdgeScores attention_scores(nn::Transformer& network, double temperature, const NetworkInput& input) {
  EdgeScores scores;
  each_pass(network, input, [&](int part, const NetworkInput& shown) {
    LayerScores layers;
    for (const LayerEdges& layer : input.layers)
      layers.push_back(at::empty({layer.edges.index.size(0)}, layer.edges.index.options().dtype(at::kFloat)));
    each_attention_score(network, temperature, shown, [&](int64_t layer, int64_t first, const Tensor& piece) {
      layers[layer].narrow(0, first, piece.size(0)).copy_(piece);
    });
    (part < 0 ? scores.shown : scores.hiding.emplace_back()) = std::move(layers);
  });
  return scores;
}

void write_scores(const fs::path& folder, nn::Transformer& network, double temperature, const NetworkInput& input) {
  make_folders(folder);
  each_pass(network, input,
            [&](int part, const NetworkInput& shown) { write_pass(folder, part, network, temperature, shown); });
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

EdgeScores read_scores(const fs::path& folder) {
  EdgeScores scores = read_passes([&](const std::string& name) { return path_exists(folder / name); },
                                  [&](const std::string& name) { return map_layer(folder / name); });
  if (scores.shown.empty()) throw Error(folder.string(), ": no layer_0.npy; expected the scores of an estimator");
  return scores;
}

EdgeScores read_scores(const RunFiles& run) {
  // The folder's card tells which layers the run wrote. A file that is gone since then is an error, which verified()
  // throws, and not the end of the list.
  EdgeScores scores = read_passes([&](const std::string& name) { return run.wrote("scores/" + name); },
                                  [&](const std::string& name) { return map_layer(run.verified("scores/" + name)); });
  if (scores.shown.empty())
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
  const EdgeScores scores = read_scores(run);
  const ops::AttentionEdges edges = read_score_edges(run);
  const auto check = [&](const LayerScores& layers, int part) {
    for (size_t l = 0; l < layers.size(); ++l)
      if (layers[l].sizes() != edges.index.sizes())
        throw Error((run.folder() / "scores" / layer_name(part, static_cast<int64_t>(l))).string(), ": has ",
                    layers[l].numel(), " scores, expected ", edges.index.numel(), ", one per edge");
  };
  check(scores.shown, -1);
  for (size_t part = 0; part < scores.hiding.size(); ++part) check(scores.hiding[part], static_cast<int>(part));
  return {edges, scores, std::ssize(scores.shown)};
}

EdgeScores scores_on(const EdgeScores& scores, at::Device device) {
  EdgeScores on{tensors_on(scores.shown, device), {}};
  for (const LayerScores& of_part : scores.hiding) on.hiding.push_back(tensors_on(of_part, device));
  return on;
}

}  // namespace graphsieve
