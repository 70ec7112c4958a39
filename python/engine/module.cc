// SPDX-License-Identifier: Apache-2.0
// The module graphsieve._engine: thin entry points of the engine. The package's Python files give them their public
// form.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <type_traits>
#include <variant>

#include "arrays.h"
#include "background.h"
#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/observer.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/base/random.h"
#include "graphsieve/data/class_names.h"
#include "graphsieve/data/typed_graph.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/engine/experiment.h"
#include "graphsieve/engine/loaded_run.h"
#include "graphsieve/engine/predict.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/safetensors.h"
#include "graphsieve/nn/networks.h"
#include "graphsieve/ops/common/torch_threads.h"
#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/recipe/recipe_io.h"
#include "graphsieve/recipe/recipe_keys.h"
#include "graphsieve/run/attention_scores.h"
#include "graphsieve/run/result_file.h"
#include "graphsieve/run/run_folder.h"
#include "graphsieve/runtime/tensor_memory.h"
#include "graphsieve/runtime/torch_settings.h"
#include "graphsieve/sampling/epoch_sample.h"
#include "text.h"

namespace graphsieve::python {
namespace {

namespace nb = nanobind;
namespace fs = std::filesystem;
using namespace nb::literals;
using Settings = std::vector<nb::str>;

/// Returns a recipe with settings, resolved and checked.
Recipe make_recipe(const nb::str& name, const Settings& settings) {
  Recipe recipe = load_recipe(bytes_of(name));
  for (const nb::str& setting : settings) apply_setting(recipe, bytes_of(setting));
  resolve_recipe(recipe);
  check_recipe(recipe);
  return recipe;
}

/// Returns a value of a recipe as a Python object.
nb::object python_value(const RecipeValue& value) {
  return std::visit(
      [](const auto& v) -> nb::object {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>)
          return text(v);
        else
          return nb::cast(v);
      },
      value);
}

nb::dict values_of(const Recipe& recipe) {
  nb::dict values;
  for (const RecipeKey& key : recipe_keys()) values[text(key.name)] = python_value(key.get(recipe));
  return values;
}

nb::dict recipe_values(const nb::str& name, const Settings& settings) { return values_of(make_recipe(name, settings)); }

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) names.push_back(recipe.name);
  return names;
}

/// Returns the ids of nodes, one integer or one text per node.
StoredIds ids_of(const std::vector<int64_t>& integers, const std::vector<nb::str>& texts) {
  StoredIds ids;
  if (!integers.empty()) ids.integers = Array<int64_t>(integers);
  if (texts.empty()) return ids;
  std::vector<int64_t> start = {0};
  std::vector<uint8_t> bytes;
  for (const nb::str& text : texts) {
    const std::string name = bytes_of(text);
    bytes.insert(bytes.end(), name.begin(), name.end());
    start.push_back(static_cast<int64_t>(bytes.size()));
  }
  ids.text_start = Array<int64_t>(std::move(start));
  ids.texts = Array<uint8_t>(std::move(bytes));
  return ids;
}

/// Returns copies of arrays, which the interpreter's lock need not protect.
std::map<std::string, NpyArray> copies_of(const std::map<std::string, InputArray>& arrays) {
  std::map<std::string, NpyArray> copies;
  for (const auto& [name, values] : arrays) copies.emplace(name, npy_array(name, values));
  return copies;
}

std::vector<std::string> bytes_of_all(const std::vector<nb::str>& texts) {
  std::vector<std::string> all;
  for (const nb::str& one : texts) all.push_back(bytes_of(one));
  return all;
}

/// The arrays are copied while the interpreter's lock is held, and the graph is made without it.
Dataset graph_of_arrays(const std::map<std::string, InputArray>& arrays, const nb::str& given_name, bool labelled,
                        const std::vector<int64_t>& integer_ids, const std::vector<nb::str>& text_ids,
                        const std::vector<nb::str>& class_names, const std::vector<uint8_t>& edge_type,
                        const std::vector<nb::str>& edge_type_names, bool directed) {
  const std::string name = bytes_of(given_name);
  std::map<std::string, NpyArray> copies = copies_of(arrays);
  StoredIds ids = ids_of(integer_ids, text_ids);
  std::vector<std::string> classes = bytes_of_all(class_names), types = bytes_of_all(edge_type_names);
  const nb::gil_scoped_release release;
  Dataset data = dataset_of_arrays(std::move(copies), name, labelled);
  data.ids = std::move(ids);
  check_distinct(classes, name, "class");
  if (!classes.empty()) data.class_names = std::move(classes);
  if (!types.empty()) {
    // The fingerprint of a list of edges does not cover their types.
    data.stored_fingerprint = random_key(fingerprint(data), directed);
    for (const uint8_t type : edge_type) data.stored_fingerprint = random_key(data.stored_fingerprint, type);
    data.graph = typed_graph(data.nodes, data.edges, edge_type, std::move(types), directed, name);
    data.edges = {};
  }
  return data;
}

/// Returns a copy of a graph with other labels and splits (see relabelled()).
Dataset with_labels(const Dataset& data, const std::map<std::string, InputArray>& arrays,
                    const std::vector<nb::str>& class_names, const nb::str& given_name) {
  std::map<std::string, NpyArray> copies = copies_of(arrays);
  std::vector<std::string> classes = bytes_of_all(class_names);
  const std::string name = bytes_of(given_name);
  const nb::gil_scoped_release release;
  return relabelled(data, std::move(copies), std::move(classes), name);
}

/// Reads a graph. With `in_memory`, the graph does not name its file, which may be removed afterwards.
Dataset load_graph(const fs::path& path, bool in_memory) {
  const nb::gil_scoped_release release;
  Dataset data = load_dataset(path);
  if (in_memory) data.source = "memory";
  return data;
}

/// Returns the user's ids as texts, by node.
nb::list node_names(const Dataset& data) {
  nb::list names;
  for (int64_t i = 0; i < data.nodes; ++i) names.append(text(data.ids.name(i)));
  return names;
}

/// Trains and writes a run folder; without splits, all splits are used.
void run(const Dataset& data, const nb::str& recipe, const Settings& settings, const fs::path& out, bool overwrite,
         bool resume, std::vector<int64_t> splits, int64_t repeats, uint64_t seed, int64_t memory,
         const nb::str& device, int threads, const nb::object& listener) {
  RunRequest request;
  request.out = out, request.overwrite = overwrite, request.resume = resume;
  request.all_splits = splits.empty();
  if (!splits.empty()) request.splits = std::move(splits);
  request.repeats = repeats, request.seed = seed, request.memory = memory;
  request.device = bytes_of(device);
  const Recipe made = make_recipe(recipe, settings);
  in_background(listener, threads, [&](Observer& observer) {
    for (const std::string& note : data.notes) observer.note(str(data.name, ": ", note));
    run_experiment(data, made, request, observer);
  });
}

/// Returns the probabilities and the embeddings of all nodes.
nb::tuple predict(const Dataset& data, const fs::path& folder, const nb::str& device, int threads,
                  const nb::object& listener) {
  NodePredictions p;
  const std::string name = bytes_of(device);
  in_background(listener, threads, [&](Observer& observer) { p = predict_nodes(data, folder, observer, name); });
  return nb::make_tuple(numpy_array(std::move(p.probabilities), p.nodes, p.classes),
                        numpy_array(std::move(p.embeddings), p.nodes, p.width));
}

/// Copies edges, so that the arrays of Python do not refer to the run's memory.
ops::AttentionEdges copy_of(const ops::AttentionEdges& edges) {
  return {edges.row_start.clone(), edges.index.clone(), edges.type.clone(), {}, {}, {}};
}

/// Returns edges as three NumPy arrays: row_start, index, type.
nb::tuple edge_arrays(const ops::AttentionEdges& edges) {
  return nb::make_tuple(numpy_array(edges.row_start), numpy_array(edges.index), numpy_array(edges.type));
}

/// Returns what a run's networks compute with, for the graph that the run was trained on.
nb::dict run_inputs(const Dataset& given, const fs::path& folder, const nb::object& listener) {
  at::Tensor features, labels;
  ops::AttentionEdges graph;
  std::vector<ops::AttentionEdges> layers;
  std::vector<at::Tensor> scores;
  in_background(listener, 0, [&](Observer& observer) {
    Dataset data = given;
    std::optional<LoadedRun> run;
    NetworkInput input;
    {
      const TorchSettings torch_settings;
      run.emplace(folder, data, observer);
      run->require_same_graph();
      if (!run->network.is_empty()) input = run->input();
    }
    features = dense_features(run->prepared.features);
    labels = dense_labels(run->prepared.features);
    graph = copy_of(run->graph.edges);
    for (const LayerEdges& layer : input.layers) layers.push_back(copy_of(all_edges(layer).edges));
    for (const at::Tensor& layer : run->scores.shown) scores.push_back(layer.clone());
  });
  nb::list layer_arrays, score_arrays;
  for (const ops::AttentionEdges& edges : layers) layer_arrays.append(edge_arrays(edges));
  for (const at::Tensor& layer : scores) score_arrays.append(numpy_array(layer));
  nb::dict out;
  out["features"] = numpy_array(features);
  out["labels"] = labels.defined() ? nb::object(numpy_array(labels)) : nb::none();
  out["attention_graph"] = edge_arrays(graph);
  out["layers"] = layer_arrays;
  out["scores"] = score_arrays;
  return out;
}

/// Returns the attention graph and the scores of each layer of a run, verified.
nb::tuple scores_of(const fs::path& run) {
  const RunFiles files(run);
  nb::list layers;
  for (const at::Tensor& layer : read_scores(files).shown) layers.append(numpy_array(layer.clone()));
  return nb::make_tuple(edge_arrays(copy_of(read_score_edges(files))), layers);
}

int64_t sample_key(const nb::str& sampler, uint64_t seed, int64_t epoch, int64_t layer) {
  return static_cast<int64_t>(DrawKey{seed, epoch, layer}.random(sampler_of(bytes_of(sampler))));
}

nb::dict run_recipe_values(const fs::path& run) { return values_of(RunFolder(run).recipe); }

/// Returns the float32 tensors of a safetensors file by name.
nb::dict read_tensors(const fs::path& path) {
  nb::dict out;
  for (const NamedTensor& t : read_safetensors(path).tensors) {
    if (t.dtype != "F32") throw Error(path.string(), ": tensor '", t.name, "' is ", t.dtype, ", expected F32");
    const at::Tensor view = at::from_blob(const_cast<std::byte*>(t.bytes.data()), t.shape, at::kFloat);
    out[text(t.name)] = numpy_array(view.clone());
  }
  return out;
}

nb::dict read_run_tensors(const fs::path& run, const std::string& name) {
  return read_tensors(RunFiles(run).verified(name));
}

/// Replaces the tensors in a file of a run folder, and renews the file's checksum.
void replace_tensors(const fs::path& run, const std::string& name, const std::map<std::string, InputArray>& arrays) {
  Safetensors file;
  for (const auto& [name, values] : arrays) {
    NpyArray array = npy_array(name, values);
    if (array.dtype() != "float32") throw Error("tensor '", name, "' is ", array.dtype(), ", expected float32");
    file.tensors.push_back({name, "F32", array.shape, std::move(array.bytes)});
  }
  const std::vector<std::byte> bytes = safetensors_bytes(file);
  replace_run_file(run, name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void copy_run_folder(const fs::path& from, const fs::path& to) { copy_run(from, to); }

/// Returns result.json as text, verified.
std::string result_text(const fs::path& run) { return read_result(run).dump(); }

void define(nb::module_& m) {
  m.doc() = "The engine's entry points; use the graphsieve package.";
  nb::exception<Error> error(m, "Error", PyExc_ValueError);
  watch_mapped_files();
  error.attr("__doc__") = "Bad input. The message names the offender, its value and what was expected.";
  translate_exceptions(error);

  nb::class_<Dataset>(m, "Graph", "A graph for node classification, as it was given.")
      .def_prop_ro("name", [](const Dataset& d) { return text(d.name); })
      .def_prop_ro("source", [](const Dataset& d) { return path_text(d.source); })
      .def_prop_ro(
          "recipe", [](const Dataset& d) { return text(d.recipe); }, "The recipe that fits.")
      .def_prop_ro(
          "recognised", [](const Dataset& d) { return text(d.recognised); },
          "How that recipe was found; empty: it is the default one.")
      .def_ro("nodes", &Dataset::nodes)
      .def_prop_ro(
          "notes", [](const Dataset& d) { return texts(d.notes); }, "Odd things worth telling.")
      .def_prop_ro("class_names", [](const Dataset& d) { return texts(d.class_names); })
      .def_prop_ro("fingerprint", &fingerprint_text, "As result.json has it.")
      .def_prop_ro("features", [](const Dataset& d) { return d.features.cols; })
      .def_prop_ro("classes", [](const Dataset& d) { return d.labels.classes; })
      .def_prop_ro(
          "given_splits", [](const Dataset& d) { return d.given_splits.size(); }, "Number of splits that the data has.")
      .def_prop_ro("label_kind", [](const Dataset& d) { return label_kind_name(d.labels.kind()); })
      .def("node_names", &node_names, "The user's ids, as texts.");

  m.def("load_graph", &load_graph, "path"_a, nb::kw_only(), "in_memory"_a = false,
        "A graph from an .npz or .mat file or a graph folder.");
  m.def(
      "minesweeper", [](uint64_t seed, int64_t side) { return generate_minesweeper(seed, side); }, "seed"_a = 0,
      "side"_a = 100, "The generated minesweeper graph.");
  m.def("graph_of_arrays", &graph_of_arrays, "arrays"_a, "name"_a, "labelled"_a = true, nb::kw_only(),
        "integer_ids"_a = std::vector<int64_t>(), "text_ids"_a = std::vector<nb::str>(),
        "class_names"_a = std::vector<nb::str>(), "edge_type"_a = std::vector<uint8_t>(),
        "edge_type_names"_a = std::vector<nb::str>(), "directed"_a = false,
        "A graph from the arrays of either .npz layout, with the user's ids and names. The edges have types if these "
        "are named.");
  m.def("with_labels", &with_labels, "graph"_a, "arrays"_a, "class_names"_a, "name"_a,
        "A copy of a graph with other labels (node_labels or node_numbers) and splits (train_masks, val_masks, "
        "test_masks).");
  m.def("recipe_values", &recipe_values, "recipe"_a, "settings"_a = Settings(), "Every key of a recipe, checked.");
  m.def("recipe_names", &recipe_names, "The published recipes.");
  m.def("networks", [] { return nn::networks_json().dump(); }, "The registry of networks, as JSON.");
  m.def("run", &run, "graph"_a, "recipe"_a, "settings"_a, "out"_a, nb::kw_only(), "overwrite"_a = false,
        "resume"_a = false, "splits"_a = std::vector<int64_t>{0}, "repeats"_a = 1, "seed"_a = 0, "memory"_a = 0,
        "device"_a = "cpu", "threads"_a = 0, "listener"_a.none() = nb::none(),
        "Trains and writes a run folder. No splits: all of them.");
  m.def("predict", &predict, "graph"_a, "run"_a, "device"_a = "cpu", "threads"_a = 0, "listener"_a.none() = nb::none(),
        "Probabilities [nodes, classes] and embeddings [nodes, width].");
  m.def("run_inputs", &run_inputs, "graph"_a, "run"_a, "listener"_a.none() = nb::none(),
        "Features, attention graph, the network's edges and the scores of a run.");
  m.def("read_scores", &scores_of, "run"_a, "Attention graph and scores of each layer of a run folder, verified.");
  m.def("sample_key", &sample_key, "sampler"_a, "seed"_a, "epoch"_a, "layer"_a,
        "The key of reservoir_sample for a layer's draw.");
  m.def("read_tensors", &read_tensors, "path"_a, "float32 arrays by name, of a safetensors file.");
  m.def("read_run_tensors", &read_run_tensors, "run"_a, "name"_a, "The same of a file of a run folder, verified.");
  m.def("replace_tensors", &replace_tensors, "run"_a, "name"_a, "tensors"_a,
        "Replaces the tensors in a file of a run folder, and renews its checksum.");
  m.def("result_text", &result_text, "run"_a, "A run folder's result.json, verified.");
  m.def("run_recipe_values", &run_recipe_values, "run"_a, "Every key of a run folder's recipe, verified.");
  m.def("copy_run", &copy_run_folder, "source"_a, "target"_a,
        "A copy of a run folder, which appears when it is complete.");
  m.def("tidy_finished", &tidy_finished, "out"_a,
        "Removes what a process left that died right after it finished that run folder.");
  m.def("has_unfinished", &has_unfinished, "out"_a, "True if unfinished work on that run folder can be resumed.");
  m.def("checksum", &checksum, "array"_a, "Two numbers that tell the array's bytes from other ones.");
  m.def("note_torch_threads", &ops::note_torch_threads,
        "Torch's operations are called: a forked child computes with one torch thread.");
  m.def("num_threads", &num_threads, "Threads that the engine and the operators use.");
  m.def("set_num_threads", &set_num_threads, "count"_a, "Results are the same for any number.");
  m.def("tensor_bytes", &tensor_bytes, "Bytes of living tensors that were made while the engine ran.");
  m.attr("version") = GRAPHSIEVE_VERSION;
}

}  // namespace
}  // namespace graphsieve::python

NB_MODULE(_engine, m) { graphsieve::python::define(m); }
