// The card of a folder that the program writes: a JSON file that says which program wrote it, what kind of folder it
// is, in which version of its format, and of every file the length and the checksum.
//
//   {"format": "graphsieve run", "version": 2, …,
//    "files": {"network.safetensors": {"bytes": 5120, "xxh3": "6b0e3c…"}, …},
//    "checksum": "9f2c41…"}                     XXH3 of everything else in the card, as JSON without white space
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "graphsieve/files/checksum.h"

namespace graphsieve {

/// Files of a folder by their paths in it, "scores/layer_0.npy".
using FileRecords = std::map<std::string, FileRecord>;

/// Files as the member "files" of a card, and back. Reading throws Error, beginning with `where`, on anything else.
nlohmann::json records_json(const FileRecords& files);
FileRecords read_records(const nlohmann::json& files, const std::string& where);

/// Adds the member "checksum" to a card, or renews it.
void seal(nlohmann::json& card);

/// True if the card has a checksum. Throws Error, beginning with `where`, where it has one that does not fit: the card
/// is damaged, or was changed.
bool is_sealed(const nlohmann::json& card, const std::string& where);

/// Reads FOLDER/NAME, a card whose member "format" is `format`. Throws Error, naming the file, where it is no such
/// card, its version is above `version` (the folder is of a later program), or its checksum does not fit; and from
/// version `sealed_from` on where it has none.
nlohmann::json read_card(const std::filesystem::path& file, const std::string& format, int64_t version,
                         int64_t sealed_from);
/// The same of a file's text; `where` names the file.
nlohmann::json parse_card(std::string_view text, const std::string& where, const std::string& format, int64_t version,
                          int64_t sealed_from);

}  // namespace graphsieve
