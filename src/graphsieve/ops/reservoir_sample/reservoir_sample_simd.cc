// SPDX-License-Identifier: Apache-2.0
// A row's keys a vector at a time; only keys below a threshold that lets a few more than k through are compared with
// each other. The threshold decides how many that are, never which are kept.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/reservoir_sample/reservoir_sample_simd.cc"
#include "graphsieve/ops/common/targets.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/mix32-inl.h"
#include "graphsieve/ops/reservoir_sample/exponential.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<DF>;
using DI = hn::RebindToSigned<DF>;
using VF = hn::Vec<DF>;
constexpr int64_t N = HWY_LANES(float);

/// exponential() of exponential.h, lane by lane the same operations.
HWY_INLINE VF exponential_vector(hn::Vec<DU> x) {
  const DF d;
  const DI di;
  const VF half = hn::Set(d, 0.5f), scale = hn::Set(d, 0x1p-31f);
  const auto as_float = [&](hn::Vec<DU> bits)
                            HWY_ATTR { return hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<1>(bits))); };
  const VF v = hn::Mul(hn::Add(as_float(x), half), scale);
  const VF w = hn::Mul(hn::Add(as_float(hn::Not(x)), half), scale);
  const auto bits = hn::BitCast(di, w);
  const auto exponent = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, kThreeQuarters)));
  const VF m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)));
  const auto small = hn::RebindMask(d, hn::Eq(exponent, hn::Zero(di)));
  const VF f = hn::IfThenElse(small, hn::Neg(v), hn::Sub(m, hn::Set(d, 1.0f)));
  VF p = hn::Set(d, kLog1p[8]);
  for (int i = 7; i >= 0; --i) p = hn::Add(hn::Mul(p, f), hn::Set(d, kLog1p[i]));
  return hn::Sub(hn::Mul(hn::ConvertTo(d, hn::Neg(exponent)), hn::Set(d, kLn2)), hn::Mul(f, p));
}

/// A kept edge competes by (key, position): positive floats order as their bits, and a largest-first key is mapped so
/// too.
HWY_INLINE uint64_t candidate(float key, int64_t position) {
  const uint32_t bits = std::bit_cast<uint32_t>(key);
  const uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(ordered) << 32 | static_cast<uint32_t>(position);
}

class RowSampler {
 public:
  explicit RowSampler(const ReservoirArgs& a) : a_(a), positions_(a.k + 1) {}

  void row(int64_t r, int32_t* index, int32_t* position) {
    const int64_t node = a_.rows ? a_.rows[r] : r, begin = a_.row_start[node], count = a_.row_start[node + 1] - begin;
    const uint64_t row_key = random_key(a_.key, node);
    if (count > a_.k) {
      draw(begin, count, row_key);
    } else {
      for (int64_t e = 0; e < count; ++e) positions_[e] = static_cast<int32_t>(e);
      if (count > 0 && count < a_.k) fill_short_row(a_, begin, count, row_key, positions_.data());
    }
    for (int64_t x = 0; x < a_.k; ++x) {
      index[r * a_.k + x] = count > 0 ? a_.index[begin + positions_[x]] : -1;
      position[r * a_.k + x] = count > 0 ? positions_[x] : -1;
    }
  }

 private:
  /// Draws k of the row's edges [begin, begin + count) without replacement, where count > k: computes a key per edge
  /// and keeps the k edges with the smallest keys. Leaves their positions in positions_, in ascending order.
  void draw(int64_t begin, int64_t count, uint64_t row_key) {
    if (static_cast<int64_t>(keys_.size()) < count + N) keys_.resize(count + N);
    if (a_.rule == SampleRule::kLargest) {
      for (int64_t e = 0; e < count; ++e) keys_[e] = -a_.weight[begin + e];
    } else {
      for (int64_t e = 0; e < count;) {
        const int64_t end = type_run(begin, e, count);
        run_keys(begin, e, end, row_key);
        e = end;
      }
    }
    // A few candidates are ranked by counting, which needs no sort. nth_element() handles many candidates, and equal
    // keys at the border between kept and dropped edges: it compares the positions of edges whose keys are equal.
    const int64_t left = collect(count);
    if (left <= kMostRanked && rank(left)) return;
    candidates_.clear();
    for (int64_t c = 0; c < left; ++c) candidates_.push_back(candidate(left_keys_[c], left_at_[c]));
    std::nth_element(candidates_.begin(), candidates_.begin() + (a_.k - 1), candidates_.end());
    for (int64_t x = 0; x < a_.k; ++x) positions_[x] = static_cast<int32_t>(candidates_[x] & 0xFFFFFFFFu);
    std::sort(positions_.begin(), positions_.begin() + a_.k);
  }

  /// Past the last of the edges after `e` that have its type.
  int64_t type_run(int64_t begin, int64_t e, int64_t count) const {
    const uint8_t* type = a_.type + begin;
    const uint64_t same = 0x0101010101010101ull * type[e];
    int64_t end = e + 1;
    for (uint64_t word; end + 8 <= count; end += 8) {
      std::memcpy(&word, type + end, 8);
      if (word != same) break;
    }
    while (end < count && type[end] == type[e]) ++end;
    return end;
  }

  /// Keys of the row's edges [first, end), all of one type.
  void run_keys(int64_t begin, int64_t first, int64_t end, uint64_t row_key) {
    const DF d;
    const DU du;
    const uint8_t type = a_.type[begin + first];
    const uint64_t key = edge_key(row_key, type, 0, 0);
    const bool weighted = a_.rule == SampleRule::kWeighted;
    // The last vector of a run may reach past `end`. The keys that it writes there belong to edges of the next run,
    // whose own call overwrites them; past the row's last edge, keys_ has N spare entries.
    HWY_ALIGN uint32_t index_copy[N];
    HWY_ALIGN float weight_copy[N];
    for (int64_t e = first; e < end; e += N) {
      const int64_t at = begin + e;
      const uint32_t* index = reinterpret_cast<const uint32_t*>(a_.index) + at;
      const float* weight = a_.weight ? a_.weight + at : weight_copy;
      if (at + N > a_.edge_count) {  // no reading past the graph's end
        for (int64_t i = 0; i < N; ++i) {
          const int64_t x = std::min(i, a_.edge_count - 1 - at);
          index_copy[i] = index[x];
          weight_copy[i] = weighted ? weight[x] : 1.0f;
        }
        index = index_copy;
        weight = weight_copy;
      }
      VF number = exponential_vector(Mix32(du, key, hn::LoadU(du, index)));
      if (weighted) number = hn::Div(number, hn::LoadU(d, weight));
      hn::StoreU(number, d, keys_.data() + e);
    }
    // Later occurrences of an edge have numbers of their own.
    const int32_t* index = a_.index + begin;
    if (!repeats(index + first, end - first)) return;
    for (int64_t e = first + 1, occurrence = 0; e < end; ++e) {
      occurrence = index[e] == index[e - 1] ? occurrence + 1 : 0;
      if (occurrence == 0) continue;
      const float number = exponential(mix32(edge_key(row_key, type, occurrence, 0), static_cast<uint32_t>(index[e])));
      keys_[e] = weighted ? number / a_.weight[begin + e] : number;
    }
  }

  /// True if any index of a run stands next to its equal.
  static bool repeats(const int32_t* index, int64_t count) {
    const DI di;
    int64_t e = 1;
    for (; e + N <= count; e += N)
      if (!hn::AllFalse(di, hn::Eq(hn::LoadU(di, index + e), hn::LoadU(di, index + e - 1)))) return true;
    for (; e < count; ++e)
      if (index[e] == index[e - 1]) return true;
    return false;
  }

  /// Leaves the edges below a threshold, at least k of them, in left_keys_ and left_at_, by position; returns how many.
  int64_t collect(int64_t count) {
    if (static_cast<int64_t>(left_keys_.size()) < count + 2 * N) {
      left_keys_.resize(count + 2 * N);
      left_at_.resize(count + 2 * N);
    }
    for (int64_t e = count; e < count + N; ++e) keys_[e] = std::numeric_limits<float>::infinity();
    // The mean number of keys below a threshold t is at most t times the sum of the row's weights. The sum is 1 if the
    // weights are attention, and `count` if each edge counts as 1. The first t makes this bound k + 3 √k, so that
    // mostly a few more than k keys pass; after fewer than k, the threshold grows. A largest-first key is minus the
    // weight; its threshold lets the edges pass whose weight is above the mean of a row with the sum 1.
    const float wanted = static_cast<float>(a_.k) + 3.0f * std::sqrt(static_cast<float>(a_.k));
    float threshold = a_.rule == SampleRule::kWeighted ? wanted : wanted / static_cast<float>(count);
    if (a_.rule == SampleRule::kLargest) threshold = -1.0f / static_cast<float>(count);
    for (;;) {
      const int64_t left = below(threshold, count);
      if (left >= a_.k) return left;
      if (a_.rule != SampleRule::kLargest && threshold < 1e30f)
        threshold *= 3.0f;
      else
        break;
    }
    // No threshold left k edges, for example because most weights are 0 and their keys infinite. All edges are
    // candidates.
    for (int64_t e = 0; e < count; ++e) {
      left_keys_[e] = keys_[e];
      left_at_[e] = static_cast<int32_t>(e);
    }
    return count;
  }

  int64_t below(float threshold, int64_t count) {
    const DF d;
    const DI di;
    const VF limit = hn::Set(d, threshold);
    int64_t left = 0;
    for (int64_t e = 0; e < count; e += N) {  // behind the row keys are infinite
      const VF key = hn::LoadU(d, keys_.data() + e);
      const auto kept = hn::Lt(key, limit);
      hn::StoreU(hn::Compress(key, kept), d, left_keys_.data() + left);
      hn::StoreU(hn::Compress(hn::Iota(di, static_cast<int32_t>(e)), hn::RebindMask(di, kept)), di,
                 left_at_.data() + left);
      left += static_cast<int64_t>(hn::CountTrue(d, kept));
    }
    return left;
  }

  /// Keeps the edges with fewer than k smaller keys, which are k of them if no keys are equal; false if some are.
  bool rank(int64_t left) {
    const DF d;
    const int64_t k = a_.k;
    for (int64_t c = left; c < left + N; ++c) left_keys_[c] = std::numeric_limits<float>::infinity();
    // Candidates lie in the order of their positions, so the kept positions ascend without a sort. If equal keys make
    // more than k candidates pass, the spare last entry of positions_ takes what is beyond k.
    int64_t kept = 0;
    for (int64_t c = 0; c < left; ++c) {
      const VF key = hn::Set(d, left_keys_[c]);
      int64_t smaller = 0;
      for (int64_t x = 0; x < left; x += N)
        smaller += static_cast<int64_t>(hn::CountTrue(d, hn::Lt(hn::LoadU(d, left_keys_.data() + x), key)));
      positions_[std::min(kept, k)] = left_at_[c];
      kept += smaller < k ? 1 : 0;
    }
    return kept == k;
  }

  const ReservoirArgs& a_;
  static constexpr int64_t kMostRanked = 6 * N;  ///< candidates; more are sorted
  std::vector<float> keys_, left_keys_;
  std::vector<int32_t> left_at_;
  std::vector<uint64_t> candidates_;
  std::vector<int32_t> positions_;  ///< k, and one to spare
};

void sample_rows(const ReservoirArgs& a, int32_t* index, int32_t* position) {
  parallel_blocks(a.row_count, 256, [&](int64_t begin, int64_t end) {
    RowSampler sampler(a);
    for (int64_t r = begin; r < end; ++r) sampler.row(r, index, position);
  });
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {
HWY_EXPORT(sample_rows);
void reservoir_sample(const ReservoirArgs& a, int32_t* index, int32_t* position) {
  HWY_DYNAMIC_DISPATCH(sample_rows)(a, index, position);
}
}  // namespace graphsieve::kernels
#endif
