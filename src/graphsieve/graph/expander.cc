// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/graph/expander.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/graph/spectral_gap.h"

namespace graphsieve {
namespace {

constexpr int64_t kCompleteUpTo = 10;
constexpr int64_t kExpanderBlock = 4096;

}  // namespace

ExpanderKind expander_kind(const std::string& name) {
  if (name == "hamiltonian") return ExpanderKind::kHamiltonian;
  if (name == "permutation") return ExpanderKind::kPermutation;
  throw Error("expander kind '", name, "', expected hamiltonian or permutation");
}

Expander::Expander(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t key) : nodes_(nodes), kind_(kind) {
  if (nodes < 0 || nodes > std::numeric_limits<int32_t>::max())
    throw Error("expander: ", nodes, " nodes, expected 0 to ", std::numeric_limits<int32_t>::max());
  if (degree < 0) throw Error("expander: degree ", degree, ", expected 0 or more");
  // A graph this small cannot have enough different cycles, so all pairs are used instead.
  complete_ = nodes <= kCompleteUpTo && degree > 0;
  if (complete_) return;
  const int64_t count = std::min(degree, std::max<int64_t>(nodes - 1, 0));
  for (int64_t c = 0; c < count; ++c) permutations_.emplace_back(nodes, random_key(key, c));
}

std::vector<int32_t> Expander::neighbors(int64_t node) const {
  if (node < 0 || node >= nodes_) throw Error("expander: node ", node, ", expected 0 to ", nodes_ - 1);
  std::vector<int32_t> out;
  for (int64_t j = 0; complete_ && j < nodes_; ++j)
    if (j != node) out.push_back(static_cast<int32_t>(j));
  const auto n = static_cast<uint64_t>(nodes_), i = static_cast<uint64_t>(node);
  for (const KeyedPermutation& pi : permutations_) {
    const bool cycle = kind_ == ExpanderKind::kHamiltonian;
    // The cycle visits pi(0), pi(1), …, pi(n - 1) and returns to pi(0).
    const uint64_t place = pi.inverse(i);
    const uint64_t one = cycle ? pi(place + 1 == n ? 0 : place + 1) : pi(i);
    const uint64_t other = cycle ? pi(place == 0 ? n - 1 : place - 1) : place;
    if (one != i) out.push_back(static_cast<int32_t>(one));
    if (other != i) out.push_back(static_cast<int32_t>(other));
  }
  std::sort(out.begin(), out.end());
  return out;
}

int64_t Expander::degree_of(int64_t node) const {
  if (complete_) return nodes_ - 1;
  if (kind_ == ExpanderKind::kHamiltonian && nodes_ > 1) return 2 * degree();
  int64_t fixed = 0;
  for (const KeyedPermutation& pi : permutations_) fixed += pi(node) == static_cast<uint64_t>(node);
  return 2 * (degree() - fixed);
}

Csr Expander::all_pairs() const {
  Csr out;
  out.row_start.push_back(0);
  for (int64_t i = 0; i < nodes_; ++i) {
    for (int32_t j : neighbors(i)) out.source.push_back(j);
    out.row_start.push_back(out.edges());
  }
  return out;
}

/// Fills `slots` [nodes, 2 degree], two slots per node and permutation. A slot that a fixed point leaves empty keeps
/// INT32_MAX. One permutation after the other is computed once for all nodes: image[p] = pi(p). Then, for a cycle, the
/// neighbours of the node at position p are the images of the positions before and after it; for a permutation, p and
/// image[p] are neighbours. Each slot is written by one p only, so the loops run in parallel.
void Expander::fill_slots(LargeVector<int32_t>& slots) const {
  const int64_t stride = 2 * degree();
  LargeVector<int32_t> image(nodes_);
  for (int64_t c = 0; c < degree(); ++c) {
    parallel_blocks(nodes_, kExpanderBlock, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) image[p] = static_cast<int32_t>(permutations_[c](p));
    });
    parallel_blocks(nodes_, kExpanderBlock, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        if (kind_ == ExpanderKind::kHamiltonian) {
          int32_t* slot = &slots[image[p] * stride + 2 * c];
          slot[0] = image[p + 1 == nodes_ ? 0 : p + 1];
          slot[1] = image[p == 0 ? nodes_ - 1 : p - 1];
        } else if (image[p] != p) {
          slots[p * stride + 2 * c] = image[p];
          slots[image[p] * stride + 2 * c + 1] = static_cast<int32_t>(p);
        }
      }
    });
  }
}

Csr Expander::csr() const {
  if (complete_) return all_pairs();
  const int64_t stride = 2 * degree();
  constexpr int32_t kEmpty = std::numeric_limits<int32_t>::max();
  Csr out;
  // Each row is sorted within its slots, where the empty slots (INT32_MAX) come last, and then moved to the left to
  // close the gaps. A row never moves to the right, so copying in the order of the rows overwrites no row that is still
  // needed.
  out.source.assign(nodes_ * stride, kEmpty);
  fill_slots(out.source);
  out.row_start.assign(nodes_ + 1, 0);
  parallel_blocks(nodes_, kExpanderBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int32_t* row = out.source.data() + i * stride;
      std::sort(row, row + stride);
      out.row_start[i + 1] = std::lower_bound(row, row + stride, kEmpty) - row;
    }
  });
  for (int64_t i = 0; i < nodes_; ++i) {
    const int64_t length = out.row_start[i + 1];
    if (out.row_start[i] != i * stride)
      std::copy_n(out.source.begin() + i * stride, length, out.source.begin() + out.row_start[i]);
    out.row_start[i + 1] += out.row_start[i];
  }
  out.source.resize(out.row_start[nodes_]);
  return out;
}

ExtendedExpander::ExtendedExpander(const Expander& trained, const std::vector<uint8_t>& present, int64_t nodes,
                                   uint64_t key)
    : trained_(trained), present_(present), nodes_(nodes), key_(key) {
  if (!present.empty() && std::ssize(present) != trained.nodes())
    throw Error("expander: ", present.size(), " nodes are said to be present or not, expected ", trained.nodes());
  if (nodes < trained.nodes())
    throw Error("expander: ", nodes, " nodes, expected at least the ", trained.nodes(), " of the training data");
  for (size_t i = 0; i < present.size(); ++i)
    if (present[i] != 0) there_.push_back(static_cast<int32_t>(i));
  if (!present.empty() && there_.empty()) throw Error("expander: no node of the training data is present");
  // A permutation may leave a node without edges, so the number does not depend on one node's row.
  in_edges_ = trained.degree() > 0 ? 2 * trained.degree() : trained.degree_of(0);
}

std::vector<int32_t> ExtendedExpander::neighbors(int64_t node) const {
  std::vector<int32_t> sources;
  if (node < trained_.nodes()) {
    if (!present(node)) return sources;
    sources = trained_.neighbors(node);
    std::erase_if(sources, [this](int32_t source) { return !present(source); });
    return sources;
  }
  if (node >= nodes_) throw Error("expander: node ", node, ", expected 0 to ", nodes_ - 1);
  const uint64_t count = there_.empty() ? static_cast<uint64_t>(trained_.nodes()) : there_.size();
  for (int64_t e = 0; e < in_edges_; ++e) {
    const auto at = random_key(key_, static_cast<uint64_t>(node), static_cast<uint64_t>(e)) % count;
    sources.push_back(there_.empty() ? static_cast<int32_t>(at) : there_[at]);
  }
  std::sort(sources.begin(), sources.end());
  return sources;
}

int64_t ExtendedExpander::degree_of(int64_t node) const {
  if (node >= trained_.nodes() && node < nodes_) return in_edges_;
  if (present_.empty()) return trained_.degree_of(node);
  return std::ssize(neighbors(node));
}

Csr expander_edges(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t key) {
  return Expander(nodes, degree, kind, key).csr();
}

double near_ramanujan_bound(int64_t degree) {
  if (degree < 1) return 0;
  const auto d = static_cast<double>(2 * degree);
  return std::max(0.0, d - 2 * std::sqrt(d - 1) - 0.1);
}

ExpanderResult near_ramanujan_expander(int64_t nodes, int64_t degree, ExpanderKind kind, uint64_t seed, int64_t tries,
                                       int64_t check_nodes, const std::function<double(const Csr&, uint64_t)>& gap_of) {
  if (tries < 0) throw Error("expander: ", tries, " tries, expected 0 or more");
  const bool checked = tries > 0 && nodes <= check_nodes && nodes > 1 && degree > 0;
  ExpanderResult best{Expander(nodes, degree, kind, random_key(seed, Stream::kExpander, 0)),
                      std::numeric_limits<double>::quiet_NaN(), 1, false};
  for (int64_t t = 0; checked && t < tries && !best.near_ramanujan; ++t) {
    const uint64_t key = random_key(seed, Stream::kExpander, t);
    Expander expander(nodes, degree, kind, key);
    const double gap = gap_of(expander.csr(), key);
    best.tries = t + 1;
    // The first graph has the gap NaN, with which every comparison is false, so any known gap replaces it.
    if (std::isnan(gap) || gap <= best.spectral_gap) continue;
    best.expander = std::move(expander);
    best.spectral_gap = gap;
    // All pairs of nodes are the best expander that exists. A larger graph is compared with the bound for its actual
    // degree.
    best.near_ramanujan = nodes <= kCompleteUpTo || gap >= near_ramanujan_bound(best.expander.degree());
  }
  return best;
}

}  // namespace graphsieve
