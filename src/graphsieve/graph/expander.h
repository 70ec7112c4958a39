// SPDX-License-Identifier: Apache-2.0
// Expander edges: the union of `degree` random Hamiltonian cycles, or of `degree` random permutations, in both
// directions. Every cycle or permutation is a keyed permutation, so the neighbours of a node can be computed one node
// at a time or stored as a graph, with the same result.
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
  kHamiltonian,  ///< neighbours of node i: pi(pi^-1(i) + 1) and pi(pi^-1(i) - 1), for every cycle pi
  kPermutation,  ///< neighbours of node i: pi(i) and pi^-1(i), for every permutation pi; a fixed point has none
};

/// Returns the kind named "hamiltonian" or "permutation". Throws Error if the name is another one.
ExpanderKind expander_kind(const std::string& name);

/// The rows of expander edges, computed on demand.
class ExpanderRows {
 public:
  virtual ~ExpanderRows() = default;
  virtual int64_t nodes() const = 0;
  /// Returns the sources of the edges into a node, ascending and with repetitions. Throws Error if there is no such
  /// node.
  virtual std::vector<int32_t> neighbors(int64_t node) const = 0;
  /// Returns the number of these sources, with repetitions.
  virtual int64_t degree_of(int64_t node) const = 0;
};

/// An expander graph that computes its edges on demand.
class Expander : public ExpanderRows {
 public:
  /// With up to 10 nodes, all pairs of nodes are edges, whatever the degree (unless it is 0). Otherwise the degree is
  /// limited to nodes - 1. Degree 0 gives no edges. Throws Error if nodes or degree is negative, or if the number of
  /// nodes does not fit in 31 bits.
  Expander(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t key);

  int64_t nodes() const override { return nodes_; }
  /// Returns the number of cycles or permutations in use; 0 if all pairs are edges.
  int64_t degree() const { return static_cast<int64_t>(permutations_.size()); }

  /// Returns the neighbours of a node, ascending and with repetitions, as in its row of csr(). Throws Error if there is
  /// no such node.
  std::vector<int32_t> neighbors(int64_t node) const override;
  /// Returns the number of neighbours of a node, with repetitions.
  int64_t degree_of(int64_t node) const override;

  /// Returns the whole graph, a multigraph that is its own transpose. Takes O(nodes * degree) time.
  Csr csr() const;

 private:
  Csr all_pairs() const;
  void fill_slots(LargeVector<int32_t>& slots) const;

  int64_t nodes_;
  ExpanderKind kind_;
  bool complete_;
  std::vector<KeyedPermutation> permutations_;
};

/// The expander of a model's training data on a graph with other nodes. Nodes of the training data keep their edges to
/// one another, without those of nodes that are absent. Each further node gets 2 · degree in-edges from keyed random
/// nodes of the training data, and sends none, so that it changes no edge into a node of the training data.
class ExtendedExpander : public ExpanderRows {
 public:
  /// `trained` must outlive the object. `present` [trained.nodes()]: 1 for the nodes that are there; empty: all are.
  /// The graph has `nodes` nodes, at least trained.nodes(). Throws Error if these do not fit or no node is present.
  ExtendedExpander(const Expander& trained, const std::vector<uint8_t>& present, int64_t nodes, uint64_t key);

  int64_t nodes() const override { return nodes_; }
  std::vector<int32_t> neighbors(int64_t node) const override;
  int64_t degree_of(int64_t node) const override;

 private:
  bool present(int64_t node) const { return present_.empty() || present_[node] != 0; }

  const Expander& trained_;
  const std::vector<uint8_t> present_;
  std::vector<int32_t> there_;  ///< nodes that are present; empty: all are
  const int64_t nodes_;
  int64_t in_edges_ = 0;  ///< in-edges of a further node
  const uint64_t key_;
};

/// Returns Expander(nodes, degree, kind, key).csr().
Csr expander_edges(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t key);

/// An expander and what its check found.
struct ExpanderResult {
  Expander expander;
  double spectral_gap = 0;      ///< spectral gap of the expander; NaN if it was not checked
  int64_t tries = 0;            ///< number of graphs drawn
  bool near_ramanujan = false;  ///< spectral_gap >= near_ramanujan_bound(degree); false if unchecked
};

/// Returns max(0, 2 degree - 2 sqrt(2 degree - 1) - 0.1). A random 2d-regular graph has a spectral gap of at least 2d -
/// 2 sqrt(2d - 1) - epsilon with high probability (Friedman 2003), and no large graph can have a much larger one (Alon
/// and Boppana).
double near_ramanujan_bound(int64_t degree);

/// Draws graphs, keyed by (seed, try), until one is near-Ramanujan or `tries` graphs have been drawn, and returns the
/// one with the largest spectral gap. A graph whose gap is NaN (its eigenvalue did not converge) never replaces another
/// graph, and is replaced by any graph whose gap is known. With tries = 0 or more than check_nodes nodes, the first
/// graph is returned without a check. With up to 10 nodes, where all pairs are edges, a checked graph always counts as
/// near-Ramanujan. `gap_of` measures a graph; its second argument is a random key. Throws Error if `tries` is negative.
ExpanderResult near_ramanujan_expander(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t seed, int64_t tries,
                                       int64_t check_nodes,
                                       const std::function<double(const Csr&, uint64_t)>& gap_of = spectral_gap);

}  // namespace graphsieve
