// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/owned_folder.h"

#include <sys/stat.h>

#include <cstdlib>

#include "folder_testing.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

std::string refused(const fs::path& folder, FolderKind kind, const std::vector<fs::path>& inputs = {}) {
  return error_of([&] { require_replaceable_folder(folder, kind, inputs); });
}

TEST(OwnedFolder, OwnFoldersMayBeReplaced) {
  const TempDir dir;
  make_run(dir / "run");
  EXPECT_EQ(refused(dir / "run", FolderKind::kRun), "");
  write_text_file(dir / "run" / "report.html", "page");
  EXPECT_EQ(refused(dir / "run", FolderKind::kRun), "");
  make_run(dir / "run" / "split-3-seed-17");
  EXPECT_EQ(refused(dir / "run", FolderKind::kRun), "");
  fs::remove(dir / "run" / "recipe.yaml");
  EXPECT_EQ(refused(dir / "run", FolderKind::kRun), "");
  make_graph(dir / "graph");
  EXPECT_EQ(refused(dir / "graph", FolderKind::kGraph), "");
  fs::create_directory(dir / "empty");
  EXPECT_EQ(refused(dir / "empty", FolderKind::kGraph), "");
}

TEST(OwnedFolder, FoldersOfTheFirstFormatMayBeReplaced) {
  const TempDir dir;
  fs::create_directory(dir / "run");
  write_text_file(dir / "run" / "result.json", kOldResult);
  write_text_file(dir / "run" / ".predictions.csv.partial-17", "half");
  EXPECT_EQ(refused(dir / "run", FolderKind::kRun), "");
  write_text_file(dir / "run" / "notes.txt", "mine");
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun), "it holds 'notes.txt'");
  fs::create_directory(dir / "graph");
  write_text_file(dir / "graph" / "graph.json",
                  R"({"format": "graphsieve graph", "version": 1, "fingerprint": "00", "files": {}})");
  EXPECT_EQ(refused(dir / "graph", FolderKind::kGraph), "");
}

TEST(OwnedFolder, AFileNamedLikeACardShowsNothing) {
  const TempDir dir;
  for (const char* text : {"{}", "", "not json", R"({"result": 1})", R"({"format": "graphsieve run", "version": 2})"})
    for (const char* name : {"result.json", "card.json", "graph.json"}) {
      fs::create_directory(dir / "mine");
      write_text_file(dir / "mine" / name, text);
      EXPECT_CONTAINS(refused(dir / "mine", FolderKind::kRun), "nothing in it shows that it is a run folder");
      EXPECT_CONTAINS(refused(dir / "mine", FolderKind::kGraph), "nothing in it shows that it is a graph folder");
      fs::remove_all(dir / "mine");
    }
}

TEST(OwnedFolder, ForeignEntriesAreNamed) {
  const TempDir dir;
  const auto with = [&](const std::string& inside, const auto& add) {
    make_run(dir / "run");
    make_run(dir / "run" / "split-0-seed-1");
    add(dir / "run" / inside);
    EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun), "'" + inside + "', which this program did not write");
    fs::remove_all(dir / "run");
  };
  const auto file = [](const fs::path& path) { write_text_file(path, "mine"); };
  const auto folder = [](const fs::path& path) { fs::create_directory(path); };
  const auto link = [](const fs::path& path) { fs::create_symlink("/etc/hostname", path); };
  for (const char* name : {"notes.txt", ".hidden", "scores/notes.txt", "split-0-seed-1/notes.txt", "epsilon.json",
                           "scores/layer_7.npy", "split-0-seed-1/predictions.csv", "split-0-seed-1/scores/layer_9.npy"})
    with(name, file);  // the last four have names of the program's, but are on no card
  for (const char* name : {"mine", "scores/mine", "split-0-seed-1/mine", "split-0-seed-1/split-0-seed-1x", "scratch"})
    with(name, folder);
  for (const char* name : {"link", "predictions.csv", "scores/layer_1.npy"}) with(name, link);
  with("predictions.csv", folder);
  with("split-1-seed-1", link);
}

TEST(OwnedFolder, ADamagedCardShowsNothing) {
  const TempDir dir;
  make_run(dir / "run");
  std::string card = read_text_file(dir / "run" / "card.json");
  card[card.find("recipe.yaml")] ^= 1;
  write_text_file(dir / "run" / "card.json", card);
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun), "nothing in it shows");
}

TEST(OwnedFolder, PreciousPlacesAreNeverRemoved) {
  const TempDir dir;
  make_run(dir / "run");
  fs::create_directory_symlink(dir / "run", dir / "link");
  EXPECT_CONTAINS(refused(dir / "link", FolderKind::kRun), "symbolic link");
  const fs::path before = fs::current_path();
  fs::create_directories(dir / "run" / "split-0-seed-0");
  fs::current_path(dir / "run");
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun), "it is the current directory");
  EXPECT_CONTAINS(refused(".", FolderKind::kRun), "it is the current directory");
  fs::current_path(dir / "run" / "split-0-seed-0");
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun), "it holds the current directory");
  fs::current_path(before);
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun, {dir / "run"}), "it is an input of this command");
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun, {dir / "link" / "scores" / "layer_0.npy"}),
                  "it holds an input");
  const std::string home = getenv("HOME") ? getenv("HOME") : "";
  setenv("HOME", (dir / "run" / "scores").c_str(), 1);
  EXPECT_CONTAINS(refused(dir / "run", FolderKind::kRun), "it holds a home directory");
  setenv("HOME", home.c_str(), 1);
  EXPECT_CONTAINS(refused("/proc", FolderKind::kRun), "it is a mount point");
  EXPECT_CONTAINS(refused("/", FolderKind::kRun), "is not removed");
}

TEST(OwnedFile, RegularFilesThatAreNoInputs) {
  const TempDir dir;
  const auto why = [&](const fs::path& path, const std::vector<fs::path>& inputs = {}) {
    return error_of([&] { require_replaceable_file(path, inputs); });
  };
  make_run(dir / "run");
  write_text_file(dir / "file", "x");
  fs::create_hard_link(dir / "file", dir / "second");
  EXPECT_EQ(why(dir / "nothing"), "");
  EXPECT_EQ(why(dir / "file"), "");
  EXPECT_CONTAINS(why(dir / "file", {dir / "file"}), "it is an input of this command");
  EXPECT_CONTAINS(why(dir / "second", {dir / "file"}), "it is an input of this command");
  EXPECT_CONTAINS(why(dir / "run" / "recipe.yaml", {dir / "run"}), "part of an input");
  EXPECT_EQ(why(dir / "run" / "report.html", {dir / "run"}), "");
  EXPECT_CONTAINS(why(dir / "run"), "is a folder");
  EXPECT_CONTAINS(why("/dev/null"), "no regular file");
}

TEST(PartialName, IsRecognised) {
  const auto own = [](std::string_view name) { return name == "a.csv"; };
  for (const char* name : {".a.csv.graphsieve-partial", ".a.csv.graphsieve-partial-12"})
    EXPECT_TRUE(is_partial_name(name, own));
  for (const char* name : {"a.csv.graphsieve-partial", ".b.csv.graphsieve-partial", ".a.csv.graphsieve-partial-",
                           ".a.csv.graphsieve-partial-x", ".a.csv.graphsieve-partialx", ".graphsieve-partial", ""})
    EXPECT_FALSE(is_partial_name(name, own)) << name;
  EXPECT_EQ(partial_name("a.csv", 0), ".a.csv.graphsieve-partial");
  EXPECT_EQ(partial_name("a.csv", 3), ".a.csv.graphsieve-partial-3");
  EXPECT_LT(partial_name(std::string(255, 'x'), 999).size(), 255u);
  EXPECT_NE(partial_name(std::string(255, 'x'), 0), partial_name(std::string(254, 'x'), 0));
}

}  // namespace
}  // namespace graphsieve
