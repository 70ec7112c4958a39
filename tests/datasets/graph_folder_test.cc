// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/graph_folder.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "../files/temp_dir.h"
#include "graphsieve/data/features.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/npy_file.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

Dataset small() {
  Dataset data = generate_minesweeper(3, 6);
  for (size_t i = 0; i < data.features.dense.size(); ++i) data.features.dense[i] += 0.1f * static_cast<float>(i % 5);
  return data;
}

class GraphFolderTest : public testing::Test {
 protected:
  std::filesystem::path write(const Dataset& data, const GraphFolderOptions& options = {}) {
    write_graph_folder(data, dir_ / "graph", options);
    return dir_ / "graph";
  }

  /// The message of reading the folder after `change`.
  template <class Body>
  std::string broken(Body change) {
    std::filesystem::remove_all(dir_ / "graph");
    change(write(small()));
    return error_of([&] { read_graph_folder(dir_ / "graph"); });
  }

  /// One value of an array put in place; the header stays, and the checksums are made to fit.
  template <class T>
  static void put(const std::filesystem::path& file, int64_t at, T value) {
    std::string bytes = read_text_file(file);
    const size_t head = 10 + static_cast<unsigned char>(bytes[8]) + 256 * static_cast<unsigned char>(bytes[9]);
    std::memcpy(bytes.data() + head + at * sizeof(T), &value, sizeof(T));
    write_text_file(file, bytes);
    edit(file.parent_path(), [&](Json& card) {
      card["files"][file.filename().string()] = records_json({{"file", file_record(file)}})["file"];
    });
  }

  /// The card changed, with a checksum that fits.
  static void edit(const std::filesystem::path& folder, const std::function<void(Json&)>& change) {
    Json card = Json::parse(read_text_file(folder / "graph.json"));
    change(card);
    seal(card);
    write_text_file(folder / "graph.json", card.dump());
  }

  TempDir dir_;
};

TEST_F(GraphFolderTest, HoldsTheGraphThatWentIn) {
  const Dataset data = small();
  const Dataset back = read_graph_folder(write(data));
  const Csr rows = symmetric_csr(data.nodes, data.edges, false);
  EXPECT_EQ(back.nodes, data.nodes);
  EXPECT_TRUE(std::equal(rows.row_start.begin(), rows.row_start.end(), back.graph->row_start.begin(),
                         back.graph->row_start.end()));
  EXPECT_TRUE(std::equal(rows.source.begin(), rows.source.end(), back.graph->source.begin(), back.graph->source.end()));
  EXPECT_EQ(back.features.cols, data.features.cols);
  for (size_t i = 0; i < data.features.dense.size(); ++i) ASSERT_EQ(back.features.stored[i], data.features.dense[i]);
  EXPECT_EQ(back.labels.single, data.labels.single);
  ASSERT_EQ(back.given_splits.size(), data.given_splits.size());
  EXPECT_EQ(back.given_splits[4].train, data.given_splits[4].train);
  EXPECT_EQ(back.given_splits[4].val, data.given_splits[4].val);
  EXPECT_EQ(back.given_splits[4].test, data.given_splits[4].test);
  EXPECT_EQ(fingerprint(back), fingerprint(data));
  EXPECT_EQ(back.name, data.name);
  EXPECT_EQ(back.recipe, data.recipe);
  EXPECT_NO_THROW(verify_graph_folder(dir_ / "graph"));
  EXPECT_EQ(load_dataset(dir_ / "graph").nodes, data.nodes);
}

TEST_F(GraphFolderTest, AFolderOfAFolderIsTheSame) {
  const auto first = write(small());
  write_graph_folder(read_graph_folder(first), dir_ / "again", {});
  for (const char* name : {"row_start.npy", "source.npy", "features.npy", "labels.npy", "splits.npy", "graph.json"})
    EXPECT_EQ(read_text_file(first / name), read_text_file(dir_ / "again" / name)) << name;
}

TEST_F(GraphFolderTest, HalfPrecisionRoundsToNearest) {
  for (const FloatType type : {FloatType::kFloat16, FloatType::kBfloat16}) {
    const Dataset data = small();
    std::filesystem::remove_all(dir_ / "graph");
    const Dataset back = read_graph_folder(write(data, {.features = type}));
    const float unit = type == FloatType::kFloat16 ? 0x1p-11f : 0x1p-8f;
    for (size_t i = 0; i < data.features.dense.size(); ++i)
      ASSERT_NEAR(back.features.stored[i], data.features.dense[i], unit * std::abs(data.features.dense[i]));
    const Features binary = treated(back.features, FeatureTreatment::kBinary);
    EXPECT_FALSE(binary.in_file());
    EXPECT_EQ(binary.dense[1], data.features.dense[1] > 0 ? 1 : 0);
  }
  EXPECT_EQ(to_bfloat16(std::numeric_limits<float>::quiet_NaN()) & 0x7f, 0x40);
  EXPECT_EQ(from_bfloat16(to_bfloat16(1.00390625f)), 1.0f) << "a tie goes to the even one";
  Dataset large = small();
  large.features.dense[8] = 1e6f;
  std::filesystem::remove_all(dir_ / "graph");
  EXPECT_EQ(error_of([&] { write(large, {.features = FloatType::kFloat16}); }),
            (dir_ / "graph").string() + ": feature of node 1, column 1 is 1e+06, too large for float16");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "graph")) << "whole or not at all";
}

TEST_F(GraphFolderTest, SparseFeaturesSeveralLabelsAndDirections) {
  Dataset data = small();
  data.features = {};
  data.features.rows = data.nodes, data.features.cols = 9;
  data.features.row_start.assign(data.nodes + 1, 2);
  data.features.row_start[0] = 0;
  data.features.column = {1, 8}, data.features.value = {2, -1};
  data.labels = {.classes = 2, .single = {}, .values = std::vector<float>(data.nodes * 2, 1)};
  data.labels.values[3] = std::numeric_limits<float>::quiet_NaN();
  const Dataset back = read_graph_folder(write(data, {.directed = true}));
  EXPECT_EQ(back.features.row_start, data.features.row_start);
  EXPECT_EQ(back.features.column, data.features.column);
  EXPECT_EQ(back.features.value, data.features.value);
  EXPECT_TRUE(std::isnan(back.labels.values[3]));
  EXPECT_EQ(back.labels.classes, 2);
  EXPECT_TRUE(back.graph->directed);
  EXPECT_EQ(back.graph->source.size(), symmetric_csr(data.nodes, data.edges, true).source.size());
  EXPECT_NE(error_of([&] { write_graph_folder(back, dir_ / "undirected", {}); }), "");
}

TEST_F(GraphFolderTest, EdgeTypes) {
  Dataset data = small();
  const auto typed = [&] {  // 0 - 1 of both types, 1 - 2 of the second alone
    StoredGraph graph;
    std::vector<int64_t> start(data.nodes + 1, 6);
    start[0] = 0, start[1] = 2, start[2] = 5;
    graph.row_start = start;
    graph.source = std::vector<int32_t>{1, 1, 0, 0, 2, 1};
    graph.type = std::vector<uint8_t>{0, 1, 0, 1, 1, 1};
    graph.type_names = {"friend", "foe"};
    return graph;
  };
  data.graph = typed();
  const auto folder = write(data);
  EXPECT_EQ(Json::parse(read_text_file(folder / "graph.json"))["version"], 3);
  const Dataset back = read_graph_folder(folder);
  EXPECT_EQ(back.graph->type_names, data.graph->type_names);
  EXPECT_TRUE(
      std::equal(back.graph->type.begin(), back.graph->type.end(), data.graph->type.begin(), data.graph->type.end()));
  EXPECT_NO_THROW(verify_graph_folder(folder));
  const GraphReport report = check_graph(back);
  EXPECT_EQ(report.edges, 3);
  EXPECT_EQ(report.edge_type_counts, (std::vector<int64_t>{1, 2}));
  write_graph_folder(back, dir_ / "again", {});
  for (const char* name : {"edge_type.npy", "graph.json"})
    EXPECT_EQ(read_text_file(folder / name), read_text_file(dir_ / "again" / name)) << name;

  const auto damaged = [&](int64_t at, uint8_t type) {
    std::filesystem::remove_all(folder);
    write(data);
    put<uint8_t>(folder / "edge_type.npy", at, type);
    return error_of([&] { verify_graph_folder(folder); });
  };
  const std::string type_file = (folder / "edge_type.npy").string(), source_file = (folder / "source.npy").string();
  EXPECT_EQ(damaged(1, 2), type_file + ": row 0: type 2 after 0, expected ascending types below 2");
  EXPECT_EQ(damaged(0, 1), source_file + ": row 0: 1 after 1, expected ascending sources");
  EXPECT_EQ(damaged(5, 0),
            source_file + ": row 1 holds 2, but row 2 does not hold 1 with the same type: the graph is not undirected");
  std::filesystem::remove_all(folder);
  write(data);
  edit(folder, [](Json& card) { card["edge_types"] = {"friend", "friend"}; });
  EXPECT_EQ(error_of([&] { read_graph_folder(folder); }),
            (folder / "graph.json").string() +
                ": edge type 'friend' is named twice, expected a name of its own for each edge type");
  data.graph->type_names = std::vector<std::string>(65, "t");
  EXPECT_EQ(error_of([&] { write(data, {.overwrite = true}); }), folder.string() + ": 65 edge types, expected 1 to 64");
}

TEST_F(GraphFolderTest, DamageIsNamed) {
  const std::string at = (dir_ / "graph").string();
  EXPECT_EQ(broken([](auto f) { std::filesystem::resize_file(f / "source.npy", 300); }),
            at + "/source.npy: is damaged: 300 bytes, expected " +
                std::to_string(128 + 4 * symmetric_csr(36, small().edges, false).edges()));
  EXPECT_NE(broken([](auto f) {
              std::filesystem::remove(f / "labels.npy");
            }).find("/labels.npy: cannot be read: No such file"),
            std::string::npos);
  EXPECT_EQ(broken([](auto f) { put<int32_t>(f / "source.npy", 0, 99); }),
            at + "/source.npy: row 0: source 99, expected 0 to 35");
  EXPECT_EQ(broken([](auto f) { put<int32_t>(f / "source.npy", 1, 0); }),
            at + "/source.npy: row 0: 0 after 1, expected ascending sources");
  EXPECT_EQ(broken([](auto f) { put<int32_t>(f / "source.npy", 0, 0); }),
            at + "/source.npy: row 0 holds the node itself");
  EXPECT_EQ(broken([](auto f) { put<int64_t>(f / "row_start.npy", 2, 1); }),
            at + "/row_start.npy: row 1 goes from 3 back to 1");
  EXPECT_EQ(broken([](auto f) { put<int32_t>(f / "labels.npy", 7, 2); }),
            at + "/labels.npy: node 7: label 2, expected -1 to 1");
  EXPECT_EQ(broken([](auto f) { put<uint8_t>(f / "splits.npy", 5, 4); }),
            at + "/splits.npy: split 0, node 5: 4, expected 0 to 3");
  EXPECT_EQ(broken([](auto f) { write_text_file(f / "graph.json", "{}"); }),
            at + "/graph.json: no card of a folder; expected an object with \"format\": \"graphsieve graph\"");
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card["version"] = 4; }); }),
            at + "/graph.json: version 4 of the format, this program reads up to 3; use a newer graphsieve");
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card.erase("nodes"); }); }),
            at + "/graph.json: 'nodes' is missing");
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card["labels"]["names"] = {"a", "a"}; }); }),
            at + "/graph.json: class 'a' is named twice, expected a name of its own for each class");
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card["edges"] = "many"; }); }),
            at + "/graph.json: 'edges' is \"many\", expected a whole number of at least 1");
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card["nodes"] = 35; }); }),
            at + "/row_start.npy: holds an array [37], expected [36]");
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card["features"]["type"] = "float16"; }); }),
            at + "/features.npy: holds another type than '<u2'");
}

TEST_F(GraphFolderTest, EveryCountOfTheCardIsBounded) {
  const std::string card_file = (dir_ / "graph" / "graph.json").string();
  const std::vector<std::string> counts = {
      "/version", "/nodes", "/edges", "/features/columns", "/labels/classes", "/splits", "/files/source.npy/bytes"};
  for (const std::string& count : counts)
    for (const Json& wrong : {Json(-1), Json(2.5), Json("text"), Json(nullptr), Json(int64_t{1} << 62),
                              Json(UINT64_MAX), Json(1e300), Json(true), Json::array()}) {
      const std::string message =
          broken([&](auto f) { edit(f, [&](Json& card) { card[Json::json_pointer(count)] = wrong; }); });
      const bool number = wrong.is_number_integer() && wrong != -1;
      EXPECT_EQ(message.find((dir_ / "graph").string()), 0u) << count << " " << wrong << ": " << message;
      if (!number) {
        EXPECT_EQ(message.find(card_file + ": '"), 0u) << count << " " << wrong << ": " << message;
      }
    }
  EXPECT_EQ(broken([](auto f) { edit(f, [](Json& card) { card["labels"]["classes"] = 1000000000000; }); }),
            card_file + ": 'labels.classes' is 1000000000000, expected at most 36 for the labels of 36 nodes");
  for (const char* key : {"name", "recipe", "ids", "fingerprint", "directed"})
    EXPECT_EQ(
        broken([&](auto f) { edit(f, [&](Json& card) { card[key] = 3; }); }).find(str(card_file, ": '", key, "' is 3")),
        0u);
}

TEST_F(GraphFolderTest, VerifyReadsEveryByte) {
  const auto verify = [this] { return error_of([this] { verify_graph_folder(dir_ / "graph"); }); };
  const auto folder = write(small());
  put<float>(folder / "features.npy", 9, std::numeric_limits<float>::infinity());
  EXPECT_EQ(error_of([&] { read_graph_folder(folder); }), "");
  EXPECT_EQ(verify(), (folder / "features.npy").string() + ": node 1, column 2 is inf, expected a finite number");
  std::filesystem::remove_all(folder);
  Dataset oneway = small();
  write_graph_folder(oneway, folder, {.directed = true});
  edit(folder, [](Json& card) { card["directed"] = false; });
  EXPECT_NE(verify().find("the graph is not undirected"), std::string::npos) << verify();
}

TEST_F(GraphFolderTest, ChecksumsAreVerifiedWhenItIsRead) {
  const auto folder = write(small());
  const std::string bytes = read_text_file(folder / "features.npy");
  std::string flipped = bytes;
  flipped[flipped.size() / 2] ^= 4;
  write_text_file(folder / "features.npy", flipped);
  EXPECT_NE(error_of([&] { read_graph_folder(folder); }).find("features.npy: is damaged, or was changed"),
            std::string::npos);
  write_text_file(folder / "features.npy", bytes);
  Json card = Json::parse(read_text_file(folder / "graph.json"));
  const auto read = [&](const Json& with) {
    write_text_file(folder / "graph.json", with.dump());
    return error_of([&] { read_graph_folder(folder); });
  };
  EXPECT_EQ(read(card), "");
  Json other = card;
  other["recipe"] = "tolokers";
  EXPECT_NE(read(other).find("graph.json: is damaged, or was changed"), std::string::npos);
  other.erase("checksum");
  EXPECT_NE(read(other).find("'checksum' is missing"), std::string::npos);
  other["version"] = 2;  // as written before cards had checksums
  EXPECT_EQ(read(other), "");
  EXPECT_NE(read_graph_folder(folder).notes.at(0).find("earlier version"), std::string::npos);
}

TEST_F(GraphFolderTest, ReplacesNothingButAGraphFolder) {
  const auto folder = write(small());
  EXPECT_NE(error_of([&] { write(small()); }), "");
  EXPECT_NO_THROW(write(small(), {.overwrite = true}));
  std::filesystem::create_directory(dir_ / "other");
  write_text_file(dir_ / "other" / "thesis.txt", "years of work");
  EXPECT_NE(error_of([&] { write_graph_folder(small(), dir_ / "other", {.overwrite = true}); }), "");
  EXPECT_TRUE(std::filesystem::exists(dir_ / "other" / "thesis.txt"));
}

}  // namespace
}  // namespace graphsieve
