// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/folder_card.h"

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

/// Returns the checksum of a card without its member "checksum". JSON objects are written with sorted keys and without
/// white space, so equal cards have equal texts.
std::string checksum_of(Json card) {
  card.erase("checksum");
  return Checksum().add(card.dump()).text();
}

}  // namespace

Json records_json(const FileRecords& files) {
  Json to = Json::object();
  for (const auto& [name, file] : files) to[name] = {{"bytes", file.bytes}, {"xxh3", file.xxh3}};
  return to;
}

FileRecords read_records(const Json& files, const std::string& where) {
  FileRecords to;
  const JsonObject all(files, where, "files");
  for (const auto& [name, file] : files.items()) {
    const JsonObject one = all.object(name);
    to[name] = {one.count("bytes"), one.get<std::string>("xxh3")};
  }
  return to;
}

void seal(Json& card) { card["checksum"] = checksum_of(card); }

bool is_sealed(const Json& card, const std::string& where) {
  if (!card.contains("checksum")) return false;
  if (card["checksum"] != checksum_of(card))
    throw Error(where, ": is damaged, or was changed: its checksum does not fit what it says");
  return true;
}

Json read_card(const std::filesystem::path& file, const std::string& format, int64_t version, int64_t sealed_from) {
  return parse_card(read_text_file(file), file.string(), format, version, sealed_from);
}

Json parse_card(std::string_view text, const std::string& where, const std::string& format, int64_t version,
                int64_t sealed_from) {
  Json card = parse_json(text, where);
  if (!card.is_object() || card.value("format", Json()) != format)
    throw Error(where, ": no card of a folder; expected an object with \"format\": \"", format, "\"");
  const int64_t its = JsonObject(card, where).count("version", 1);
  if (its > version)
    throw Error(where, ": version ", its, " of the format, this program reads up to ", version,
                "; use a newer graphsieve");
  if (!is_sealed(card, where) && its >= sealed_from)
    throw Error(where, ": is damaged: its member 'checksum' is missing");
  return card;
}

}  // namespace graphsieve
