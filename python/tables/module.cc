// SPDX-License-Identifier: Apache-2.0
// The module graphsieve._tables: conversion of tables, with Apache Arrow. It is loaded when tables are given, after
// pyarrow, whose libraries it uses.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "graphsieve/base/error.h"
#include "graphsieve/tables/convert_tables.h"

namespace graphsieve::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using Texts = std::vector<std::string>;

std::optional<char> character(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text[0]); }

/// Converts a node table and an edge table to the graph folder `out`. Calls note(text) for each note.
void convert(const std::filesystem::path& nodes, const std::filesystem::path& edges, const std::filesystem::path& out,
             const std::string& name, const std::string& id, const std::string& source, const std::string& destination,
             const std::string& edge_type, const std::optional<Texts>& labels, bool regression,
             const std::string& split, const std::string& split_by, const std::string& train_until,
             const std::string& validate_until, const Texts& columns, const Texts& drop, const std::string& id_type,
             const std::optional<double>& fill, const std::map<std::string, std::string>& fills,
             const Texts& indicators, const Texts& cyclic, bool degree_features, const std::optional<Texts>& missing,
             const std::string& delimiter, const std::string& decimal, const std::string& thousands, bool drop_dangling,
             bool directed, const std::string& like, bool refuse_unknown, const nb::object& note) {
  TablesRequest request;
  request.nodes = nodes, request.edges = edges, request.out = out, request.name = name;
  request.id = id, request.source = source, request.destination = destination, request.edge_type = edge_type;
  request.labels = labels, request.regression = regression, request.split = split, request.split_by = split_by;
  request.train_until = train_until, request.validate_until = validate_until;
  request.features = columns, request.drop = drop;
  request.id_type = id_type;
  request.fill = fill, request.fills = fills, request.indicators = indicators, request.cyclic = cyclic;
  request.degree_features = degree_features;
  request.missing = missing;
  request.delimiter = character(delimiter), request.decimal = character(decimal);
  request.thousands = character(thousands);
  request.drop_dangling = drop_dangling, request.directed = directed;
  if (!like.empty()) request.like = read_schema(like);
  if (refuse_unknown) request.unknown = UnknownTexts::kRefuse;
  request.note = [&](const std::string& text) {
    const nb::gil_scoped_acquire acquire;
    note(text);
  };
  request.progress = [](double) {
    const nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
  const nb::gil_scoped_release release;
  convert_tables(request);
}

}  // namespace

NB_MODULE(_tables, m) {
  m.doc() = "Conversion of tables.";
  // The package has one class of errors, which the engine's module makes.
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& error) {
      const nb::object type = nb::module_::import_("graphsieve._engine").attr("Error");
      PyErr_SetString(type.ptr(), error.what());
    }
  });
  m.def("convert", &convert, "nodes"_a, "edges"_a, "out"_a, nb::kw_only(), "name"_a = "", "id"_a = "", "source"_a = "",
        "destination"_a = "", "edge_type"_a = "", "labels"_a.none() = nb::none(), "regression"_a = false,
        "split"_a = "", "split_by"_a = "", "train_until"_a = "", "validate_until"_a = "", "columns"_a = Texts(),
        "drop"_a = Texts(), "id_type"_a = "", "fill"_a.none() = nb::none(),
        "fills"_a = std::map<std::string, std::string>(), "indicators"_a = Texts(), "cyclic"_a = Texts(),
        "degree_features"_a = false, "missing"_a.none() = nb::none(), "delimiter"_a = "", "decimal"_a = "",
        "thousands"_a = "", "drop_dangling"_a = false, "directed"_a = false, "like"_a = "", "refuse_unknown"_a = false,
        "note"_a, "A graph folder of a node table and an edge table.");
}

}  // namespace graphsieve::python
