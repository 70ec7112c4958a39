// SPDX-License-Identifier: Apache-2.0
// The card of a folder that the program writes. It is a JSON file that names the program, the kind of the folder and
// the version of its format, and that lists the length and checksum of every file.
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

/// The files of a folder, by their paths in it ("scores/layer_0.npy").
using FileRecords = std::map<std::string, FileRecord>;

/// Convert the files to the member "files" of a card, and back. read_records() throws Error, beginning with `where`, if
/// the member is not a valid list of files.
nlohmann::json records_json(const FileRecords& files);
FileRecords read_records(const nlohmann::json& files, const std::string& where);

/// Sets the member "checksum" of a card to the checksum of its other members.
void seal(nlohmann::json& card);

/// True if the card has a checksum. Throws Error, beginning with `where`, if the checksum does not match: the card is
/// damaged or was changed.
bool is_sealed(const nlohmann::json& card, const std::string& where);

/// Reads the card `file`, whose member "format" must be `format`. Throws Error naming the file if it is not such a
/// card, if its version is above `version` (a later program wrote the folder), if its checksum does not match, or if it
/// has no checksum although its version is at least `sealed_from`.
nlohmann::json read_card(const std::filesystem::path& file, const std::string& format, int64_t version,
                         int64_t sealed_from);
/// Parses the text of a card as read_card() does; `where` names the file in messages.
nlohmann::json parse_card(std::string_view text, const std::string& where, const std::string& format, int64_t version,
                          int64_t sealed_from);

}  // namespace graphsieve
