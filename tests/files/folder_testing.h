// SPDX-License-Identifier: Apache-2.0
// What the tests of folders share: a small run folder and graph folder as the program writes them.
#pragma once

#include <nlohmann/json.hpp>

#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/run/run_files.h"
#include "temp_dir.h"

namespace graphsieve {

/// A run folder without a network: result.json, recipe.yaml, scores and a card.
inline void make_run(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "scores");
  write_text_file(folder / "recipe.yaml", "model: spexphormer\n");
  write_text_file(folder / "scores" / "layer_0.npy", "scores");
  write_text_file(folder / "result.json", R"({"format": 2, "graph": {}, "runs": []})");
  write_run_card(folder);
}

/// A result.json of format 1, before there were cards.
constexpr const char* kOldResult =
    R"({"version": "0.1.0", "torch": "2.13.0", "model": "plain", "metric": "accuracy", "test_mean": 0.5,
        "graph": {"fingerprint": "00"}, "runs": [{"split": 0, "seed": 0}]})";

inline void make_graph(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_text_file(folder / "labels.npy", "labels");
  nlohmann::json card = {{"format", kGraphFormat},
                         {"version", kGraphVersion},
                         {"files", records_json({{"labels.npy", file_record(folder / "labels.npy")}})}};
  seal(card);
  write_text_file(folder / kGraphCard, card.dump());
}

}  // namespace graphsieve
