// SPDX-License-Identifier: Apache-2.0
// parse_schema and match_schema: schema.json of a graph folder or run folder.
#include <string_view>

#include "fuzzing.h"
#include "graphsieve/data/match_schema.h"

namespace graphsieve::fuzz {

void run_reader(Bytes input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const Schema schema = parse_schema(text, "schema.json");
  if (parse_schema(schema_text(schema), "again") != schema) finding("a written schema is read otherwise");
  // Names of features take memory for each of them; a card may claim very many.
  if (schema.width() > 100'000) return;
  if (std::ssize(schema.feature_names()) != schema.width()) finding("there are not as many names as features");
  // Two columns of one name make the schema match itself only where they are alike.
  accepted([&] {
    const SchemaMatch match = match_schema(schema, schema, "schema.json");
    if (std::ssize(match.source) != schema.width()) finding("a schema does not match itself");
  });
}

void add_seeds(Corpus& to) {
  Schema schema;
  schema.columns = {{.name = "size", .fill = 2.5},
                    {.name = "open", .type = ColumnType::kTruth},
                    {.name = "colour", .type = ColumnType::kCategory, .categories = {"blue", "red"}},
                    {.name = "joined", .type = ColumnType::kDate, .origin = 19723, .cyclic = true},
                    {.name = "hour", .type = ColumnType::kTimeOfDay, .cyclic = true},
                    {.name = "age", .type = ColumnType::kDuration},
                    {.name = "e", .type = ColumnType::kList, .length = 2, .indicator = true}};
  to.add(schema_text(schema));
  schema.degree_features = schema.degree_directed = true;
  schema.degree_types = {"knows", "pays"};
  schema.columns.resize(1);
  to.add(schema_text(schema));
  for (const char* text : {"", "null", "[]", "{}", R"({"format": "graphsieve schema", "version": 2})"}) to.add(text);
  for (const char* word :
       {"\"columns\":", "\"categories\":", "\"type\":", "\"length\":", "\"cyclic\":", "\"number\"", "\"category\"",
        "\"list\"", "\"date\"", "\"degree_features\":", "\"table\":", "2147483648", "1e400", "-1"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
