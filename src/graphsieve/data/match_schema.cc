// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/match_schema.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/recipe/suggest.h"

namespace graphsieve {
namespace {

constexpr int64_t kMatchBlock = 2048;                       // rows per parallel block
constexpr int64_t kMostRearrangedBytes = int64_t{4} << 30;  // most memory of features that are rearranged

/// Throws Error unless the given column can stand for the wanted one. A column of truth values can stand for numbers.
void check_fits(const SchemaColumn& wanted, const SchemaColumn& given, const std::string& where) {
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw Error(where, ": column '", wanted.name, "' ", found, ", the model was trained with ", expected);
  };
  const bool number_of_truth = wanted.type == ColumnType::kNumber && given.type == ColumnType::kTruth;
  if (given.type != wanted.type && !number_of_truth)
    refuse(str("is of the type ", column_type_name(given.type)), str("the type ", column_type_name(wanted.type)));
  if (given.length != wanted.length)
    refuse(str("has lists of ", given.length, " numbers"), str("lists of ", wanted.length));
  if (wanted.cyclic && !given.cyclic) refuse("has no cyclic features", "cyclic features");
  if (wanted.indicator && !given.indicator)
    refuse("has no feature for missing values", "a feature that is 1 where the value is missing");
}

/// Finds the features of one column, whose first feature is `begin` in the given data, and adds them to `match`.
void match_column(const SchemaColumn& wanted, const SchemaColumn& given, int32_t begin, SchemaMatch& match) {
  const auto take = [&](int64_t i, double shift = 0) {
    match.source.push_back(i < 0 ? SchemaMatch::kZeros : static_cast<int32_t>(begin + i));
    match.shift.push_back(static_cast<float>(shift));
  };
  if (wanted.type == ColumnType::kCategory) {
    const auto index = [](const std::vector<std::string>& texts, const std::string& text) -> int64_t {
      const auto found = std::lower_bound(texts.begin(), texts.end(), text);
      return found == texts.end() || *found != text ? -1 : found - texts.begin();
    };
    for (const std::string& text : wanted.categories) take(index(given.categories, text));
    for (size_t t = 0; t < given.categories.size(); ++t)
      if (index(wanted.categories, given.categories[t]) < 0)
        match.unknown.push_back({static_cast<int32_t>(begin + t), wanted.name, given.categories[t]});
  } else {
    for (int64_t i = 0; i < wanted.value_width(); ++i) take(i, given.origin - wanted.origin);
  }
  // Cyclic features and the indicator follow the value's features on both sides.
  const int64_t cyclic = wanted.width() - wanted.value_width() - wanted.indicator;
  for (int64_t i = 0; i < cyclic; ++i) take(given.value_width() + i);
  if (wanted.indicator) take(given.width() - 1);
  if (given.fill && given.fill != wanted.fill) match.other_fill.push_back(wanted.name);
}

/// Calls take(row, features) for every row of dense features, in parallel blocks of rows.
template <class Take>
void each_row(const Features& x, Take take) {
  parallel_blocks(x.rows, kMatchBlock, [&](int64_t begin, int64_t end) {
    std::vector<float> row(x.cols);
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t c = 0; c < x.cols; ++c) row[c] = x.dense_value(i * x.cols + c);
      take(i, row);
    }
  });
}

/// Returns the features that `match` makes of `given`.
Features rearranged(const Features& given, const SchemaMatch& match, const std::string& where) {
  Features made;
  made.rows = given.rows;
  made.cols = std::ssize(match.source);
  if (made.rows * made.cols * 4 > kMostRearrangedBytes)
    throw Error(where, ": its features are not in the order of the model's, and ", made.rows, " x ", made.cols,
                " numbers take more than 4 GiB in memory; convert the tables under the model's schema (",
                option("like"), ")");
  made.dense.resize(made.rows * made.cols);
  each_row(given, [&](int64_t i, const std::vector<float>& row) {
    float* const to = &made.dense[i * made.cols];
    for (int64_t c = 0; c < made.cols; ++c)
      to[c] = match.source[c] == SchemaMatch::kZeros ? 0.f : row[match.source[c]] + match.shift[c];
  });
  return made;
}

/// Returns the number of rows that have each of the unknown texts.
std::vector<int64_t> rows_with(const Features& x, const std::vector<SchemaMatch::Unknown>& unknown) {
  std::vector<int64_t> counts(unknown.size(), 0);
  if (unknown.empty()) return counts;
  for (int64_t i = 0; i < x.rows; ++i)
    for (size_t u = 0; u < unknown.size(); ++u) {
      const int64_t at = i * x.cols + unknown[u].feature;
      counts[u] += x.dense_value(at) != 0;
    }
  return counts;
}

/// Returns a sentence per column that has unknown texts in some row, or throws Error if they are refused.
std::vector<std::string> unknown_notes(const Dataset& data, const SchemaMatch& match, UnknownTexts unknown) {
  const std::vector<int64_t> counts = rows_with(data.features, match.unknown);
  std::vector<std::string> notes;
  for (size_t begin = 0, end = 0; begin < counts.size(); begin = end) {
    const std::string& column = match.unknown[begin].column;
    std::vector<std::string> texts;
    int64_t rows = 0;
    for (; end < counts.size() && match.unknown[end].column == column; ++end)
      if (counts[end] > 0) texts.push_back(match.unknown[end].text), rows += counts[end];
    if (rows == 0) continue;
    const std::string found = str(rows, rows == 1 ? " node has" : " nodes have",
                                  " a text that the training data did not have: ", quoted_words(texts));
    if (unknown == UnknownTexts::kRefuse) throw Error(data.source, ": column '", column, "': ", found);
    notes.push_back(str("column '", column, "': ", found, "; it counts as none of the known ones"));
  }
  return notes;
}

}  // namespace

bool SchemaMatch::same() const {
  if (static_cast<int64_t>(source.size()) != given) return false;
  for (size_t i = 0; i < source.size(); ++i)
    if (source[i] != static_cast<int32_t>(i) || shift[i] != 0) return false;
  return true;
}

SchemaMatch match_schema(const Schema& wanted, const Schema& given, const std::string& where) {
  SchemaMatch match;
  match.given = given.width();
  std::unordered_map<std::string_view, std::pair<size_t, int32_t>> found;  // by name: the column and its first feature
  int32_t begin = 0;
  for (size_t c = 0; c < given.columns.size(); ++c) {
    found.emplace(given.columns[c].name, std::pair(c, begin));
    begin += static_cast<int32_t>(given.columns[c].width());
  }
  std::vector<bool> used(given.columns.size(), false);
  for (const SchemaColumn& column : wanted.columns) {
    const auto at = found.find(column.name);
    if (at == found.end()) {
      std::vector<std::string> names;
      names.reserve(given.columns.size());
      for (const SchemaColumn& one : given.columns) names.push_back(one.name);
      throw Error(where, ": has no column '", column.name, "', which the model was trained with",
                  did_you_mean(column.name, names));
    }
    const auto [c, first] = at->second;
    used[c] = true;
    check_fits(column, given.columns[c], where);
    match_column(column, given.columns[c], first, match);
  }
  if (wanted.degree_features) {
    if (!given.degree_features || wanted.degree_types != given.degree_types ||
        wanted.degree_directed != given.degree_directed)
      throw Error(where, ": its degree features (", option("degree_features"),
                  ") are not those that the model was trained with");
    for (int64_t i = 0; i < wanted.degree_width(); ++i) {
      match.source.push_back(static_cast<int32_t>(begin + i));
      match.shift.push_back(0);
    }
  }
  for (size_t c = 0; c < used.size(); ++c)
    if (!used[c]) match.extra.push_back(given.columns[c].name);
  return match;
}

std::vector<std::string> apply_schema(Dataset& data, const Schema& wanted, UnknownTexts unknown) {
  const SchemaMatch match = match_schema(wanted, *data.schema, data.source);
  std::vector<std::string> notes = unknown_notes(data, match, unknown);
  if (!match.extra.empty())
    notes.push_back(str("not used, since the training data did not have ", match.extra.size() == 1 ? "it" : "them",
                        ": ", match.extra.size() == 1 ? "column " : "columns ", quoted_words(match.extra)));
  if (!match.other_fill.empty())
    notes.push_back(str("missing values of ", quoted_words(match.other_fill),
                        " were filled with other values than in training; converting the tables under the model's "
                        "schema (",
                        option("like"), ") fills them alike"));
  if (!match.same()) data.features = rearranged(data.features, match, data.source);
  data.schema = wanted;
  return notes;
}

void match_edge_types(Dataset& data, const std::vector<std::string>& names) {
  if (!data.graph) return;
  StoredGraph& graph = *data.graph;
  if (graph.type_names == names) return;
  if (graph.type_names.empty() != names.empty())
    throw Error(data.source, ": its edges have ", names.empty() ? "types" : "no types",
                ", the model was trained on edges ", names.empty() ? "without types" : "with types");
  std::vector<uint8_t> number;
  for (const std::string& name : graph.type_names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Error(data.source, ": edge type '", name,
                  "' is none of those that the model was trained on: ", quoted_words(names));
    number.push_back(static_cast<uint8_t>(found - names.begin()));
  }
  // Rows are sorted by (type, source). New numbers in the old order leave the rows sorted; other numbers need a sort.
  const bool sorted = std::is_sorted(number.begin(), number.end());
  std::vector<uint8_t> type(graph.type.size());
  std::vector<int32_t> source(sorted ? 0 : graph.source.size());
  parallel_blocks(data.nodes, kMatchBlock, [&](int64_t first, int64_t last) {
    std::vector<std::pair<uint8_t, int32_t>> row;
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = graph.row_start[i], end = graph.row_start[i + 1];
      row.clear();
      for (int64_t e = begin; e < end; ++e) row.emplace_back(number[graph.type[e]], graph.source[e]);
      if (!sorted) std::sort(row.begin(), row.end());
      for (int64_t e = begin; e < end; ++e) {
        type[e] = row[e - begin].first;
        if (!sorted) source[e] = row[e - begin].second;
      }
    }
  });
  graph.type = Array<uint8_t>(std::move(type));
  if (!sorted) graph.source = Array<int32_t>(std::move(source));
  graph.type_names = names;
}

}  // namespace graphsieve
