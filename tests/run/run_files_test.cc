// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/run_files.h"

#include <fstream>

#include "../files/folder_testing.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

TEST(Checksum, KnownValuesInPieces) {
  EXPECT_EQ(Checksum().text(), "2d06800538d394c2");  // XXH3 of nothing, as its authors give it
  EXPECT_EQ(Checksum().add("ab").add("").add("c").text(), Checksum().add("abc").text());
  EXPECT_NE(Checksum().add("abc").text(), Checksum().add("abd").text());
}

TEST(Checksum, OfFiles) {
  const TempDir dir;
  const std::string text(3'000'001, 'x');
  write_text_file(dir / "a", text);
  const FileRecord whole = file_record(dir / "a");
  EXPECT_EQ(whole, (FileRecord{3'000'001, Checksum().add(text).text()}));
  EXPECT_EQ(file_record(dir / "a", 2'000'000),
            (FileRecord{2'000'000, Checksum().add(text.substr(0, 2'000'000)).text()}));
  verify_file(dir / "a", whole);
  verify_file(dir / "a", file_record(dir / "a", 7), true);
  EXPECT_CONTAINS(error_of([&] { verify_file(dir / "a", file_record(dir / "a", 7)); }),
                  "is damaged: 3000001 bytes, expected 7");
  EXPECT_CONTAINS(error_of([&] { verify_file(dir / "a", {3'000'001, "00"}); }), "its checksum is");
  EXPECT_CONTAINS(error_of([&] { file_record(dir / "none"); }), "none: cannot be read: No such file");
  EXPECT_CONTAINS(error_of([&] { file_record(dir.path()); }), "is a folder, expected a file");
}

/// Everything that a run's reader reads of the folder of make_run, as one text.
std::string read_all(const fs::path& folder) {
  const RunFiles run(folder);
  return run.result().dump() + run.text("recipe.yaml") + read_text_file(run.verified("scores/layer_0.npy"));
}

/// Without the care of write_text_file, which would take minutes here.
void write_fast(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

TEST(RunFiles, EveryFlipAndTruncationIsDetectedOrWithoutEffect) {
  const TempDir dir;
  make_run(dir / "run");
  const std::string whole = read_all(dir / "run");
  const auto same_or_refused = [&] {
    std::string found;
    if (error_of([&] { found = read_all(dir / "run"); }).empty()) return found == whole;
    return true;
  };
  for (const char* name : {"card.json", "result.json", "recipe.yaml", "scores/layer_0.npy"}) {
    const std::string text = read_text_file(dir / "run" / name);
    for (size_t at = 0; at < text.size(); ++at) {
      write_fast(dir / "run" / name, text.substr(0, at));
      EXPECT_TRUE(same_or_refused()) << name << " cut at " << at;
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = text;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        write_fast(dir / "run" / name, flipped);
        EXPECT_TRUE(same_or_refused()) << name << ", byte " << at << ", bit " << bit;
      }
    }
    fs::remove(dir / "run" / name);
    EXPECT_NE(error_of([&] { read_all(dir / "run"); }), "") << name << " removed";
    write_fast(dir / "run" / name, text);
  }
  EXPECT_EQ(read_all(dir / "run"), whole);
}

TEST(RunFiles, ARemovedChecksumIsDamageAndNoOldFormat) {
  const TempDir dir;
  make_run(dir / "run");
  nlohmann::json card = nlohmann::json::parse(read_text_file(dir / "run" / "card.json"));
  card.erase("checksum");
  write_text_file(dir / "run" / "card.json", card.dump());
  EXPECT_CONTAINS(error_of([&] { RunFiles run(dir / "run"); }), "'checksum' is missing");
  fs::remove(dir / "run" / "card.json");
  EXPECT_CONTAINS(error_of([&] { RunFiles run(dir / "run"); }),
                  "card.json, which has the checksums of its files, is missing");
}

TEST(RunFiles, AFolderOfTheFirstFormatIsReadWithANote) {
  const TempDir dir;
  write_text_file(dir / "result.json", kOldResult);
  write_text_file(dir / "recipe.yaml", "model: plain\n");
  const RunFiles run(dir.path());
  EXPECT_FALSE(run.has_checksums());
  EXPECT_CONTAINS(run.note(), "no checksums");
  EXPECT_EQ(run.text("recipe.yaml"), "model: plain\n");
  EXPECT_EQ(run.names(), (std::vector<std::string>{"recipe.yaml", "result.json"}));
}

TEST(RunFiles, WhatIsNotOnTheCardIsNotRead) {
  const TempDir dir;
  make_run(dir / "run");
  write_text_file(dir / "run" / "epsilon.json", "{}");
  const RunFiles run(dir / "run");
  EXPECT_CONTAINS(error_of([&] { run.text("epsilon.json"); }), "epsilon.json: is not on the folder's card.json");
}

TEST(RunFiles, LinksWhatIsReplacedOnPurposeLater) {
  const TempDir dir;
  make_run(dir / "run");
  fs::create_directories(dir / "to");
  const FileRecords linked = link_files(RunFiles(dir / "run"), dir / "to", {"scores/", "network.safetensors"});
  EXPECT_EQ(linked.size(), 1u);
  write_text_file(dir / "run" / "scores" / "layer_0.npy", "others");
  EXPECT_CONTAINS(error_of([&] { read_all(dir / "run"); }), "is damaged");
  EXPECT_CONTAINS(error_of([&] { link_files(RunFiles(dir / "run"), dir / "to", {"scores/"}); }), "is damaged");
  replace_run_file(dir / "run", "scores/layer_0.npy", "others");
  EXPECT_CONTAINS(read_all(dir / "run"), "others");
  EXPECT_EQ(read_text_file(dir / "to" / "scores" / "layer_0.npy"), "scores");
}

TEST(RunFiles, LinksLeaveOutAFolderThatWasDeletedAndRefuseAHalfOne) {
  const TempDir dir;
  make_run(dir / "run");
  write_text_file(dir / "run" / "scores" / "layer_1.npy", "more");
  write_run_card(dir / "run");
  fs::create_directories(dir / "to");
  fs::remove(dir / "run" / "scores" / "layer_0.npy");
  EXPECT_CONTAINS(error_of([&] { link_files(RunFiles(dir / "run"), dir / "to", {"scores/"}); }), "layer_0.npy");
  fs::remove_all(dir / "run" / "scores");
  EXPECT_TRUE(link_files(RunFiles(dir / "run"), dir / "to", {"scores/"}).empty());
  fs::remove(dir / "run" / "recipe.yaml");
  EXPECT_CONTAINS(error_of([&] { link_files(RunFiles(dir / "run"), dir / "to", {"recipe.yaml"}); }), "recipe.yaml");
}

// A link in place of the file lets the second of the three steps fail: the card then has two records.
TEST(RunFiles, AReplacementThatEndsInBetweenLeavesTheFolderWhole) {
  const TempDir dir;
  make_run(dir / "run");
  const fs::path file = dir / "run" / "scores" / "layer_0.npy";
  fs::rename(file, dir / "aside");
  fs::create_symlink(dir / "aside", file);
  EXPECT_CONTAINS(error_of([&] { replace_run_file(dir / "run", "scores/layer_0.npy", "others"); }), "layer_0.npy");
  fs::remove(file);
  fs::copy_file(dir / "aside", file);
  EXPECT_CONTAINS(read_all(dir / "run"), "scores");
  write_text_file(file, "neither");
  EXPECT_CONTAINS(error_of([&] { read_all(dir / "run"); }), "is damaged");
  write_text_file(file, "others");
  EXPECT_CONTAINS(read_all(dir / "run"), "others");
  replace_run_file(dir / "run", "scores/layer_0.npy", "a third content");
  EXPECT_CONTAINS(read_all(dir / "run"), "a third content");
  write_text_file(file, "others");
  EXPECT_CONTAINS(error_of([&] { read_all(dir / "run"); }), "is damaged");
}

}  // namespace
}  // namespace graphsieve
