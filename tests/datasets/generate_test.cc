// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/generate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "../files/temp_dir.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

std::array<double, 7> column_sums(const Dataset& d) {
  std::array<double, 7> out{};
  for (size_t i = 0; i < d.features.dense.size(); ++i) out[i % 7] += d.features.dense[i];
  return out;
}

int64_t mines(const Dataset& d) { return std::accumulate(d.labels.single.begin(), d.labels.single.end(), int64_t{0}); }

/// The recipe's rules, whoever made the data.
void expect_rules(const Dataset& d) {
  std::vector<int> count(d.nodes, 0);
  for (const auto& [a, b] : d.edges) {
    count[a] += d.labels.single[b];
    count[b] += d.labels.single[a];
  }
  for (int64_t i = 0; i < d.nodes; ++i) {
    const float* x = &d.features.dense[i * 7];
    ASSERT_EQ(std::accumulate(x, x + 7, 0.0f), 1) << "one-hot: a hidden cell shows its flag alone";
    ASSERT_TRUE(x[0] == 1 || x[1 + std::min(count[i], 5)] == 1) << "cell " << i;
  }
  EXPECT_EQ(mines(d), d.nodes / 5);
  EXPECT_EQ(column_sums(d)[0], d.nodes / 2);
  for (const Split& s : d.given_splits) {
    const auto of = [&](const std::vector<int32_t>& ids) {
      return std::count_if(ids.begin(), ids.end(), [&](int32_t i) { return d.labels.single[i] == 1; });
    };
    EXPECT_EQ(of(s.train), mines(d) / 2);
    EXPECT_EQ(of(s.val), mines(d) / 4);
    EXPECT_EQ(s.train.size(), static_cast<size_t>(d.nodes / 2));
    EXPECT_EQ(s.test.size(), static_cast<size_t>(d.nodes / 4));
  }
}

TEST(GenerateMinesweeper, FollowsItsRules) {
  const Dataset d = generate_minesweeper(1);
  EXPECT_EQ(d.name, "generated-minesweeper");
  EXPECT_EQ(d.source, "generated");
  EXPECT_EQ(d.recipe, "minesweeper");
  EXPECT_EQ(d.recognised, "generated");
  EXPECT_EQ(d.given_splits.size(), 10u);
  expect_rules(d);
  for (Split s : d.given_splits) EXPECT_EQ(check_split(s, d.labels, "s"), 0);
  EXPECT_TRUE(std::is_sorted(d.edges.begin(), d.edges.end()));
}

TEST(GenerateMinesweeper, SeedsAndSides) {
  EXPECT_EQ(fingerprint(generate_minesweeper(1)), fingerprint(generate_minesweeper(1)));
  EXPECT_NE(fingerprint(generate_minesweeper(1)), fingerprint(generate_minesweeper(2)));
  const Dataset small = generate_minesweeper(3, 4);
  EXPECT_EQ(small.nodes, 16);
  EXPECT_EQ(small.edges.size(), 42u);
  EXPECT_EQ(mines(small), 3);
  GraphNotes notes;
  symmetric_csr(16, small.edges, false, &notes);
  EXPECT_EQ(notes.duplicates + notes.loops + notes.isolated, 0);
  EXPECT_EQ(notes.max_degree, 8);
  EXPECT_THROW(generate_minesweeper(1, 3), Error);
  EXPECT_THROW(generate_minesweeper(1, 10001), Error);
}

// Mines hidden and shown are independent of the flag: the share of mines among the hidden is a fifth.
TEST(GenerateMinesweeper, HiddenCellsAreIndependentOfMines) {
  const Dataset d = generate_minesweeper(5);
  double hidden_mines = 0;
  for (int64_t i = 0; i < d.nodes; ++i)
    hidden_mines += d.features.dense[i * 7] * static_cast<float>(d.labels.single[i]);
  EXPECT_NEAR(hidden_mines, 1000, 5 * 20) << "hypergeometric, standard deviation 20";
}

TEST(GenerateMinesweeper, LooksLikeTheRealOne) {
  REAL_DATA(path, "minesweeper.npz");
  const Dataset real = load_dataset(path);
  expect_rules(real);
  std::array<double, 7> mean{};
  constexpr int kSeeds = 5;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Dataset made = generate_minesweeper(seed);
    EXPECT_EQ(made.edges, real.edges);
    EXPECT_EQ(made.features.cols, real.features.cols);
    EXPECT_EQ(made.given_splits.size(), real.given_splits.size());
    for (int c = 0; c < 7; ++c) mean[c] += column_sums(made)[c] / kSeeds;
  }
  for (int c = 0; c < 7; ++c)  // 5 standard deviations; neighbouring counts are correlated, hence the factor 2
    EXPECT_NEAR(column_sums(real)[c], mean[c], 2 * 5 * std::sqrt(mean[c] * 1.2) + 1) << "column " << c;
}

}  // namespace
}  // namespace graphsieve
