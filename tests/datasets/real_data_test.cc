// SPDX-License-Identifier: Apache-2.0
// The published files; each test skips where GRAPHSIEVE_DATA does not name a folder that holds its file.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>

#include "../files/temp_dir.h"
#include "graphsieve/data/features.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/known_datasets.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

struct Expected {
  std::string file, name;
  int64_t nodes, edges, directed, features, classes;
  size_t splits;
  friend void PrintTo(const Expected& e, std::ostream* out) { *out << e.file; }  // for the tests' names
};

class RealData : public testing::TestWithParam<Expected> {};

TEST_P(RealData, CountsAndRecipe) {
  const Expected& e = GetParam();
  REAL_DATA(path, e.file);
  const Dataset d = load_dataset(path);
  EXPECT_EQ(d.name, e.name);
  EXPECT_EQ(d.nodes, e.nodes);
  EXPECT_EQ(d.edges.size(), static_cast<size_t>(e.edges));
  EXPECT_EQ(d.features.rows, e.nodes);
  EXPECT_EQ(d.features.cols, e.features);
  EXPECT_EQ(d.labels.classes, e.classes);
  EXPECT_EQ(d.given_splits.size(), e.splits);
  const bool known = e.file != "chameleon_filtered.npz";
  EXPECT_EQ(d.recipe, known ? e.name : "default");
  EXPECT_EQ(d.recognised, known ? "file name" : "");
  GraphNotes notes;
  EXPECT_EQ(symmetric_csr(d.nodes, d.edges, false, &notes).edges(), e.directed);
  for (const KnownDataset& k : known_datasets()) EXPECT_TRUE(k.name != d.name || k.directed_edges == e.directed);
}

INSTANTIATE_TEST_SUITE_P(
    Files, RealData,
    testing::Values(Expected{"minesweeper.npz", "minesweeper", 10000, 39402, 78804, 7, 2, 10},
                    Expected{"tolokers.npz", "tolokers", 11758, 519000, 1038000, 10, 2, 10},
                    Expected{"chameleon_filtered.npz", "chameleon_filtered", 890, 8854, 17708, 2325, 5, 10},
                    Expected{"amazon_electronics_photo.npz", "photo", 7650, 143663, 238162, 745, 8, 0},
                    Expected{"amazon_electronics_computers.npz", "computers", 13752, 287209, 491722, 767, 10, 0},
                    Expected{"ms_academic_cs.npz", "cs", 18333, 163788, 163788, 6805, 15, 0}),
    [](const auto& info) { return info.param.name; });

TEST(RealDataNames, RecognisedByContentsUnderAnotherName) {
  REAL_DATA(path, "minesweeper.npz");
  const TempDir dir;
  std::filesystem::copy_file(path, dir / "graph.npz");
  const Dataset d = load_dataset(dir / "graph.npz");
  EXPECT_EQ(d.name, "minesweeper");
  EXPECT_EQ(d.recipe, "minesweeper");
  EXPECT_EQ(d.recognised, "fingerprint");
  EXPECT_EQ(fingerprint(d), fingerprint(load_dataset(path)));
}

TEST(RealDataNames, PhotoHasOneLoop) {
  REAL_DATA(path, "amazon_electronics_photo.npz");
  EXPECT_EQ(load_dataset(path).notes, std::vector<std::string>{"1 listed edges join a node to itself; left out"});
}

TEST(RealDataFeatures, CsHoldsCountsOfWords) {
  REAL_DATA(path, "ms_academic_cs.npz");
  const Features found = load_dataset(path).features;
  EXPECT_EQ(std::set<float>(found.value.begin(), found.value.end()).size(), 74u);
  EXPECT_EQ(std::count(found.value.begin(), found.value.end(), 1), 1092079 - 289674);
  const Features binary = treated(found, FeatureTreatment::kBinary);
  EXPECT_TRUE(binary.sparse());
  for (const float value : binary.value) ASSERT_EQ(value, 1);
}

TEST(RealDataFeatures, StandardisedTolokers) {
  REAL_DATA(path, "tolokers.npz");
  const Features f = treated(load_dataset(path).features, FeatureTreatment::kStandardised);
  for (int64_t c = 0; c < f.cols; ++c) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < f.rows; ++i) {
      sum += f.dense[i * f.cols + c];
      squares += std::pow(f.dense[i * f.cols + c], 2);
    }
    EXPECT_NEAR(sum / f.rows, 0, 1e-5);
    EXPECT_NEAR(squares / f.rows, 1, 1e-4);
  }
}

}  // namespace
}  // namespace graphsieve
