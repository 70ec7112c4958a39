// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/inputs/prepared_graph.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/features.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/graph/expander.h"
#include "graphsieve/graph/transforms.h"
#include "graphsieve/inputs/on_device.h"
#include "graphsieve/runtime/device.h"

namespace graphsieve {
namespace {

using at::Tensor;

/// Returns a tensor of the given shape with a copy of the vector's elements.
template <class T>
Tensor tensor_of(const std::vector<T>& from, at::IntArrayRef shape, at::ScalarType type) {
  Tensor t = at::empty(shape, type);
  std::copy(from.begin(), from.end(), t.mutable_data_ptr<T>());
  return t;
}

/// Returns a tensor over a vector's memory. The vector must outlive the tensor and must not change.
template <class Vector>
Tensor view_of(const Vector& from, at::ScalarType type) {
  return at::from_blob(const_cast<std::remove_const_t<typename Vector::value_type>*>(from.data()),
                       {static_cast<int64_t>(from.size())}, type);
}

/// Writes the transpose of a CSR matrix: the columns as rows, with entries in ascending order of the old rows.
void transpose_features(const Features& x, FeatureMatrix& to) {
  // A counting sort by column. start[c] is where column c begins, and then where its next entry goes.
  std::vector<int64_t> start(x.cols + 1, 0);
  for (int32_t c : x.column) ++start[c + 1];
  for (int64_t c = 0; c < x.cols; ++c) start[c + 1] += start[c];
  to.t_row_start = tensor_of(start, {x.cols + 1}, at::kLong);
  to.t_row = at::empty({static_cast<int64_t>(x.column.size())}, at::kInt);
  to.t_value = at::empty({static_cast<int64_t>(x.column.size())}, at::kFloat);
  auto* row = to.t_row.mutable_data_ptr<int32_t>();
  auto* value = to.t_value.mutable_data_ptr<float>();
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t e = x.row_start[r]; e < x.row_start[r + 1]; ++e) {
      const int64_t at = start[x.column[e]]++;
      row[at] = static_cast<int32_t>(r);
      value[at] = x.value[e];
    }
}

/// True if sparse features stay sparse, since the matrix and its transpose, with 8 bytes per nonzero each, are smaller
/// than dense rows.
bool kept_sparse(const Features& x) {
  return x.sparse() && 4 * static_cast<int64_t>(x.column.size()) < x.rows * x.cols;
}

/// Returns a tensor over the memory of the mapped file, in the file's number type.
at::Tensor stored_rows(const Features& x) {
  const at::ScalarType types[] = {at::kFloat, at::kHalf, at::kBFloat16};
  return at::from_blob(
      const_cast<void*>(x.stored.data), {x.rows, x.cols}, [owner = x.stored.owner](void*) {},
      types[static_cast<int>(x.stored.type)]);
}

/// Returns the features as a dense tensor, which is a view unless the features are sparse.
at::Tensor dense_rows(const Features& x) {
  if (x.in_file()) return stored_rows(x);
  if (!x.sparse()) return view_of(x.dense, at::kFloat).view({x.rows, x.cols});
  at::Tensor to = at::empty({x.rows, x.cols}, at::kFloat);
  write_dense_rows(sparse_rows(x), nullptr, x.rows, to.mutable_data_ptr<float>());
  return to;
}

/// Returns tensors over the features' memory, which must not change. The transpose of sparse features has memory of its
/// own.
FeatureMatrix feature_matrix(const Features& x) {
  FeatureMatrix to;
  to.rows = x.rows;
  to.cols = x.cols;
  if (!kept_sparse(x)) {
    to.dense = dense_rows(x);
    return to;
  }
  to.row_start = view_of(x.row_start, at::kLong);
  to.column = view_of(x.column, at::kInt);
  to.value = view_of(x.value, at::kFloat);
  transpose_features(x, to);
  return to;
}

/// Tells the observer what the treatment had to leave out.
void note_treatment(const FeatureNotes& notes, Observer& observer) {
  if (notes.zero_rows > 0) observer.note(str(notes.zero_rows, " nodes have features that sum to 0; left as they are"));
  if (notes.constant_columns > 0) observer.note(str(notes.constant_columns, " constant feature columns set to 0"));
}

}  // namespace

PreparedData::PreparedData(const Dataset& d, const Recipe& recipe, Observer& observer, at::Device on,
                           std::optional<FeatureScales> given)
    : data(d), device(on), scales(std::move(given)) {
  FeatureNotes feature_notes;
  double scale_ratio = 0;
  const FeatureTreatment treatment =
      treatment_for(d.features, feature_treatment(recipe.data.features), scales, scale_ratio);
  const bool changed = treatment != FeatureTreatment::kAsFound;
  if (changed) treated_ = treated(d.features, treatment, &feature_notes, &scales);
  features = features_on(feature_matrix(changed ? treated_ : d.features), device, observer);
  if (scale_ratio > kScaleRatio)
    observer.note(
        fmt::format("the features' scales differ by a factor of {:.2g}: all but those of 0 and 1 are "
                    "standardised (data.features=as_found leaves them as they are)",
                    scale_ratio));
  note_treatment(feature_notes, observer);
  take_graph(recipe, observer);
  if (recipe.graph.graph_edges) edge_types = attention_types(edges.types);
}

void PreparedData::take_graph(const Recipe& recipe, Observer& observer) {
  const bool directed = recipe.graph.directed;
  if (data.graph) {
    if (data.graph->directed != directed)
      throw Error(data.source, ": holds the ", directed ? "undirected" : "directed", " graph, and graph.directed is ",
                  directed ? "true" : "false", "; convert it ", directed ? "with " : "without ", option("directed"));
    edges = data.graph->rows();
    return;
  }
  // A list of edges becomes a simple graph by destination: without self loops and duplicates, and with both directions
  // of each edge unless the recipe keeps directions.
  GraphNotes notes;
  made_ = symmetric_csr(data.nodes, data.edges, directed, &notes);
  edges = made_;
  if (notes.loops > 0) observer.note(str(notes.loops, " self loops in the data dropped"));
  if (notes.isolated > 0) observer.note(str(notes.isolated, " nodes have no edge in the data"));
  if (notes.max_degree > data.nodes / 2 && data.nodes > 100)
    observer.note(str("the largest node has ", notes.max_degree, " of ", data.nodes, " nodes as neighbours"));
}

void PreparedData::show_labels(const std::vector<int32_t>& nodes, const at::Tensor& value) {
  features.labels = std::make_shared<LabelInputs>(make_label_inputs(nodes, value, data.nodes, device));
}

PreparedGraph::PreparedGraph(const PreparedData& data, const Recipe& recipe, uint64_t seed, const KnownNodes* known)
    : spectral_gap(std::numeric_limits<double>::quiet_NaN()) {
  // The attention graph consists of the data's edges, the edges of a random expander and self loops, each if the recipe
  // asks for them. The operators also take the transpose of the graph, unless the graph is its own transpose.
  const GraphRecipe& g = recipe.graph;
  std::optional<ExpanderResult> expander;
  if (g.expander_edges) {
    expander = near_ramanujan_expander(known != nullptr ? known->trained : data.data.nodes, g.expander_degree,
                                       expander_kind(g.expander_kind), random_key(seed, Stream::kExpander),
                                       g.expander_tries, g.expander_check_nodes);
    spectral_gap = expander->spectral_gap;
  }
  std::optional<ExtendedExpander> extended;
  const bool further = known != nullptr && data.data.nodes > known->trained;
  if (expander && known != nullptr && (further || !known->present.empty()))
    extended.emplace(expander->expander, known->present, data.data.nodes, random_key(seed, Stream::kExpander, -1));
  const ExpanderRows* rows = extended   ? static_cast<const ExpanderRows*>(&*extended)
                             : expander ? &expander->expander
                                        : nullptr;
  const Csr none = g.graph_edges ? Csr() : symmetric_csr(data.data.nodes, {}, false);
  made_ = build_attention_graph(g.graph_edges ? data.edges : CsrView(none), rows, g.self_loops,
                                (!g.directed || !g.graph_edges) && !(rows != nullptr && further));
  graph = made_;
  view_arrays();
  if (!graph.symmetric) {
    transposed_ = transpose(made_);
    host_edges.t_row_start = view_of(transposed_.row_start, at::kLong);
    host_edges.t_index = view_of(transposed_.source, at::kInt);
    host_edges.t_type = view_of(transposed_.type, at::kByte);
  }
  edges = edges_on(host_edges, data.device);
}

void PreparedGraph::view_arrays() {
  host_edges.row_start = view_of(graph.row_start, at::kLong);
  host_edges.index = view_of(graph.source, at::kInt);
  host_edges.type = view_of(graph.type, at::kByte);
}

namespace {

/// True if two arrays have equal values.
template <class T>
bool equal(std::span<const T> a, std::span<const T> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace

void PreparedGraph::lie_in(AttentionArrays arrays) {
  const auto differ = [](const char* name) {
    throw Error(name, " is not that of the attention graph that the recipe and the seed give");
  };
  if (!equal<int64_t>(graph.row_start, arrays.row_start)) differ("row_start");
  if (!equal<int32_t>(graph.source, arrays.source)) differ("source");
  if (!equal<uint8_t>(graph.type, arrays.type)) differ("type");
  arrays_ = std::move(arrays);
  graph.row_start = arrays_.row_start, graph.source = arrays_.source, graph.type = arrays_.type;
  const bool on_host = edges.index.is_cpu();
  view_arrays();
  if (on_host) edges = host_edges;
  made_ = AttentionGraph();
}

LayerEdges PreparedGraph::layer() const { return {edges, graph.nodes()}; }

namespace {

/// True if the splits are the data's given masks. Throws Error if the recipe asks for given masks and the data has
/// none.
bool uses_given(const Dataset& data, const Recipe& recipe) {
  if (recipe.data.split == "given" && data.given_splits.empty())
    throw Error(data.source, ": data.split is 'given', but the file has no train_masks, val_masks and test_masks");
  return recipe.data.split == "given" || (recipe.data.split == "auto" && !data.given_splits.empty());
}

}  // namespace

int64_t split_count(const Dataset& data, const Recipe& recipe) {
  return uses_given(data, recipe) ? static_cast<int64_t>(data.given_splits.size()) : 10;
}

Split make_split(const PreparedData& data, const Recipe& recipe, int64_t index, Observer& observer) {
  const Dataset& d = data.data;
  if (index < 0) throw Error("split is ", index, ", expected 0 or more");
  Split split;
  if (uses_given(d, recipe)) {
    const int64_t count = static_cast<int64_t>(d.given_splits.size());
    if (index >= count)
      throw Error("split is ", index, ", but ", d.source, " has ", count, " given splits; expected 0 to ", count - 1);
    split = d.given_splits[index];
  } else {
    const uint64_t key = random_key(0, Stream::kSplit, index);
    const auto draw = recipe.data.split == "stratified"     ? stratified_split
                      : recipe.data.split == "class_capped" ? class_capped_split
                                                            : random_split;
    split = draw(d.labels, recipe.data.train_fraction, recipe.data.val_fraction, key);
  }
  if (recipe.data.validation == "none") {
    split.train.insert(split.train.end(), split.val.begin(), split.val.end());
    split.val.clear();
  }
  // Unlabelled nodes leave the split, and classes without training nodes are noted.
  const int64_t dropped = check_split(split, d.labels, str(d.source, ": split ", index));
  if (dropped > 0) observer.note(str(dropped, " unlabelled nodes taken out of split ", index));
  if (split.val.empty() && recipe.data.validation != "none")
    throw Error(d.source, ": split ", index,
                " has no validation nodes, which choose the best epoch; data.validation=none uses the last one");
  for (const int64_t c : classes_without(split.train, d.labels))
    observer.note(str("class ", c, " has no training node; it cannot be learnt"));
  return split;
}

}  // namespace graphsieve
