// SPDX-License-Identifier: Apache-2.0
// parse_schema and match_schema: schema.json of a graph folder or run folder.
#include <string_view>

#include "fuzzing.h"
#include "graphsieve/data/match_schema.h"

namespace graphsieve::fuzz {
namespace {

/// A schema with a column of every type.
Schema every_type() {
  Schema schema;
  schema.columns = {{.name = "size", .fill = 2.5},
                    {.name = "open", .type = ColumnType::kTruth},
                    {.name = "colour", .type = ColumnType::kCategory, .categories = {"blue", "red"}},
                    {.name = "joined", .type = ColumnType::kDate, .origin = 19723, .cyclic = true},
                    {.name = "hour", .type = ColumnType::kTimeOfDay, .cyclic = true},
                    {.name = "age", .type = ColumnType::kDuration},
                    {.name = "e", .type = ColumnType::kList, .length = 2, .indicator = true}};
  return schema;
}

/// A schema with features of degrees and one column.
Schema degrees() {
  Schema schema = every_type();
  schema.degree_features = schema.degree_directed = true;
  schema.degree_types = {"knows", "pays"};
  schema.columns.resize(1);
  return schema;
}

/// Matches a wanted and a given schema, which either throws Error or finds a source for each feature.
void match(const Schema& wanted, const Schema& given) {
  accepted([&] {
    const SchemaMatch match = match_schema(wanted, given, "schema.json");
    if (std::ssize(match.source) != wanted.width()) finding("a match has another width than the wanted schema");
  });
}

}  // namespace

void run_reader(Bytes input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  const Schema schema = parse_schema(text, "schema.json");
  if (parse_schema(schema_text(schema), "again") != schema) finding("a written schema is read otherwise");
  // Names of features take memory for each of them; a card may claim very many.
  if (schema.width() > 100'000) return;
  if (std::ssize(schema.feature_names()) != schema.width()) finding("there are not as many names as features");
  // Two columns of one name make the schema match itself only where they are alike.
  match(schema, schema);
  static const Schema known[] = {every_type(), degrees()};
  for (const Schema& other : known) match(other, schema), match(schema, other);
}

void add_seeds(Corpus& to) {
  for (const Schema& schema : {every_type(), degrees()}) to.add(schema_text(schema));
  // Alike but for one thing, by which it is refused or matched otherwise.
  const std::string whole = schema_text(every_type());
  for (const auto& [from, with] :
       std::initializer_list<std::pair<std::string, std::string>>{{"\"red\"", "\"white\""},
                                                                  {"\"truth\"", "\"number\""},
                                                                  {"\"size\"", "\"sizes\""},
                                                                  {"\"length\": 2", "\"length\": 3"},
                                                                  {"\"cyclic\": true", "\"cyclic\": false"},
                                                                  {"\"indicator\": true", "\"indicator\": false"},
                                                                  {"19723", "19724"}}) {
    std::string changed = whole;
    if (const size_t at = changed.find(from); at != std::string::npos) to.add(changed.replace(at, from.size(), with));
  }
  for (const char* text : {"", "null", "[]", "{}", R"({"format": "graphsieve schema", "version": 2})"}) to.add(text);
  for (const char* word :
       {"\"columns\":", "\"categories\":", "\"type\":", "\"length\":", "\"cyclic\":", "\"number\"", "\"category\"",
        "\"list\"", "\"date\"", "\"degree_features\":", "\"table\":", "2147483648", "1e400", "-1"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
