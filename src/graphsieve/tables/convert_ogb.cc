// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/convert_ogb.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/base/option.h"
#include "graphsieve/base/path_text.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/files/record_file.h"
#include "graphsieve/tables/ogb_rows.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

/// Throws Error unless the matrix has this number of columns.
void expect_columns(const OgbRows& rows, int64_t count) {
  if (rows.columns() != count) throw Error(rows.where(), ": ", rows.columns(), " columns, expected ", count);
}

/// Converts one data set; run() writes the parts of the graph folder in the order in which they need memory.
class OgbConverter {
 public:
  explicit OgbConverter(const OgbRequest& request)
      : r_(request), folder_(request.folder), raw_(folder_ / "raw"), files_(raw_) {}

  void run() {
    if (!fs::is_directory(raw_))
      throw Error(folder_.string(), ": no folder raw in it; expected a data set of OGB, such as ogbn_products");
    read_count();
    check_features();
    GraphFolderWriter to(r_.out, nodes_, r_.directed, r_.overwrite, {r_.folder});
    const Labels labels = read_labels();
    to.write_labels(labels);
    write_split(labels, to);
    ExternalSort sort(to.scratch(), r_.memory);
    read_edges(sort, to);
    write_features(to);
    to.add_edges(sort, [this](double done) { tell(0.7 + 0.3 * done); });
    if (to.edges() == 0) throw Error(raw_.string(), ": no edge but self loops");
    const fs::path folder = fs::absolute(folder_).lexically_normal();
    to.commit(
        !r_.name.empty() ? r_.name : path_text((folder.has_filename() ? folder : folder.parent_path()).filename()),
        "default");
    tell(1);
  }

 private:
  /// An edge as listed. Edges are kept on disk in this form if features are made of them.
  struct Ends {
    int32_t source, destination;
  };

  void tell(double share) const {
    if (r_.progress) r_.progress(share);
  }

  /// Reads the number of nodes, which all other files must match.
  void read_count() {
    const auto rows = files_.open("num-node-list");
    expect_columns(*rows, 1);
    double nodes = 0;
    rows->read([&](int64_t first_row, std::span<const double> values) {
      if (first_row + static_cast<int64_t>(values.size()) > 1)
        throw Error(rows->where(), ": several graphs, expected one");
      nodes = values[0];
    });
    if (!(nodes >= 1 && nodes <= std::numeric_limits<int32_t>::max() - 1) || nodes != std::trunc(nodes))
      throw Error(rows->where(), ": ", nodes, " nodes, expected 1 to ", std::numeric_limits<int32_t>::max() - 1);
    nodes_ = static_cast<int64_t>(nodes);
  }

  bool from_edges() const { return !r_.features_from_edges.empty(); }

  /// Throws Error unless the features that the request asks for are in the data set.
  void check_features() const {
    if (from_edges() && !files_.has("edge-feat"))
      throw Error(raw_.string(), ": no features on edges (edge-feat) for ", option("node_features_from_edges"));
    if (!from_edges() && !files_.has("node-feat") && files_.has("edge-feat"))
      throw Error(raw_.string(), ": features on edges alone (as ogbn-proteins); ", option("node_features_from_edges"),
                  " mean or sum makes features of the nodes of them");
  }

  /// Reads a class per node from one column, or a 0/1 label per column from several columns.
  Labels read_labels() const {
    const auto rows = files_.open("node-label");
    const int64_t columns = rows->columns();
    const bool several = columns > 1;
    constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
    Labels labels;
    several ? labels.values.reserve(nodes_ * columns) : labels.single.reserve(nodes_);
    read_all(*rows, [&](int64_t first_row, std::span<const double> values) {
      for (size_t i = 0; i < values.size(); ++i) {
        const double value = values[i] == -1 ? kMissing : values[i];
        const bool fits =
            std::isnan(value) ||
            (several ? value == 0 || value == 1 : value >= 0 && value < kMostClasses && value == std::trunc(value));
        if (!fits)
          throw Error(rows->place(first_row + static_cast<int64_t>(i) / columns), ": ", value, ", expected ",
                      several ? "0, 1 or nan" : "a class or nan");
        if (several)
          labels.values.push_back(static_cast<float>(value));
        else
          labels.single.push_back(std::isnan(value) ? -1 : static_cast<int32_t>(value));
      }
    });
    labels.classes = several ? columns : 1 + *std::max_element(labels.single.begin(), labels.single.end());
    if (labels.classes < 1) throw Error(rows->where(), ": no node has a label");
    return labels;
  }

  /// Reads a matrix with one row per node. Throws Error if it has more or fewer rows.
  template <class Take>
  void read_all(OgbRows& rows, Take take) const {
    int64_t done = 0;
    rows.read([&](int64_t first_row, std::span<const double> values) {
      done += static_cast<int64_t>(values.size()) / rows.columns();
      if (done > nodes_) throw Error(rows.where(), ": more than ", nodes_, " rows, expected one per node");
      take(first_row, values);
    });
    if (done != nodes_) throw Error(rows.where(), ": ", done, " rows, expected ", nodes_, ", one per node");
  }

  /// Writes the data set's split, which is the only folder in split/, if there is one.
  void write_split(const Labels& labels, GraphFolderWriter& to) const {
    std::vector<fs::path> found;
    if (fs::is_directory(folder_ / "split"))
      for (const auto& entry : fs::directory_iterator(folder_ / "split"))
        if (entry.is_directory()) found.push_back(entry.path());
    if (found.empty()) return;
    if (found.size() > 1) throw Error((folder_ / "split").string(), ": ", found.size(), " splits, expected one");
    Split split;
    const std::pair<const char*, std::vector<int32_t>*> parts[] = {
        {"train", &split.train}, {"valid", &split.val}, {"test", &split.test}};
    for (const auto& [name, ids] : parts) {
      const auto rows = OgbFiles::open_csv(found[0], name);
      expect_columns(*rows, 1);
      rows->read([&, &ids = ids](int64_t first_row, std::span<const double> values) {
        for (size_t i = 0; i < values.size(); ++i)
          ids->push_back(node(*rows, first_row + static_cast<int64_t>(i), values[i]));
      });
    }
    const int64_t dropped = check_split(split, labels, found[0].string());
    if (dropped > 0 && r_.note) r_.note(str(dropped, " nodes without a label taken out of the split"));
    to.write_splits({split});
  }

  /// Returns an id as the index of a node. Throws Error, with the row, if it is none.
  int32_t node(const OgbRows& rows, int64_t row, double id) const {
    if (id >= 0 && id < static_cast<double>(nodes_) && id == std::trunc(id)) return static_cast<int32_t>(id);
    throw Error(rows.place(row), ": node ", id, ", expected 0 to ", nodes_ - 1);
  }

  /// Adds every edge to the sort, in both directions unless the graph is directed, and keeps the listed edges for
  /// features that are made of them.
  void read_edges(ExternalSort& sort, GraphFolderWriter& to) const {
    const auto rows = files_.open("edge");
    expect_columns(*rows, 2);
    std::unique_ptr<AtomicFile> kept;
    if (from_edges()) kept = std::make_unique<AtomicFile>(to.scratch() / kEdges);
    rows->read([&](int64_t first_row, std::span<const double> values) {
      for (size_t i = 0; i < values.size(); i += 2) {
        const int64_t row = first_row + static_cast<int64_t>(i) / 2;
        const Ends ends{node(*rows, row, values[i]), node(*rows, row, values[i + 1])};
        sort.add(edge_key(ends.destination, ends.source));
        if (!r_.directed) sort.add(edge_key(ends.source, ends.destination));
        if (kept) kept->write(&ends, sizeof ends);
      }
      tell(0.3);
    });
    if (kept) kept->commit();
  }

  void write_features(GraphFolderWriter& to) const {
    if (from_edges()) return write_features_from_edges(to);
    const auto rows = files_.open("node-feat");
    to.begin_features(rows->columns(), r_.type);
    std::vector<float> kept;
    read_all(*rows, [&](int64_t first_row, std::span<const double> values) {
      kept.assign(values.begin(), values.end());
      to.add_features(kept);
      tell(0.4 + 0.3 * static_cast<double>(first_row) / static_cast<double>(nodes_));
    });
  }

  /// Writes the mean or the sum, per node, of the features of its edges: of the edges at both ends or, in a directed
  /// graph, of its in-edges. The rows of edge-feat are in the order of the listed edges, which are read along with
  /// them.
  void write_features_from_edges(GraphFolderWriter& to) const {
    const auto rows = files_.open("edge-feat");
    const int64_t columns = rows->columns();
    std::vector<double> sum(nodes_ * columns, 0);
    std::vector<int64_t> count(nodes_, 0);
    RecordReader<Ends> edges(to.scratch() / kEdges, 1 << 20);
    rows->read([&](int64_t, std::span<const double> values) {
      for (size_t at = 0; at < values.size(); at += columns, edges.next()) {
        if (edges.done()) throw Error(rows->where(), ": more rows than edges, expected one per edge");
        for (const int32_t end : {edges.head().destination, edges.head().source}) {
          ++count[end];
          for (int64_t c = 0; c < columns; ++c) sum[end * columns + c] += values[at + c];
          if (r_.directed) break;
        }
      }
      tell(0.5);
    });
    if (!edges.done()) throw Error(rows->where(), ": fewer rows than edges, expected one per edge");
    to.begin_features(columns, r_.type);
    std::vector<float> row(columns);
    for (int64_t i = 0; i < nodes_; ++i) {
      const double over = r_.features_from_edges == "mean" && count[i] > 0 ? static_cast<double>(count[i]) : 1;
      for (int64_t c = 0; c < columns; ++c) row[c] = static_cast<float>(sum[i * columns + c] / over);
      to.add_features(row);
    }
  }

  static constexpr const char* kEdges = "edges";

  const OgbRequest& r_;
  fs::path folder_, raw_;
  OgbFiles files_;
  int64_t nodes_ = 0;
};

}  // namespace

void convert_ogb(const OgbRequest& request) { OgbConverter(request).run(); }

}  // namespace graphsieve

void graphsieve_convert_ogb(const graphsieve::OgbRequest& request) { graphsieve::convert_ogb(request); }
