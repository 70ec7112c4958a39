// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/spectral_gap.h"

#include <Spectra/SymEigsSolver.h>
#include <Eigen/Dense>
#include <algorithm>
#include <limits>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"

namespace graphsieve {
namespace {

constexpr int64_t kDenseUpTo = 64;
constexpr int64_t kSumBlock = 1024;

int64_t row_length(const Csr& graph, int64_t i) { return graph.row_start[i + 1] - graph.row_start[i]; }

double max_degree(const Csr& graph) {
  int64_t degree = 0;
  for (int64_t i = 0; i < graph.nodes(); ++i) degree = std::max(degree, row_length(graph, i));
  return static_cast<double>(degree);
}

/// Computes the gap from all eigenvalues of the dense matrix D - A.
double dense_gap(const Csr& graph) {
  Eigen::MatrixXd laplacian = Eigen::MatrixXd::Zero(graph.nodes(), graph.nodes());
  for (int64_t i = 0; i < graph.nodes(); ++i) {
    laplacian(i, i) += static_cast<double>(row_length(graph, i));
    for (int64_t e = graph.row_start[i]; e < graph.row_start[i + 1]; ++e) laplacian(i, graph.source[e]) -= 1;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(laplacian, Eigen::EigenvaluesOnly);
  return solver.info() == Eigen::Success ? solver.eigenvalues()[1] : std::numeric_limits<double>::quiet_NaN();
}

/// Returns the gap, or 0 if rounding made it negative. NaN stays NaN, which std::max(0.0, NaN) would turn into 0.
double at_least_0(double gap) { return gap < 0 ? 0 : gap; }

/// The operator x -> (A + c I - D) x, where c is the largest degree, with one change: the constant vector, whose
/// eigenvalue is c, gets the eigenvalue -2c - 1, which is below all others. The largest eigenvalue of the operator is
/// then c less the gap.
class ShiftedGraph {
 public:
  using Scalar = double;

  explicit ShiftedGraph(const Csr& graph) : graph_(graph), shift_(max_degree(graph)) {}

  Eigen::Index rows() const { return graph_.nodes(); }
  Eigen::Index cols() const { return graph_.nodes(); }
  double shift() const { return shift_; }

  void perform_op(const double* x, double* y) const {
    double sum = 0;
    for (int64_t i = 0; i < graph_.nodes(); ++i) sum += x[i];
    const double constant = (3 * shift_ + 1) * sum / static_cast<double>(graph_.nodes());
    parallel_blocks(graph_.nodes(), kSumBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        double total = (shift_ - static_cast<double>(row_length(graph_, i))) * x[i] - constant;
        for (int64_t e = graph_.row_start[i]; e < graph_.row_start[i + 1]; ++e) total += x[graph_.source[e]];
        y[i] = total;
      }
    });
  }

 private:
  const Csr& graph_;
  double shift_;
};

}  // namespace

double spectral_gap(const Csr& graph, uint64_t key) {
  const int64_t n = graph.nodes();
  if (n < 2) return std::numeric_limits<double>::quiet_NaN();
  if (n <= kDenseUpTo) return at_least_0(dense_gap(graph));
  if (graph.edges() == 0) return 0;
  std::vector<double> start(n);
  for (int64_t i = 0; i < n; ++i) start[i] = uniform(random_key(key, Stream::kEigen, i)) - 0.5;
  ShiftedGraph shifted(graph);
  // One eigenvalue, the largest, by the Lanczos method with up to 40 vectors.
  Spectra::SymEigsSolver<ShiftedGraph> solver(shifted, 1, std::min<int64_t>(n, 40));
  solver.init(start.data());
  solver.compute(Spectra::SortRule::LargestAlge, 1000, 1e-5);
  if (solver.info() != Spectra::CompInfo::Successful) return std::numeric_limits<double>::quiet_NaN();
  return at_least_0(shifted.shift() - solver.eigenvalues()[0]);
}

}  // namespace graphsieve
