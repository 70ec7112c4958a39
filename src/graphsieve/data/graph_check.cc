// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/graph_check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/data/feature_ranges.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/graph/transforms.h"

namespace graphsieve {
namespace {

constexpr int64_t kCheckBlock = 1 << 14;  // rows per parallel block
constexpr int64_t kColumnsPerValue = 16;  // with more columns per stored value, empty columns are not counted
constexpr double kQuantiles[] = {0, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
constexpr double kUneven = 20;  ///< ratio of the largest class to the smallest above which a note is made

/// Fills a GraphReport, one part of it after the other.
class Checker {
 public:
  explicit Checker(const Dataset& data) : data_(data) {}

  GraphReport report(bool whole) {
    r_.name = data_.name;
    r_.source = data_.source;
    r_.nodes = data_.nodes;
    r_.notes = data_.notes;
    take_graph(whole);
    degrees();
    labels();
    homophily();
    r_.columns = data_.features.cols;
    r_.sparse = data_.features.sparse();
    r_.has_degree_features = data_.schema && data_.schema->degree_features;
    if (whole && r_.sparse)
      sparse_features();
    else if (whole)
      dense_features();
    for (const Split& s : data_.given_splits)
      r_.splits.push_back({static_cast<int64_t>(s.train.size()), static_cast<int64_t>(s.val.size()),
                           static_cast<int64_t>(s.test.size())});
    notes();
    return std::move(r_);
  }

 private:
  /// Takes the stored graph, or makes the simple graph of the listed edges, and counts its edges.
  void take_graph(bool directions) {
    if (data_.graph) {
      rows_ = data_.graph->rows();
      r_.directed = data_.graph->directed;
    } else {
      GraphNotes found;
      made_ = symmetric_csr(data_.nodes, data_.edges, false, &found);
      if (directions) count_returned();
      rows_ = made_;
      r_.loops = found.loops;
      r_.duplicates = found.duplicates;
    }
    r_.edges = r_.directed ? rows_.edges() : rows_.edges() / 2;
    count_types();
    // If there are as many duplicates as edges, the file lists each edge in both directions, which is not odd.
    if (r_.duplicates == 0 || r_.duplicates != r_.edges) return;
    r_.duplicates = 0;
    r_.notes.push_back("every edge is listed in both directions");
  }

  /// Counts the edges of each type. The rows have an undirected edge at both of its ends, so its type's count is
  /// halved.
  void count_types() {
    if (rows_.type.empty()) return;
    r_.edge_types = data_.graph->type_names;
    r_.edge_type_counts.assign(r_.edge_types.size(), 0);
    for (const uint8_t type : rows_.type) ++r_.edge_type_counts[type];
    for (size_t t = 0; t < r_.edge_types.size(); ++t) {
      if (r_.edge_type_counts[t] == 0) r_.notes.push_back(str("no edge has the type '", r_.edge_types[t], "'"));
      if (!r_.directed) r_.edge_type_counts[t] /= 2;
    }
  }

  int64_t degree(int64_t i) const { return rows_.row_start[i + 1] - rows_.row_start[i]; }

  static int degree_bin(int64_t degree) { return std::bit_width(static_cast<uint64_t>(degree)); }

  /// In a directed graph, a node without in-edges is isolated only if no row has it as a source either.
  void degrees() {
    std::vector<bool> touched(r_.directed ? data_.nodes : 0, false);
    if (r_.directed)
      for (const int32_t j : rows_.source) touched[j] = true;
    for (int64_t i = 0; i < data_.nodes; ++i) {
      r_.isolated += degree(i) == 0 && !(r_.directed && touched[i]);
      if (degree(i) > degree(r_.largest_node)) r_.largest_node = i;
    }
    r_.degree_counts = degree_counts(rows_.row_start);
    const int64_t largest = std::ssize(r_.degree_counts) - 1;
    r_.degree_bins.assign(degree_bin(largest) + 1, 0);
    for (int64_t d = 0; d <= largest; ++d) r_.degree_bins[degree_bin(d)] += r_.degree_counts[d];
    int64_t d = 0, up_to_d = r_.degree_counts[0];  // `up_to_d` nodes have at most d in-edges
    for (const double q : kQuantiles) {
      const int64_t rank = std::llround(q * static_cast<double>(data_.nodes - 1));
      while (up_to_d <= rank) up_to_d += r_.degree_counts[++d];
      r_.degrees.push_back(d);
    }
  }

  /// Computes the share of the listed edges whose reverse is listed too, without loops and duplicates: a simple graph
  /// with r of E directed edges returned has E − r / 2 undirected ones.
  void count_returned() {
    const Csr directed = symmetric_csr(data_.nodes, data_.edges, true);
    const auto listed = static_cast<double>(directed.source.size()), both = static_cast<double>(made_.source.size());
    if (listed > 0) r_.returned_share = (2 * listed - both) / listed;
  }

  void labels() {
    const Labels& labels = data_.labels;
    r_.classes = labels.classes;
    r_.label_kind = labels.kind();
    for (int64_t i = 0; i < data_.nodes; ++i) r_.unlabelled += !is_labelled(labels, i);
    if (labels.kind() == LabelKind::kNumbers) return numbers();
    r_.class_counts.assign(labels.classes, 0);
    for (const int32_t c : labels.single)
      if (c >= 0) ++r_.class_counts[c];
    for (size_t i = 0; i < labels.values.size(); ++i) r_.class_counts[i % labels.classes] += labels.values[i] == 1;
  }

  /// Describes the numbers to predict, by their column.
  void numbers() {
    const Labels& labels = data_.labels;
    for (int64_t c = 0; c < labels.classes; ++c) {
      GraphReport::Numbers column;
      double sum = 0;
      for (int64_t i = 0; i < data_.nodes; ++i)
        if (const double value = labels.values[i * labels.classes + c]; !std::isnan(value)) {
          column.least = column.known == 0 ? value : std::min(column.least, value);
          column.most = column.known == 0 ? value : std::max(column.most, value);
          ++column.known, sum += value;
        }
      const auto known = static_cast<double>(std::max<int64_t>(1, column.known));
      column.mean = sum / known;
      double squares = 0;
      for (int64_t i = 0; i < data_.nodes; ++i)
        if (const double off = labels.values[i * labels.classes + c] - column.mean; !std::isnan(off))
          squares += off * off;
      column.deviation = std::sqrt(squares / known);
      r_.numbers.push_back(column);
    }
  }

  /// Computes the share of edges between equal labels, and this share by chance. The rows have an undirected edge at
  /// both of its ends, which does not change a share.
  void homophily() {
    r_.homophily = r_.chance_homophily = std::numeric_limits<double>::quiet_NaN();
    if (!data_.labels.one_class()) return;
    const std::vector<int32_t>& label = data_.labels.single;
    int64_t alike = 0, edges = 0;
    std::vector<double> ends(data_.labels.classes, 0);  // edges between labelled nodes, by the label at the destination
    for (int64_t i = 0; i < data_.nodes; ++i) {
      if (label[i] < 0) continue;
      for (int64_t e = rows_.row_start[i]; e < rows_.row_start[i + 1]; ++e) {
        const int32_t other = label[rows_.source[e]];
        if (other < 0) continue;
        ++edges;
        alike += other == label[i];
        ++ends[label[i]];
      }
    }
    if (edges == 0) return;
    // By chance, both ends of an edge have class c with the square of the share of edge ends in class c.
    r_.homophily = static_cast<double>(alike) / static_cast<double>(edges);
    r_.chance_homophily = 0;
    for (const double e : ends)
      r_.chance_homophily += (e / static_cast<double>(edges)) * (e / static_cast<double>(edges));
  }

  /// Blocks of rows are examined in parallel. A column is constant if no row differs from the first row.
  void dense_features() {
    const Features& x = data_.features;
    const auto value = [&x](int64_t i) { return x.dense_value(i); };
    // Every block compares its rows with the first row of the matrix, not with its own first row, so that a column is
    // constant if it changes in no block.
    struct Part {
      std::vector<char> changes;
      int64_t nonzeros = 0, zero_rows = 0;
    };
    std::vector<Part> parts((x.rows + kCheckBlock - 1) / kCheckBlock);
    parallel_blocks(x.rows, kCheckBlock, [&](int64_t begin, int64_t end) {
      Part part{std::vector<char>(x.cols, 0)};
      for (int64_t i = begin; i < end; ++i) {
        int64_t nonzeros_of_row = 0;
        for (int64_t c = 0; c < x.cols; ++c) {
          const float v = value(i * x.cols + c);
          if (!std::isfinite(v))
            throw Error(data_.source, ": feature of node ", i, ", column ", c, " is ", v, ", expected a finite number");
          nonzeros_of_row += v != 0;
          part.changes[c] |= v != value(c);
        }
        part.nonzeros += nonzeros_of_row;
        part.zero_rows += nonzeros_of_row == 0;
      }
      parts[begin / kCheckBlock] = std::move(part);
    });
    int64_t nonzeros = 0;
    std::vector<char> changes(x.cols, 0);
    for (const Part& part : parts) {
      nonzeros += part.nonzeros;
      r_.zero_rows += part.zero_rows;
      for (int64_t c = 0; c < x.cols; ++c) changes[c] |= part.changes[c];
    }
    for (int64_t c = 0; c < x.cols; ++c)
      if (!changes[c]) add_constant_columns(c, c + 1);
    r_.nonzero_share = static_cast<double>(nonzeros) / static_cast<double>(x.rows * x.cols);
    r_.scale_ratio = scale_ratio(feature_ranges(x));
  }

  /// Adds the columns [begin, end), which are constant. Columns are added in ascending order.
  void add_constant_columns(int64_t begin, int64_t end) {
    r_.constant_column_count += end - begin;
    for (int64_t c = begin; c < end && r_.constant_columns.size() < kMostListedColumns; ++c)
      r_.constant_columns.push_back(c);
  }

  /// Counts per column need memory for every column. If a matrix claims to have far more columns than values, only the
  /// columns with a value are counted, and `used` has their numbers.
  void sparse_features() {
    const Features& x = data_.features;
    std::vector<int32_t> used;
    const bool few = x.cols / kColumnsPerValue > static_cast<int64_t>(x.column.size());
    if (few) {
      used = x.column;
      std::sort(used.begin(), used.end());
      used.erase(std::unique(used.begin(), used.end()), used.end());
    }
    const size_t counted = few ? used.size() : static_cast<size_t>(x.cols);
    std::vector<int64_t> held(counted, 0);
    std::vector<float> first(counted, 0);
    std::vector<char> changes(counted, 0);
    int64_t nonzeros = 0;
    for (int64_t i = 0; i < x.rows; ++i) {
      int64_t nonzeros_of_row = 0;
      for (int64_t e = x.row_start[i]; e < x.row_start[i + 1]; ++e) {
        if (x.value[e] == 0) continue;
        ++nonzeros_of_row;
        const int32_t column = x.column[e];
        const size_t c = few ? std::lower_bound(used.begin(), used.end(), column) - used.begin() : column;
        if (held[c]++ == 0) first[c] = x.value[e];
        changes[c] |= x.value[e] != first[c];
      }
      nonzeros += nonzeros_of_row;
      r_.zero_rows += nonzeros_of_row == 0;
    }
    int64_t next = 0;  // the first column that is not decided
    for (size_t c = 0; c < counted; ++c) {
      const int64_t column = few ? used[c] : static_cast<int64_t>(c);
      add_constant_columns(next, column);  // they have no value
      if (!changes[c] && (held[c] == 0 || held[c] == x.rows)) add_constant_columns(column, column + 1);
      next = column + 1;
    }
    add_constant_columns(next, x.cols);
    r_.nonzero_share = static_cast<double>(nonzeros) / (static_cast<double>(x.rows) * static_cast<double>(x.cols));
  }

  /// Returns the name of a feature column in quotes, or its number if it has no name.
  std::string column_name(int64_t column) const {
    if (!data_.schema) return str(column);
    return str("'", data_.schema->feature_names()[static_cast<size_t>(column)], "'");
  }

  /// Adds the notes about whatever is odd.
  void notes() {
    const auto say = [this](const auto&... parts) { r_.notes.push_back(str(parts...)); };
    if (r_.duplicates > 0) say(r_.duplicates, " listed edges repeat another one; left out");
    if (r_.isolated > 0) say(r_.isolated, " nodes have no edge");
    if (r_.degrees.back() > r_.nodes / 2 && r_.nodes > 100)
      say("node ", r_.largest_node, " has ", r_.degrees.back(), " of ", r_.nodes, " nodes as neighbours");
    if (r_.constant_column_count > 0)
      say(r_.constant_column_count, " feature columns are constant; the first is column ",
          column_name(r_.constant_columns.front()));
    if (r_.zero_rows > 0) say(r_.zero_rows, " nodes have no feature other than 0");
    std::vector<int64_t> there;
    for (const int64_t count : r_.class_counts)
      if (count > 0) there.push_back(count);
    if (there.size() < 2) return;
    const auto [low, high] = std::minmax_element(there.begin(), there.end());
    if (static_cast<double>(*high) > kUneven * static_cast<double>(*low))
      say("the largest class has ", *high, " nodes, the smallest ", *low,
          "; data.class_weights=balanced, or data.metric=macro_f1, may help");
  }

  const Dataset& data_;
  Csr made_;
  CsrView rows_;
  GraphReport r_;
};

}  // namespace

GraphReport check_graph(const Dataset& data, bool whole) {
  GraphReport report = Checker(data).report(whole);
  require_mapped_files();
  return report;
}

nlohmann::json degrees_json(const GraphReport& r) {
  return {{"min", r.degrees[0]}, {"p10", r.degrees[1]},   {"median", r.degrees[2]}, {"p90", r.degrees[3]},
          {"p99", r.degrees[4]}, {"p99.9", r.degrees[5]}, {"max", r.degrees[6]}};
}

}  // namespace graphsieve
