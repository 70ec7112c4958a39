// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/known_nodes.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve {
namespace {

constexpr int64_t kNodeBlock = 2048;                        // rows per parallel block
constexpr int64_t kMostRenumberedBytes = int64_t{4} << 30;  // most memory of features that are rearranged

/// Returns the number of each node of the data set. Ids are compared as texts, so that the integer 7 is the text "7".
std::vector<int32_t> numbers_of(const Dataset& data, const TrainingNodes& trained) {
  std::vector<int32_t> numbers(data.nodes);
  const auto plain = [](const StoredIds& ids) { return ids.integers.empty() && ids.text_start.empty(); };
  std::unordered_map<std::string, int32_t> known;
  if (!plain(trained.ids)) {
    known.reserve(trained.count);
    for (int64_t i = 0; i < trained.count; ++i) known.emplace(trained.ids.name(i), static_cast<int32_t>(i));
  }
  auto next = static_cast<int32_t>(trained.count);
  std::vector<uint8_t> taken(trained.count, 0);
  for (int64_t i = 0; i < data.nodes; ++i) {
    int64_t number = -1;
    if (plain(trained.ids) && plain(data.ids)) {
      if (i < trained.count) number = i;
    } else if (plain(trained.ids)) {
      const std::string name = data.ids.name(i);
      // The ids of the training data are "0" … "count − 1".
      const bool digits = !name.empty() && name.size() < 11 && (name == "0" || name[0] != '0') &&
                          std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (digits && std::stoll(name) < trained.count) number = std::stoll(name);
    } else if (const auto found = known.find(data.ids.name(i)); found != known.end()) {
      number = found->second;
    }
    if (number >= 0 && std::exchange(taken[number], 1) != 0)
      throw Error(data.source, ": two nodes have the id ", data.ids.name(i));
    numbers[i] = number >= 0 ? static_cast<int32_t>(number) : next++;
  }
  return numbers;
}

/// Returns the edges by destination with the new numbers.
StoredGraph renumbered(const StoredGraph& graph, const std::vector<int32_t>& old_of,
                       const std::vector<int32_t>& number) {
  const auto nodes = std::ssize(old_of);
  std::vector<int64_t> start(nodes + 1, 0);
  for (int64_t i = 0; i < nodes; ++i)
    start[i + 1] = start[i] + (old_of[i] < 0 ? 0 : graph.row_start[old_of[i] + 1] - graph.row_start[old_of[i]]);
  std::vector<int32_t> source(start[nodes]);
  std::vector<uint8_t> type(graph.type.empty() ? 0 : start[nodes]);
  parallel_blocks(nodes, kNodeBlock, [&](int64_t begin, int64_t end) {
    std::vector<std::pair<uint8_t, int32_t>> row;
    for (int64_t i = begin; i < end; ++i) {
      if (old_of[i] < 0) continue;
      row.clear();
      for (int64_t e = graph.row_start[old_of[i]]; e < graph.row_start[old_of[i] + 1]; ++e)
        row.emplace_back(graph.type.empty() ? uint8_t{0} : graph.type[e], number[graph.source[e]]);
      std::sort(row.begin(), row.end());
      for (size_t e = 0; e < row.size(); ++e) {
        source[start[i] + static_cast<int64_t>(e)] = row[e].second;
        if (!type.empty()) type[start[i] + static_cast<int64_t>(e)] = row[e].first;
      }
    }
  });
  StoredGraph made;
  made.row_start = Array<int64_t>(std::move(start));
  made.source = Array<int32_t>(std::move(source));
  made.type = Array<uint8_t>(std::move(type));
  made.type_names = graph.type_names;
  made.directed = graph.directed;
  return made;
}

/// Returns the features with the rows of `old_of`; a row without an old one is 0.
Features renumbered(const Features& x, const std::vector<int32_t>& old_of) {
  Features made;
  made.rows = std::ssize(old_of);
  made.cols = x.cols;
  if (x.sparse()) {
    made.row_start.assign(1, 0);
    for (const int32_t old : old_of) {
      if (old >= 0) {
        made.column.insert(made.column.end(), x.column.begin() + x.row_start[old],
                           x.column.begin() + x.row_start[old + 1]);
        made.value.insert(made.value.end(), x.value.begin() + x.row_start[old], x.value.begin() + x.row_start[old + 1]);
      }
      made.row_start.push_back(std::ssize(made.column));
    }
    return made;
  }
  made.dense.assign(made.rows * made.cols, 0);
  parallel_blocks(made.rows, kNodeBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t c = 0; old_of[i] >= 0 && c < x.cols; ++c) {
        made.dense[i * x.cols + c] = x.dense_value(old_of[i] * x.cols + c);
      }
  });
  return made;
}

Labels renumbered(const Labels& labels, const std::vector<int32_t>& old_of) {
  Labels made;
  made.classes = labels.classes;
  made.numbers = labels.numbers;
  for (const int32_t old : old_of) {
    if (labels.one_class()) made.single.push_back(old < 0 ? -1 : labels.single[old]);
    for (int64_t l = 0; !labels.one_class() && l < labels.classes; ++l)
      made.values.push_back(old < 0 ? std::numeric_limits<float>::quiet_NaN()
                                    : labels.values[old * labels.classes + l]);
  }
  return made;
}

/// Returns the ids as texts: those of the data set and, for nodes that are absent, those of the training data.
StoredIds renumbered(const StoredIds& ids, const StoredIds& trained, const std::vector<int32_t>& old_of) {
  std::vector<int64_t> start = {0};
  std::vector<uint8_t> texts;
  for (int64_t i = 0; i < std::ssize(old_of); ++i) {
    const std::string name = old_of[i] < 0 ? trained.name(i) : ids.name(old_of[i]);
    texts.insert(texts.end(), name.begin(), name.end());
    start.push_back(std::ssize(texts));
  }
  StoredIds made;
  made.text_start = Array<int64_t>(std::move(start));
  made.texts = Array<uint8_t>(std::move(texts));
  return made;
}

}  // namespace

std::optional<KnownNodes> number_as_trained(Dataset& data, const TrainingNodes& trained, std::string& why) {
  KnownNodes known{
      .trained = trained.count, .present = std::vector<uint8_t>(trained.count, 0), .number = numbers_of(data, trained)};
  int64_t common = 0, nodes = trained.count;
  bool same = true;
  for (int64_t i = 0; i < data.nodes; ++i) {
    const int32_t number = known.number[i];
    if (number < trained.count) known.present[number] = 1, ++common;
    nodes = std::max<int64_t>(nodes, number + 1);
    same = same && number == i;
  }
  if (common == 0) {
    why = "no node is one of the training data: the expander edges are drawn for these nodes alone";
    return std::nullopt;
  }
  if (common == trained.count) known.present.clear();
  // Nodes of the training data in its order, and further ones after them, need no change.
  if (same && nodes == data.nodes) {
    known.number.clear();
    data.given_splits.clear();
    return known;
  }
  if (!data.features.sparse() && nodes * data.features.cols * 4 > kMostRenumberedBytes) {
    why = str("the nodes are not in the order of the training data, and rearranging ", nodes, " x ", data.features.cols,
              " features takes more than 4 GiB: the expander edges are drawn anew, which changes the predictions");
    return std::nullopt;
  }
  std::vector<int32_t> old_of(nodes, -1);
  for (int64_t i = 0; i < data.nodes; ++i) old_of[known.number[i]] = static_cast<int32_t>(i);
  if (data.graph) data.graph = renumbered(*data.graph, old_of, known.number);
  for (auto& [a, b] : data.edges) a = known.number[a], b = known.number[b];
  data.features = renumbered(data.features, old_of);
  if (data.labels.nodes() > 0) data.labels = renumbered(data.labels, old_of);
  data.ids = renumbered(data.ids, trained.ids, old_of);
  data.given_splits.clear();
  data.nodes = nodes;
  return known;
}

}  // namespace graphsieve
