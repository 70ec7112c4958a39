// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/schema.h"

#include <gtest/gtest.h>

#include "../files/temp_dir.h"
#include "graphsieve/data/match_schema.h"

namespace graphsieve {
namespace {

/// A column of every type: 1 + 1 + 2 + 7 + 3 + 1 + 3 features.
Schema full() {
  Schema schema;
  schema.columns = {{.name = "size", .fill = 2.5},
                    {.name = "open", .type = ColumnType::kTruth},
                    {.name = "colour", .type = ColumnType::kCategory, .categories = {"blue", "red"}},
                    {.name = "joined", .type = ColumnType::kDate, .origin = 19723, .cyclic = true},
                    {.name = "hour", .type = ColumnType::kTimeOfDay, .cyclic = true},
                    {.name = "age", .type = ColumnType::kDuration},
                    {.name = "e", .type = ColumnType::kList, .length = 2, .fill = 0.0, .indicator = true}};
  schema.table.id = "id";
  schema.table.source = "a";
  schema.table.destination = "b";
  schema.table.labels = {"label"};
  schema.table.text_ids = schema.table.directed = true;
  schema.table.missing = {"NA"};
  schema.table.delimiter = ";";
  schema.table.decimal = ",";
  schema.table.thousands = ".";
  return schema;
}

/// A data set with the schema, whose feature c of node i is 10 · i + c.
Dataset data_of(const Schema& schema, int64_t nodes = 3) {
  Dataset data;
  data.source = "new";
  data.nodes = nodes;
  data.schema = schema;
  data.features.rows = nodes;
  data.features.cols = schema.width();
  for (int64_t i = 0; i < nodes; ++i)
    for (int64_t c = 0; c < schema.width(); ++c) data.features.dense.push_back(static_cast<float>(10 * i + c));
  return data;
}

TEST(Schema, TextRoundTrip) {
  Schema schema = full();
  EXPECT_EQ(parse_schema(schema_text(schema), "there"), schema);
  schema.degree_features = true;
  schema.degree_types = {"knows", "pays"};
  schema.degree_directed = true;
  EXPECT_EQ(parse_schema(schema_text(schema), "there"), schema);
  EXPECT_EQ(schema.width(), 18 + 4);
}

TEST(Schema, NamesOfFeatures) {
  Schema schema = full();
  schema.degree_features = true;
  const std::vector<std::string> expected = {"size",
                                             "open",
                                             "colour=blue",
                                             "colour=red",
                                             "joined",
                                             "joined (sine of the day)",
                                             "joined (cosine of the day)",
                                             "joined (sine of the week)",
                                             "joined (cosine of the week)",
                                             "joined (sine of the year)",
                                             "joined (cosine of the year)",
                                             "hour",
                                             "hour (sine of the day)",
                                             "hour (cosine of the day)",
                                             "age",
                                             "e[0]",
                                             "e[1]",
                                             "e (missing)",
                                             "log degree"};
  EXPECT_EQ(schema.feature_names(), expected);
  EXPECT_EQ(schema.width(), std::ssize(expected));
}

TEST(Schema, RefusesOtherTexts) {
  const auto refused = [](const std::string& from, const std::string& to) {
    std::string text = schema_text(full());
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    return error_of([&] { parse_schema(text, "there"); });
  };
  EXPECT_CONTAINS(refused("graphsieve schema", "other"), "there: 'format'");
  EXPECT_CONTAINS(refused("\"version\": 1", "\"version\": 2"), "a later program wrote it");
  EXPECT_CONTAINS(refused("\"truth\"", "\"truht\""), "'columns[1].type' is \"truht\", expected a type of column");
  EXPECT_CONTAINS(refused("\"blue\"", "\"tan\""), "expected ascending texts");
  EXPECT_CONTAINS(refused("\"delimiter\": \";\"", "\"delimiter\": \";;\""), "expected one character");
  EXPECT_CONTAINS(error_of([] { parse_schema("[]", "there"); }), "there");
}

TEST(MatchSchema, TheSameSchemaChangesNothing) {
  const SchemaMatch match = match_schema(full(), full(), "new");
  EXPECT_TRUE(match.same());
  EXPECT_TRUE(match.extra.empty());
  EXPECT_TRUE(match.unknown.empty());
}

/// Columns and categories in another order, another origin, and a column and a category that the model does not know.
TEST(MatchSchema, ByName) {
  Schema wanted, given;
  wanted.columns = {{.name = "size"},
                    {.name = "colour", .type = ColumnType::kCategory, .categories = {"blue", "green", "red"}},
                    {.name = "joined", .type = ColumnType::kDate, .origin = 100}};
  given.columns = {{.name = "joined", .type = ColumnType::kDate, .origin = 130},
                   {.name = "extra"},
                   {.name = "colour", .type = ColumnType::kCategory, .categories = {"blue", "red", "teal"}},
                   {.name = "size", .type = ColumnType::kTruth}};
  Dataset data = data_of(given);
  const std::vector<std::string> notes = apply_schema(data, wanted, UnknownTexts::kZeros);
  // The features of node 0 were: joined 0, extra 1, blue 2, red 3, teal 4, size 5.
  EXPECT_EQ(std::vector<float>(data.features.dense.begin(), data.features.dense.begin() + 5),
            (std::vector<float>{5, 2, 0, 3, 30}));
  EXPECT_EQ(data.features.cols, 5);
  EXPECT_EQ(*data.schema, wanted);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(
      notes[0],
      "column 'colour': 3 nodes have a text that the training data did not have: 'teal'; it counts as none of the "
      "known ones");
  EXPECT_CONTAINS(notes[1], "column 'extra'");
  Dataset again = data_of(given);
  EXPECT_CONTAINS(error_of([&] { apply_schema(again, wanted, UnknownTexts::kRefuse); }),
                  "new: column 'colour': 3 nodes");
}

TEST(MatchSchema, RefusesByName) {
  const auto refused = [](const SchemaColumn& wanted, const SchemaColumn& given) {
    Schema a, b;
    a.columns = {wanted};
    b.columns = {given};
    return error_of([&] { match_schema(a, b, "new"); });
  };
  EXPECT_CONTAINS(refused({.name = "colour"}, {.name = "color"}),
                  "new: has no column 'colour', which the model was trained with; did you mean color?");
  EXPECT_CONTAINS(refused({.name = "x", .type = ColumnType::kCategory}, {.name = "x"}),
                  "column 'x' is of the type number, the model was trained with the type category");
  EXPECT_CONTAINS(refused({.name = "x", .type = ColumnType::kTruth}, {.name = "x"}), "the type truth");
  EXPECT_CONTAINS(refused({.name = "x", .type = ColumnType::kList, .length = 3},
                          {.name = "x", .type = ColumnType::kList, .length = 2}),
                  "has lists of 2 numbers");
  EXPECT_CONTAINS(refused({.name = "x", .indicator = true}, {.name = "x"}), "missing");
  EXPECT_CONTAINS(
      refused({.name = "x", .type = ColumnType::kDate, .cyclic = true}, {.name = "x", .type = ColumnType::kDate}),
      "cyclic");
  Schema degrees = full();
  degrees.degree_features = true;
  EXPECT_CONTAINS(error_of([&] { match_schema(degrees, full(), "new"); }), "degree features");
}

/// The typed graph 0 → 1 (pays), 2 → 1 (knows).
Dataset typed(const std::vector<std::string>& names) {
  Dataset data = data_of(full());
  StoredGraph graph;
  graph.directed = true;
  graph.row_start = Array<int64_t>({0, 0, 2, 2});
  graph.source = Array<int32_t>({2, 0});
  graph.type = Array<uint8_t>({0, 1});
  graph.type_names = names;
  data.graph = graph;
  return data;
}

TEST(MatchEdgeTypes, ByName) {
  Dataset data = typed({"knows", "pays"});
  match_edge_types(data, {"knows", "owns", "pays"});
  EXPECT_EQ(std::vector<uint8_t>(data.graph->type.begin(), data.graph->type.end()), (std::vector<uint8_t>{0, 2}));
  EXPECT_EQ(data.graph->source[0], 2);
  data = typed({"knows", "pays"});
  match_edge_types(data, {"pays", "knows"});
  // The row stays sorted by (type, source).
  EXPECT_EQ(std::vector<uint8_t>(data.graph->type.begin(), data.graph->type.end()), (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(std::vector<int32_t>(data.graph->source.begin(), data.graph->source.end()), (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(data.graph->type_names, (std::vector<std::string>{"pays", "knows"}));
  data = typed({"knows", "pays"});
  EXPECT_CONTAINS(error_of([&] { match_edge_types(data, {"pays"}); }), "new: edge type 'knows' is none of those");
  EXPECT_CONTAINS(error_of([&] { match_edge_types(data, {}); }), "have types");
}

}  // namespace
}  // namespace graphsieve
