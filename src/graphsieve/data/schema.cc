// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/schema.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "graphsieve schema";
constexpr int64_t kVersion = 1;
constexpr int64_t kMostWidth = int64_t{1} << 31;

/// In the order of the enumeration.
constexpr const char* kTypeNames[] = {"number", "truth", "category", "date", "time_of_day", "duration", "list"};

/// The cyclic features of a date; the first two are also those of a time of the day.
constexpr const char* kCyclicNames[] = {"sine of the day",    "cosine of the day", "sine of the week",
                                        "cosine of the week", "sine of the year",  "cosine of the year"};

int64_t cyclic_width(const SchemaColumn& column) {
  if (!column.cyclic) return 0;
  return column.type == ColumnType::kDate ? std::ssize(kCyclicNames) : 2;
}

Json json_of(const SchemaColumn& column) {
  Json json = {{"name", column.name}, {"type", column_type_name(column.type)}};
  if (column.type == ColumnType::kCategory) json["categories"] = column.categories;
  if (column.type == ColumnType::kList) json["length"] = column.length;
  if (column.type == ColumnType::kDate) json["origin"] = column.origin;
  if (column.cyclic) json["cyclic"] = true;
  if (column.fill) json["fill"] = *column.fill;
  if (column.indicator) json["indicator"] = true;
  return json;
}

ColumnType type_named(const JsonObject& json) {
  const auto name = json.get<std::string>("type");
  for (size_t t = 0; t < std::size(kTypeNames); ++t)
    if (name == kTypeNames[t]) return static_cast<ColumnType>(t);
  json.refuse("type", "a type of column");
}

SchemaColumn column_of(const JsonObject& json) {
  SchemaColumn column{.name = json.get<std::string>("name"), .type = type_named(json)};
  if (column.type == ColumnType::kCategory) {
    column.categories = json.get<std::vector<std::string>>("categories");
    if (std::adjacent_find(column.categories.begin(), column.categories.end(), std::greater_equal<>()) !=
        column.categories.end())
      json.refuse("categories", "ascending texts");
  }
  if (column.type == ColumnType::kList) column.length = json.count("length", 1, kMostWidth);
  if (column.type == ColumnType::kDate) column.origin = json.get<double>("origin");
  column.cyclic = json.get_or("cyclic", false);
  if (column.cyclic && column.type != ColumnType::kDate && column.type != ColumnType::kTimeOfDay)
    json.refuse("cyclic", "false for this type");
  if (json.has("fill")) column.fill = json.get<double>("fill");
  column.indicator = json.get_or("indicator", false);
  return column;
}

Json json_of(const TableNames& table) {
  return {{"id", table.id},
          {"source", table.source},
          {"destination", table.destination},
          {"edge_type", table.edge_type},
          {"labels", table.labels},
          {"regression", table.regression},
          {"id_type", table.text_ids ? "text" : "integer"},
          {"missing", table.missing},
          {"delimiter", table.delimiter},
          {"decimal", table.decimal},
          {"thousands", table.thousands},
          {"directed", table.directed}};
}

TableNames table_of(const JsonObject& json) {
  const auto id_type = json.get<std::string>("id_type");
  if (id_type != "text" && id_type != "integer") json.refuse("id_type", "text or integer");
  const auto character = [&](const char* key) {
    const auto text = json.get<std::string>(key);
    if (text.size() > 1) json.refuse(key, "one character");
    return text;
  };
  return {.id = json.get<std::string>("id"),
          .source = json.get<std::string>("source"),
          .destination = json.get<std::string>("destination"),
          .edge_type = json.get<std::string>("edge_type"),
          .labels = json.get<std::vector<std::string>>("labels"),
          .regression = json.get_or("regression", false),
          .text_ids = id_type == "text",
          .directed = json.get<bool>("directed"),
          .missing = json.get<std::vector<std::string>>("missing"),
          .delimiter = character("delimiter"),
          .decimal = character("decimal"),
          .thousands = character("thousands")};
}

}  // namespace

const char* column_type_name(ColumnType type) { return kTypeNames[static_cast<size_t>(type)]; }

int64_t SchemaColumn::value_width() const {
  return type == ColumnType::kCategory ? std::ssize(categories) : type == ColumnType::kList ? length : 1;
}

int64_t SchemaColumn::width() const { return value_width() + cyclic_width(*this) + indicator; }

std::string SchemaColumn::feature_name(int64_t i) const {
  const int64_t values = value_width(), cyclic_end = values + cyclic_width(*this);
  if (i >= cyclic_end) return name + " (missing)";
  if (i >= values) return str(name, " (", kCyclicNames[i - values], ")");
  if (type == ColumnType::kCategory) return str(name, "=", categories[i]);
  if (type == ColumnType::kList) return str(name, "[", i, "]");
  return name;
}

int64_t Schema::degree_width() const {
  if (!degree_features) return 0;
  return std::max<int64_t>(1, std::ssize(degree_types)) * (degree_directed ? 2 : 1);
}

int64_t Schema::width() const {
  int64_t features = degree_width();
  for (const SchemaColumn& column : columns) features += column.width();
  return features;
}

std::vector<std::string> Schema::feature_names() const {
  std::vector<std::string> names;
  for (const SchemaColumn& column : columns)
    for (int64_t i = 0; i < column.width(); ++i) names.push_back(column.feature_name(i));
  const auto add_degree = [&](const std::string& type) {
    const std::string of = type.empty() ? "" : str(" of ", type);
    names.push_back(str("log degree", degree_directed ? " in" : "", of));
    if (degree_directed) names.push_back(str("log degree out", of));
  };
  if (degree_features && degree_types.empty()) add_degree("");
  if (degree_features)
    for (const std::string& type : degree_types) add_degree(type);
  return names;
}

std::string schema_text(const Schema& schema) {
  Json columns = Json::array();
  for (const SchemaColumn& column : schema.columns) columns.push_back(json_of(column));
  Json json = {
      {"format", kFormat}, {"version", kVersion}, {"columns", std::move(columns)}, {"table", json_of(schema.table)}};
  if (schema.degree_features)
    json["degree_features"] = {{"types", schema.degree_types}, {"directed", schema.degree_directed}};
  return json.dump(1, ' ', false) + "\n";
}

Schema parse_schema(std::string_view text, const std::string& where) {
  const Json parsed = parse_json(text, where);
  const JsonObject json(parsed, where);
  if (json.get<std::string>("format") != kFormat) json.refuse("format", str("'", kFormat, "'"));
  if (json.count("version", 1) > kVersion)
    json.refuse("version", str("at most ", kVersion, "; a later program wrote it"));
  Schema schema;
  for (const JsonObject& column : json.objects("columns")) schema.columns.push_back(column_of(column));
  schema.table = table_of(json.object("table"));
  if (json.has("degree_features")) {
    const JsonObject degrees = json.object("degree_features");
    schema.degree_features = true;
    schema.degree_types = degrees.get<std::vector<std::string>>("types");
    schema.degree_directed = degrees.get<bool>("directed");
  }
  return schema;
}

Schema read_schema(const std::filesystem::path& file) { return parse_schema(read_text_file(file), file.string()); }

}  // namespace graphsieve
