// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/known_datasets.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "../files/temp_dir.h"

namespace graphsieve {
namespace {

/// A valid file of six nodes whose arrays a test may replace or remove.
struct Heterophilous {
  std::vector<float> features = {1, 0, 0, 1, 2, 2, 3, 0, 0, 5, 1, 1};
  std::vector<int64_t> labels = {0, 1, 2, 0, 1, 2};
  std::vector<int64_t> edges = {0, 1, 1, 2, 3, 4};
  std::vector<uint8_t> train = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  std::vector<uint8_t> val = {0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0};
  std::vector<uint8_t> test = {0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0};

  Members members() const {
    return {member<float>("node_features", {6, 2}, features), member<int64_t>("node_labels", {6}, labels),
            member<int64_t>("edges", {3, 2}, edges),          member<uint8_t>("train_masks", {2, 6}, train),
            member<uint8_t>("val_masks", {2, 6}, val),        member<uint8_t>("test_masks", {2, 6}, test)};
  }
};

Members shchur() {
  return {member<float>("adj_data", {4}, {1, 1, 1, 1}),         member<int32_t>("adj_indices", {4}, {1, 2, 0, 3}),
          member<int32_t>("adj_indptr", {5}, {0, 2, 3, 4, 4}),  member<int64_t>("adj_shape", {2}, {4, 4}),
          member<float>("attr_data", {3}, {5, 7, 9}),           member<int32_t>("attr_indices", {3}, {2, 0, 1}),
          member<int32_t>("attr_indptr", {5}, {0, 2, 2, 3, 3}), member<int64_t>("attr_shape", {2}, {4, 3}),
          member<int64_t>("labels", {4}, {0, 1, 1, 0})};
}

void put(Members& members, std::pair<std::string, std::vector<std::byte>> array) {
  std::erase_if(members, [&](const auto& m) { return m.first == array.first; });
  members.push_back(std::move(array));
}

class DatasetsTest : public testing::Test {
 protected:
  Dataset load(const Members& members, const std::string& name = "mine.npz") {
    write_zip(dir_ / name, members);
    return load_dataset(dir_ / name);
  }

  /// The refusal of the valid file with one array replaced. Every message begins with the path.
  std::string refusal(Members members, std::pair<std::string, std::vector<std::byte>> array) {
    put(members, std::move(array));
    const std::string text = error_of([&] { load(members); });
    const std::string path = (dir_ / "mine.npz").string() + ": ";
    EXPECT_TRUE(text.starts_with(path)) << text;
    return text.substr(std::min(path.size(), text.size()));
  }
  std::string refusal(std::pair<std::string, std::vector<std::byte>> array) {
    return refusal(Heterophilous().members(), std::move(array));
  }

  TempDir dir_;
};

TEST_F(DatasetsTest, Heterophilous) {
  Members members = Heterophilous().members();
  members.push_back({"extra.npy", raw_npy<double>("'|O'", false, "(1,)", {1})});
  const Dataset d = load(members);
  EXPECT_EQ(d.name, "mine");
  EXPECT_EQ(d.source, (dir_ / "mine.npz").string());
  EXPECT_EQ(d.recipe, "default");
  EXPECT_EQ(d.recognised, "");
  EXPECT_EQ(d.nodes, 6);
  EXPECT_EQ(d.edges, (std::vector<std::pair<int32_t, int32_t>>{{0, 1}, {1, 2}, {3, 4}}));
  const std::vector<float> features = Heterophilous().features;
  EXPECT_EQ(d.features.dense, LargeVector<float>(features.begin(), features.end()));
  EXPECT_FALSE(d.features.sparse());
  EXPECT_EQ(d.labels.classes, 3);
  ASSERT_EQ(d.given_splits.size(), 2u);
  EXPECT_EQ(d.given_splits[1].train, (std::vector<int32_t>{4, 5}));
  EXPECT_EQ(d.given_splits[1].val, (std::vector<int32_t>{2, 3}));
  EXPECT_EQ(d.given_splits[1].test, (std::vector<int32_t>{0, 1}));
  EXPECT_TRUE(d.notes.empty());
}

TEST_F(DatasetsTest, MasksOfOtherShapes) {
  Members members = Heterophilous().members();
  put(members, member<uint8_t>("train_masks", {6}, {1, 1, 0, 0, 0, 0}));
  put(members, member<uint8_t>("val_masks", {6, 1}, {0, 0, 1, 1, 0, 0}));
  put(members, member<uint8_t>("test_masks", {1, 6}, {0, 0, 0, 0, 1, 0}));
  const Dataset d = load(members);
  ASSERT_EQ(d.given_splits.size(), 1u);
  EXPECT_EQ(d.given_splits[0].val, (std::vector<int32_t>{2, 3}));
  std::erase_if(members, [](const auto& m) { return m.first.ends_with("_masks.npy"); });
  EXPECT_TRUE(load(members).given_splits.empty());
}

TEST_F(DatasetsTest, Shchur) {
  const Dataset d = load(shchur());
  EXPECT_EQ(d.nodes, 4);
  EXPECT_EQ(d.edges, (std::vector<std::pair<int32_t, int32_t>>{{0, 1}, {0, 2}, {1, 0}, {2, 3}}));
  EXPECT_EQ(d.features.cols, 3);
  EXPECT_EQ(d.features.row_start, (std::vector<int64_t>{0, 2, 2, 3, 3}));
  EXPECT_EQ(d.features.column, (std::vector<int32_t>{0, 2, 1})) << "sorted in the row";
  EXPECT_EQ(d.features.value, (std::vector<float>{7, 5, 9}));
  Members dense = shchur();
  std::erase_if(dense, [](const auto& m) { return m.first.starts_with("attr_"); });
  dense.push_back(member<float>("attr_matrix", {4, 1}, {1, 2, 3, 4}));
  EXPECT_EQ(load(dense).features.dense, (LargeVector<float>{1, 2, 3, 4}));
  put(dense, member<float>("adj_data", {4}, {1, 2, 1, 1}));
  EXPECT_CONTAINS(load(dense).notes.at(0), "weight other than 1");
}

TEST_F(DatasetsTest, ShchurRefusals) {
  EXPECT_CONTAINS(refusal(shchur(), member<int32_t>("adj_indices", {4}, {1, 4, 0, 3})),
                  "array 'adj_indices': entry 1, of row 0: 4, expected 0 to 3");
  EXPECT_CONTAINS(refusal(shchur(), member<int32_t>("adj_indptr", {5}, {0, 3, 2, 4, 4})),
                  "row 1 goes from 3 back to 2");
  EXPECT_CONTAINS(refusal(shchur(), member<int32_t>("adj_indptr", {5}, {0, 2, 3, 4, 5})),
                  "from 0 to 5, expected 0 to the 4");
  EXPECT_CONTAINS(refusal(shchur(), member<int32_t>("adj_indptr", {4}, {0, 2, 3, 4})), "4 entries, expected 5");
  EXPECT_CONTAINS(refusal(shchur(), member<int64_t>("adj_shape", {2}, {4, 5})), "4 x 5, expected a square");
  EXPECT_CONTAINS(refusal(shchur(), member<int64_t>("adj_shape", {2}, {int64_t{1} << 60, 4})),
                  "expected lengths up to");
  EXPECT_CONTAINS(refusal(shchur(), member<int32_t>("attr_indices", {3}, {2, 3, 1})), "of row 0: 3, expected 0 to 2");
  EXPECT_CONTAINS(refusal(shchur(), member<int32_t>("attr_indices", {3}, {2, 2, 1})), "row 0: column 2 appears twice");
  EXPECT_CONTAINS(refusal(shchur(), member<float>("attr_data", {2}, {2, 2})), "2 entries, expected 3");
  EXPECT_CONTAINS(refusal(shchur(), member<float>("attr_data", {3}, {2, 2, NAN})),
                  "feature of node 2, column 1 is nan");
  EXPECT_CONTAINS(refusal(shchur(), member<int64_t>("attr_shape", {2}, {3, 3})), "5 entries, expected 4");
  EXPECT_CONTAINS(refusal(shchur(), member<int64_t>("labels", {3}, {0, 1, 1})), "3 labels, expected 4");
}

TEST_F(DatasetsTest, BadFeatures) {
  std::vector<float> x = Heterophilous().features;
  x[7] = NAN;
  x[9] = INFINITY;
  EXPECT_EQ(refusal(member<float>("node_features", {6, 2}, x)),
            "feature of node 3, column 1 is nan, expected a finite number");
  x[7] = 0;
  EXPECT_CONTAINS(refusal(member<float>("node_features", {6, 2}, x)), "node 4, column 1 is inf");
  EXPECT_CONTAINS(refusal(member<float>("node_features", {12}, x)), "expected [nodes, features]");
  EXPECT_CONTAINS(refusal(member<float>("node_features", {6, 0}, {})), "0 feature columns");
  EXPECT_CONTAINS(refusal(member<float>("node_features", {0, 2}, {})), "0 nodes, expected 1");
  EXPECT_CONTAINS(refusal({"node_features.npy", raw_npy<double>("'|O'", false, "(6, 2)", std::vector<double>(12))}),
                  "object array");
}

TEST_F(DatasetsTest, BadEdges) {
  EXPECT_EQ(refusal(member<int64_t>("edges", {3, 2}, {0, 1, 1, 6, 3, 4})),
            "array 'edges': row 1: node 6, expected 0 to 5");
  EXPECT_EQ(refusal(member<int64_t>("edges", {3, 2}, {0, 1, 1, 2, -3, 4})),
            "array 'edges': row 2: node -3, expected 0 to 5");
  EXPECT_CONTAINS(refusal(member<int64_t>("edges", {2, 3}, {0, 1, 1, 2, 3, 4})), "expected [edges, 2]");
  EXPECT_CONTAINS(refusal(member<float>("edges", {1, 2}, {0, 1.5})), "element [0, 1] is 1.5, expected an integer");
  EXPECT_EQ(refusal(member<int64_t>("edges", {0, 2}, {})), "a graph without edges");
}

TEST_F(DatasetsTest, Labels) {
  EXPECT_CONTAINS(refusal(member<int64_t>("node_labels", {5}, {0, 1, 0, 1, 0})), "5 labels, expected 6, one per node");
  EXPECT_CONTAINS(refusal(member<int64_t>("node_labels", {6}, {0, 1, -2, 1, 0, 1})), "node 2: label -2");
  EXPECT_CONTAINS(refusal(member<float>("node_labels", {6}, {0, 1, 0, 1, 0.5, 1})), "node 4: label 0.5");
  EXPECT_CONTAINS(refusal(member<float>("node_labels", {6}, {0, 1, 0, 1, INFINITY, 1})), "node 4: label inf");
  EXPECT_CONTAINS(refusal(member<int64_t>("node_labels", {6}, {0, 1, 0, 1, 1000000, 1})), "node 4: label 1e+06");
  EXPECT_EQ(refusal(member<int64_t>("node_labels", {6}, {-1, -1, -1, -1, -1, -1})), "no node has a label");
  Members members = Heterophilous().members();
  put(members, member<float>("node_labels", {6, 1}, {0, NAN, 4, -1, 4, 4}));
  Members unmasked = members;
  std::erase_if(unmasked, [](const auto& m) { return m.first.ends_with("_masks.npy"); });
  const Dataset d = load(unmasked);
  EXPECT_EQ(d.labels.single, (std::vector<int32_t>{0, -1, 4, -1, 4, 4}));
  EXPECT_EQ(d.labels.classes, 5);
  EXPECT_EQ(d.notes, (std::vector<std::string>{"2 of 6 nodes have no label", "3 of the 5 classes have no node"}));
  const Dataset masked = load(members);
  EXPECT_EQ(masked.given_splits[0].train, std::vector<int32_t>{0}) << "node 1 has no label";
  EXPECT_EQ(masked.notes.back(), "4 places in the masks belong to nodes without a label; left out");
  put(unmasked, member<int64_t>("node_labels", {6}, {0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(load(unmasked).notes.at(0), "all labelled nodes have the same label");
}

TEST_F(DatasetsTest, MultiLabel) {
  Members members = Heterophilous().members();
  put(members, member<float>("node_labels", {6, 2}, {0, 1, 1, 1, 0, 0, NAN, 1, 1, -1, 1, 0}));
  const Dataset d = load(members);
  EXPECT_TRUE(d.labels.kind() == LabelKind::kSeveral);
  EXPECT_EQ(d.labels.classes, 2);
  EXPECT_TRUE(std::isnan(d.labels.values[6]) && std::isnan(d.labels.values[9]));
  EXPECT_CONTAINS(refusal(member<float>("node_labels", {6, 2}, {0, 1, 1, 1, 0, 2, 0, 1, 1, 0, 1, 0})),
                  "node 2, label 1: 2");
  EXPECT_CONTAINS(refusal(member<float>("node_labels", {5, 2}, std::vector<float>(10))), "5 labels, expected 6");
}

TEST_F(DatasetsTest, BadMasks) {
  std::vector<uint8_t> val = Heterophilous().val;
  val[6 + 4] = 1;
  EXPECT_EQ(refusal(member<uint8_t>("val_masks", {2, 6}, val)),
            "split 1 of the masks: node 4 is in both train and val");
  EXPECT_EQ(refusal(member<uint8_t>("train_masks", {2, 6}, std::vector<uint8_t>(12))),
            "split 0 of the masks: the train part is empty");
  EXPECT_CONTAINS(refusal(member<uint8_t>("test_masks", {2, 5}, std::vector<uint8_t>(10))),
                  "shape [2, 5], expected [splits, 6]");
  EXPECT_CONTAINS(refusal(member<uint8_t>("test_masks", {3, 6}, std::vector<uint8_t>(18))),
                  "test_masks holds 3 splits, train_masks 2");
  EXPECT_CONTAINS(refusal(member<uint8_t>("test_masks", {2, 6}, std::vector<uint8_t>(12, 2))), "is 2, expected 0 or 1");
  Members members = Heterophilous().members();
  std::erase_if(members, [](const auto& m) { return m.first == "val_masks.npy"; });
  EXPECT_CONTAINS(error_of([&] { load(members); }), "array 'val_masks' is missing");
}

TEST_F(DatasetsTest, WrongLayoutListsWhatIsThere) {
  const std::string text = error_of([&] { load({member<float>("x", {1}, {1}), member<float>("y", {1}, {1})}); });
  EXPECT_CONTAINS(text, (dir_ / "mine.npz").string() + ": holds x, y; expected node_features, node_labels, edges");
  EXPECT_CONTAINS(error_of([&] { load({{"x.txt", {}}}); }), "holds no arrays");
}

TEST_F(DatasetsTest, KnownNameWithOtherContentsIsTold) {
  const Dataset d = load(Heterophilous().members(), "Minesweeper.npz");
  EXPECT_EQ(d.recipe, "default");
  EXPECT_EQ(d.recognised, "");
  EXPECT_EQ(d.name, "Minesweeper");
  EXPECT_EQ(d.notes.at(0),
            "the file is named as minesweeper, but has 6 nodes, 3 listed edges, 2 features, 3 classes instead of 10000 "
            "nodes, 39402 listed edges, 7 features, 2 classes: recipe default");
}

TEST_F(DatasetsTest, LoopsAreNoted) {
  Heterophilous file;
  file.edges = {0, 0, 1, 2, 3, 3};
  EXPECT_EQ(load(file.members()).notes.at(0), "2 listed edges join a node to itself; left out");
}

TEST_F(DatasetsTest, FingerprintFollowsTheContents) {
  const Dataset d = load(Heterophilous().members());
  const uint64_t hash = fingerprint(d);
  EXPECT_EQ(fingerprint(load(Heterophilous().members(), "other.npz")), hash);
  for (const std::function<void(Dataset&)>& change : std::vector<std::function<void(Dataset&)>>{
           [](Dataset& x) { std::swap(x.edges[0].first, x.edges[0].second); },
           [](Dataset& x) { x.features.dense[5] += 1; }, [](Dataset& x) { x.labels.single[1] = 0; },
           [](Dataset& x) { x.edges.pop_back(); }}) {
    Dataset other = d;
    change(other);
    EXPECT_NE(fingerprint(other), hash);
  }
}

TEST(KnownDatasets, TableIsComplete) {
  std::vector<std::string> names, stems;
  for (const KnownDataset& known : known_datasets()) {
    names.push_back(known.name);
    stems.insert(stems.end(), known.stems.begin(), known.stems.end());
    EXPECT_TRUE(known.layout == "heterophilous-graphs" || known.layout == "shchur" || known.layout == ".mat");
    EXPECT_TRUE(known.metric == "accuracy" || known.metric == "roc_auc");
    EXPECT_GT(known.nodes * known.features * known.classes, 0);
    EXPECT_FALSE(known.recipe.empty() || known.origin.empty() || known.stems.empty());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"minesweeper", "tolokers", "roman-empire", "amazon-ratings", "questions",
                                             "photo", "computers", "cs", "physics", "actor", "wikics", "ogbn-arxiv",
                                             "amazon2m", "pokec", "proteins"}));
  std::sort(stems.begin(), stems.end());
  EXPECT_EQ(std::adjacent_find(stems.begin(), stems.end()), stems.end());
}

/// The arrays as a caller in memory has them.
std::map<std::string, NpyArray> in_memory(const Members& members) {
  std::map<std::string, NpyArray> arrays;
  for (const auto& [name, bytes] : members) arrays.emplace(name.substr(0, name.find(".npy")), parse_npy(bytes, name));
  return arrays;
}

TEST_F(DatasetsTest, ArraysInMemoryAreReadAsAFileIs) {
  for (const Members& members : {Heterophilous().members(), shchur()}) {
    const Dataset file = load(members), memory = dataset_of_arrays(in_memory(members), "mine", true);
    EXPECT_EQ(fingerprint(memory), fingerprint(file));
    EXPECT_EQ(memory.name, file.name);
    EXPECT_EQ(memory.recipe, file.recipe);
    EXPECT_EQ(memory.given_splits.size(), file.given_splits.size());
  }
  Members spoilt = Heterophilous().members();
  put(spoilt, member<int64_t>("edges", {3, 2}, {0, 1, 1, 6, 3, 4}));
  EXPECT_EQ(error_of([&] { dataset_of_arrays(in_memory(spoilt), "mine", true); }),
            "mine: array 'edges': row 1: node 6, expected 0 to 5");
}

TEST_F(DatasetsTest, ArraysForPredictionNeedNoLabels) {
  Members members = Heterophilous().members();
  put(members, member<int64_t>("node_labels", {6}, {-1, -1, -1, -1, -1, -1}));
  EXPECT_NE(error_of([&] { dataset_of_arrays(in_memory(members), "mine", true); }).find("no node has a label"),
            std::string::npos);
  EXPECT_TRUE(dataset_of_arrays(in_memory(members), "mine", false).given_splits.empty());
}

}  // namespace
}  // namespace graphsieve
