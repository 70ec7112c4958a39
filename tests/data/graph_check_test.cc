// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/graph_check.h"

#include <gtest/gtest.h>

#include <numeric>

namespace graphsieve {
namespace {

/// Three nodes; column 0 has 5 in every node, column 1 other values, column 3 a value in one node; the rest holds none.
Dataset with_columns(int64_t columns) {
  Dataset data;
  data.name = data.source = "made", data.recipe = "default";
  data.nodes = 3;
  data.edges = {{0, 1}, {1, 2}};
  data.features.rows = 3, data.features.cols = columns;
  data.features.row_start = {0, 2, 4, 7};
  data.features.column = {0, 1, 0, 1, 0, 1, 3};
  data.features.value = {5, 1, 5, 2, 5, 3, 4};
  data.labels.classes = 2;
  data.labels.single = {0, 1, 0};
  return data;
}

TEST(GraphCheck, CountsConstantColumnsOfSparseFeatures) {
  for (const int64_t columns : {4, 100, 1000, 50'000'000}) {
    const GraphReport r = check_graph(with_columns(columns), true);
    EXPECT_EQ(r.constant_column_count, columns - 2);
    ASSERT_EQ(r.constant_columns.size(), std::min<size_t>(columns - 2, kMostListedColumns));
    std::vector<int64_t> expected(columns);
    std::iota(expected.begin(), expected.end(), 0);
    std::erase_if(expected, [](int64_t c) { return c == 1 || c == 3; });
    expected.resize(r.constant_columns.size());
    EXPECT_EQ(r.constant_columns, expected);
    EXPECT_DOUBLE_EQ(r.nonzero_share, 7.0 / (3.0 * static_cast<double>(columns)));
  }
}

}  // namespace
}  // namespace graphsieve
