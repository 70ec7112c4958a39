// Expander edges: the union of `degree` random Hamiltonian cycles, or of `degree` random permutations, both directions.
// Every cycle or permutation is a keyed one, so a node's neighbours can be had one at a time or as a stored graph, and
// the two are the same.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "graphsieve/graph/attention_graph.h"
#include "graphsieve/graph/permutation.h"
#include "graphsieve/graph/spectral_gap.h"

namespace graphsieve {

enum class ExpanderKind {
  kHamiltonian,  ///< node i: pi(pi^-1(i) + 1) and pi(pi^-1(i) - 1), for every cycle pi
  kPermutation,  ///< node i: pi(i) and pi^-1(i), for every permutation pi; fixed points give nothing
};

/// "hamiltonian" or "permutation"; throws Error on another name.
ExpanderKind expander_kind(const std::string& name);

class Expander {
 public:
  /// Up to 10 nodes: all pairs, whatever the degree. Else the degree is cut to nodes - 1. Throws Error where nodes or
  /// degree is negative. Degree 0: no edges.
  Expander(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t key);

  int64_t nodes() const { return nodes_; }
  /// Cycles or permutations in use; 0 where all pairs are.
  int64_t degree() const { return static_cast<int64_t>(permutations_.size()); }

  /// Neighbours of one node, ascending, with repetitions: the row of csr(). Throws Error where there is no such node.
  std::vector<int32_t> neighbors(int64_t node) const;
  /// How many it has.
  int64_t degree_of(int64_t node) const;

  /// The whole graph: a multigraph, its own transpose. O(nodes * degree).
  Csr csr() const;

 private:
  Csr all_pairs() const;
  void fill_slots(LargeVector<int32_t>& slots) const;

  int64_t nodes_;
  ExpanderKind kind_;
  bool complete_;
  std::vector<KeyedPermutation> permutations_;
};

/// Expander(nodes, degree, kind, key).csr().
Csr expander_edges(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t key);

struct ExpanderResult {
  Expander expander;
  double spectral_gap = 0;      ///< of the one kept; NaN if unchecked
  int64_t tries = 0;            ///< graphs drawn
  bool near_ramanujan = false;  ///< spectral_gap >= near_ramanujan_bound(degree); false if unchecked
};

/// max(0, 2 degree - 2 sqrt(2 degree - 1) - 0.1).
double near_ramanujan_bound(int64_t degree);

/// Draws graphs, keyed by (seed, try), until one is near-Ramanujan or `tries` are drawn, and keeps the one with the
/// largest gap. A graph whose gap is NaN (the eigenvalue did not converge) never replaces another one, and is replaced
/// by any whose gap is known. tries = 0, or more than check_nodes nodes: the first, unchecked. Up to 10 nodes the answer
/// is known. `gap_of` measures a graph with a random key.
ExpanderResult near_ramanujan_expander(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t seed, int64_t tries,
                                       int64_t check_nodes,
                                       const std::function<double(const Csr&, uint64_t)>& gap_of = spectral_gap);

}  // namespace graphsieve
