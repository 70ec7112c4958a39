// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/train/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "graphsieve/inputs/label_inputs.h"
#include "graphsieve/sampling/batches.h"

namespace graphsieve {
namespace {

constexpr MemoryBudget kFree, kTight{1 << 20, 1 << 20};
constexpr GraphSizes kGraph{1000, 3, 400};

TEST(Policy, BatchesAreCountedAsTheyAreCut) {
  for (int64_t nodes = 1; nodes < 40; ++nodes)
    for (int64_t size = 0; size < 45; ++size) {
      const std::vector<int32_t> train(static_cast<size_t>(nodes));
      EXPECT_EQ(batch_count(nodes, size), static_cast<int64_t>(batch_nodes(train, size, 1, 2).size()))
          << nodes << " by " << size;
    }
}

TEST(Policy, NodesOfAnEpoch) {
  std::vector<int32_t> train(1000);
  std::iota(train.begin(), train.end(), 0);
  const auto first_part = static_cast<int64_t>(
      std::count_if(train.begin(), train.end(), [](int32_t node) { return label_part(node) == 0; }));
  EXPECT_EQ(epoch_nodes(train, false, {}, 0), 1000) << "labels are not inputs";
  EXPECT_EQ(epoch_nodes(train, false, 0.25, 0), 250) << "one batch has the nodes whose labels are hidden";
  EXPECT_EQ(epoch_nodes(train, false, 0.0, 0), kLeastOfBatch);
  EXPECT_EQ(epoch_nodes(train, false, 0.25, 100), 1000) << "each batch hides its own nodes";
  EXPECT_EQ(epoch_nodes(train, false, 0.25, 999), 250) << "a last batch of one node is joined: one batch";
  EXPECT_EQ(epoch_nodes(train, true, 0.25, 100), first_part);
  EXPECT_EQ(epoch_nodes({5}, false, 0.25, 0), 1);
}

TEST(Policy, TheWholeIsNeededForEvaluationsThatShareTheDrawsOfTraining) {
  EXPECT_TRUE(whole_is_needed(kGraph, true, false, {}));
  EXPECT_FALSE(whole_is_needed(kGraph, false, false, {})) << "each batch has draws of its own";
  EXPECT_FALSE(whole_is_needed(kGraph, true, true, {})) << "training's draws hide labels";
  EXPECT_FALSE(whole_is_needed(kGraph, true, false, {500, 1})) << "evaluation by lists";
  EXPECT_FALSE(whole_is_needed({100000, 3, 400}, true, false, {})) << "draws on demand";
}

TEST(Policy, AllNodesAreDrawnForWhereBatchesReachMostOfThem) {
  const auto draws_whole = [](int64_t destinations, int64_t batches, bool needed, bool shares,
                              const MemoryBudget& budget) {
    return decide_batches(kGraph, {destinations, destinations}, batches, needed, shares, budget).draws_whole;
  };
  EXPECT_TRUE(draws_whole(0, 1, true, true, kFree)) << "the evaluation takes the draw";
  EXPECT_TRUE(draws_whole(75, 10, false, true, kFree)) << "10 · 75 rows, each worth 4 in order, of 3,000";
  EXPECT_FALSE(draws_whole(74, 10, false, true, kFree));
  EXPECT_FALSE(draws_whole(3000, 10, false, false, kFree)) << "every batch has a draw of its own";
  EXPECT_TRUE(draws_whole(5, 10, false, true, kTight)) << "a scattered row is worth 64 where graphs lie on a disk";
}

TEST(Policy, OfALargeGraphAllNodesAreDrawnForWhereThatSavesMuchTime) {
  const GraphSizes large{100000, 2, 400};
  const auto draws_whole = [&](int64_t destinations, const MemoryBudget& budget) {
    return decide_batches(large, {destinations, destinations}, 100, false, true, budget).draws_whole;
  };
  EXPECT_FALSE(draws_whole(15999, kFree)) << "100 · 15,999 rows, each worth 4, of 200,000: not 32 times as many";
  EXPECT_TRUE(draws_whole(16000, kFree));
  EXPECT_TRUE(draws_whole(32, kTight)) << "on a disk the time decides";
}

TEST(Policy, SmallGraphsHaveWorkBesideTheirSteps) {
  EXPECT_TRUE(works_beside({1000, 3, 400, 64}, kFree, 2));
  EXPECT_FALSE(works_beside({1000, 3, 400, 64}, kFree, 1));
  EXPECT_FALSE(works_beside({1000, 3, 400, 64}, kTight, 2)) << "memory is scarce";
  EXPECT_TRUE(works_beside({47000, 3, 400, 64}, kFree, 2)) << "1,424 bytes per node";
  EXPECT_FALSE(works_beside({48000, 3, 400, 64}, kFree, 2));
}

TEST(Policy, BatchesAreReadTogetherWhereFeaturesDoNotFit) {
  EXPECT_EQ(batches_per_read(kGraph, 10, kFree), 1);
  EXPECT_EQ(batches_per_read(kGraph, 10, kTight), 1) << "400 kB fit";
  const GraphSizes large{10000, 3, 400};
  EXPECT_EQ(batches_per_read(large, 10, kTight), (1 << 17) / 4000);
  EXPECT_EQ(batches_per_read(large, 1, kTight), 64);
  EXPECT_EQ(batches_per_read(large, 100000, kTight), 1);
  EXPECT_EQ(batches_per_read({10000, 3, 0}, 10, kTight), 1) << "sparse features";
}

TEST(Policy, NodesAreEvaluatedByListsWhereThatIsLessWork) {
  NetworkRecipe recipe;
  recipe.batch_size = 10;
  EXPECT_EQ(evaluation_list(recipe, kGraph, 100), 10);
  EXPECT_EQ(evaluation_list(recipe, kGraph, 4), 4);
  EXPECT_EQ(decide_evaluation(recipe, kGraph, {199, 200}, 100, kFree).nodes_per_list, 10)
      << "10 lists of 399 rows, of 4,000";
  EXPECT_EQ(decide_evaluation(recipe, kGraph, {200, 200}, 100, kFree).nodes_per_list, 0);
  recipe.norm = "graph";
  EXPECT_EQ(evaluation_list(recipe, kGraph, 100), 0) << "the norm takes statistics of the whole graph";
  recipe.norm = "batch", recipe.batch_size = 0;
  EXPECT_EQ(evaluation_list(recipe, kGraph, 100), 0);
}

TEST(Policy, BatchesThatExistAtOnce) {
  EXPECT_EQ(batches_held({false, 1}, 5, false, 1), 1);
  EXPECT_EQ(batches_held({false, 1}, 5, true, 8), 3);
  EXPECT_EQ(batches_held({false, 7}, 9, false, 1), 7);
  EXPECT_EQ(batches_held({false, 7}, 9, false, 8), 15);
  EXPECT_EQ(batches_held({true, 1}, 1, true, 8), 2);
  EXPECT_EQ(batches_held({true, 1}, 1, false, 8), 1);
}

}  // namespace
}  // namespace graphsieve
