// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/spectral_error.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "graphsieve/base/error.h"
#include "graphsieve/base/large_memory.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

constexpr int kMostPowerSteps = 300;    ///< largest number of steps of a power iteration
constexpr double kPowerSettled = 1e-5;  ///< relative change of the norm in a step at which the iteration ends
constexpr int64_t kErrorBlock = 8192;   ///< nodes per block of a sum over nodes
constexpr int64_t kDrawBlock = 65536;   ///< nodes per call of `draw`
constexpr int64_t kRowParts = 8;        ///< parts of the rows; each part adds into a vector of its own

using Vector = LargeVector<double>;

/// A matrix [nodes, nodes] on the graph's edges: edge e of row i is the entry weight[e] in column source[e].
class EdgeMatrix {
 public:
  EdgeMatrix(const ops::AttentionEdges& edges, const float* weight)
      : nodes_(edges.row_start.numel() - 1),
        start_(edges.row_start.const_data_ptr<int64_t>()),
        source_(edges.index.const_data_ptr<int32_t>()),
        weight_(weight) {
    for (int64_t p = 0; p <= kRowParts; ++p)  // the parts have about the same number of edges
      first_[p] =
          p == kRowParts ? nodes_ : std::lower_bound(start_, start_ + nodes_, start_[nodes_] / kRowParts * p) - start_;
  }

  /// Returns ‖M‖₂, by power iteration on MᵀM from a random start: ‖M x‖ / ‖x‖ approaches the norm.
  double norm() const {
    std::array<Vector, kRowParts> back;
    for (Vector& b : back) b.resize(nodes_);
    Vector x(nodes_);
    for (int64_t i = 0; i < nodes_; ++i) x[i] = uniform(random_key(static_cast<uint64_t>(Stream::kEigen), i));
    double norm = 0, size = length(x);
    for (int step = 0; step < kMostPowerSteps && size > 0; ++step) {
      const double now = multiply(x, back) / size;
      if (std::abs(now - norm) <= kPowerSettled * now) return now;
      norm = now;
      parallel_blocks(nodes_, kErrorBlock, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          double sum = 0;
          for (const Vector& b : back) sum += b[i];
          x[i] = sum / size;
        }
      });
      size = length(x);
    }
    return norm;
  }

 private:
  /// Sets `back` to vectors whose sum is MᵀM x, one for each part of the rows, and returns ‖M x‖. The parts run in
  /// parallel. The number of parts is fixed, so the result does not depend on the number of threads.
  double multiply(const Vector& x, std::array<Vector, kRowParts>& back) const {
    std::array<double, kRowParts> square{};
    parallel_for(kRowParts, [&](int64_t p) {
      std::fill(back[p].begin(), back[p].end(), 0);
      for (int64_t i = first_[p]; i < first_[p + 1]; ++i) {
        double y = 0;
        for (int64_t e = start_[i]; e < start_[i + 1]; ++e) y += weight_[e] * x[source_[e]];
        for (int64_t e = start_[i]; e < start_[i + 1]; ++e) back[p][source_[e]] += weight_[e] * y;
        square[p] += y * y;
      }
    });
    double sum = 0;
    for (const double s : square) sum += s;
    return std::sqrt(sum);
  }

  /// Returns ‖v‖. The sums of the blocks are added in order, so the result does not depend on the number of threads.
  double length(const Vector& v) const {
    std::vector<double> sums((nodes_ + kErrorBlock - 1) / kErrorBlock, 0);
    parallel_blocks(nodes_, kErrorBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sums[begin / kErrorBlock] += v[i] * v[i];
    });
    double sum = 0;
    for (const double s : sums) sum += s;
    return std::sqrt(sum);
  }

  const int64_t nodes_;
  const int64_t* start_;
  const int32_t* source_;
  const float* weight_;
  std::array<int64_t, kRowParts + 1> first_;  ///< first row of each part, and the end of the last part
};

/// The writer of the matrix A − Â, with one number for each edge of the graph.
class Difference {
 public:
  Difference(const ops::AttentionEdges& edges, const at::Tensor& scores, bool normalised, LargeVector<float>& to)
      : normalised_(normalised),
        start_(edges.row_start.const_data_ptr<int64_t>()),
        source_(edges.index.const_data_ptr<int32_t>()),
        type_(edges.type.const_data_ptr<uint8_t>()),
        score_(scores.const_data_ptr<float>()),
        to_(to) {}

  /// Writes the rows of the nodes that `sample` was drawn for, which begin with node `begin`.
  void rows(int64_t begin, const LayerSample& sample) const {
    const int32_t* drawn = sample.index.const_data_ptr<int32_t>();
    const uint8_t* drawn_type = sample.type.const_data_ptr<uint8_t>();
    const float* weight = sample.log_weight.defined() ? sample.log_weight.const_data_ptr<float>() : nullptr;
    const int64_t k = sample.index.size(1);
    parallel_blocks(sample.index.size(0), 256, [&](int64_t first, int64_t last) {
      std::vector<int64_t> at;
      for (int64_t r = first; r < last; ++r)
        row(begin + r, k, {drawn + r * k, drawn_type + r * k, weight ? weight + r * k : nullptr}, at);
    });
  }

 private:
  /// The drawn edges of one row; `log_weight` is null if they have no weights.
  struct DrawnRow {
    const int32_t* source;
    const uint8_t* type;
    const float* log_weight;
    double weight(int64_t d) const { return log_weight ? std::exp(static_cast<double>(log_weight[d])) : 1; }
  };

  /// Writes one row. The drawn edges are in the row's order, so one pass over the row finds them all. Edges of the same
  /// source and type have the same score, so the first of them may stand for all. An edge whose draws have the weights
  /// w gets score − Σ w · score / sum, where `sum` adds w · score for all draws of the row (1 if the rows are not
  /// normalised). An edge that was not drawn keeps its score.
  void row(int64_t node, int64_t k, const DrawnRow& drawn, std::vector<int64_t>& at) const {
    const int64_t end = start_[node + 1];
    std::copy(score_ + start_[node], score_ + end, to_.data() + start_[node]);
    double sum = 0;
    int64_t e = start_[node];
    at.clear();
    for (int64_t d = 0; d < k && drawn.source[d] >= 0; ++d) {
      while (e < end && (source_[e] != drawn.source[d] || type_[e] != drawn.type[d])) ++e;
      if (e == end)
        throw Error("node ", node, ": the drawn edge from ", drawn.source[d],
                    " is not in its row, or not in the row's order");
      at.push_back(e);
      sum += drawn.weight(d) * score_[e];
    }
    if (sum <= 0) return;
    if (!normalised_) sum = 1;
    for (size_t d = 0; d < at.size();) {
      const double score = score_[at[d]];
      double weight = 0;
      size_t next = d;
      for (; next < at.size() && at[next] == at[d]; ++next) weight += drawn.weight(static_cast<int64_t>(next));
      to_[at[d]] = static_cast<float>(score - weight * score / sum);
      d = next;
    }
  }

  const bool normalised_;
  const int64_t* start_;
  const int32_t* source_;
  const uint8_t* type_;
  const float* score_;
  LargeVector<float>& to_;
};

}  // namespace

SpectralError::SpectralError(const ops::AttentionEdges& edges, const at::Tensor& scores)
    : edges_(edges), scores_(scores), norm_(EdgeMatrix(edges, scores.const_data_ptr<float>()).norm()) {}

double SpectralError::of(const std::function<LayerSample(const at::Tensor& rows)>& draw, bool normalised) const {
  const int64_t nodes = edges_.row_start.numel() - 1;
  LargeVector<float> difference(scores_.numel());
  const Difference write(edges_, scores_, normalised, difference);
  for (int64_t begin = 0; begin < nodes; begin += kDrawBlock)
    write.rows(begin, draw(at::arange(begin, std::min(nodes, begin + kDrawBlock), at::kInt)));
  return norm_ > 0 ? EdgeMatrix(edges_, difference.data()).norm() / norm_ : 0;
}

double spectral_error(const ops::AttentionEdges& edges, const at::Tensor& scores, const LayerSample& sample,
                      bool normalised) {
  const auto draw = [&sample](const at::Tensor& rows) {
    LayerSample of_rows{sample.index.index_select(0, rows), sample.type.index_select(0, rows)};
    if (sample.log_weight.defined()) of_rows.log_weight = sample.log_weight.index_select(0, rows);
    return of_rows;
  };
  return SpectralError(edges, scores).of(draw, normalised);
}

}  // namespace graphsieve
