// SPDX-License-Identifier: Apache-2.0
// Dropout of the softmax's values, in the form of the vectors of results. Included once per vector target.
#if defined(GRAPHSIEVE_OPS_SPARSE_ATTENTION_ATTENTION_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_SPARSE_ATTENTION_ATTENTION_DROPOUT_INL_H_
#undef GRAPHSIEVE_OPS_SPARSE_ATTENTION_ATTENTION_DROPOUT_INL_H_
#else
#define GRAPHSIEVE_OPS_SPARSE_ATTENTION_ATTENTION_DROPOUT_INL_H_
#endif

#include "graphsieve/ops/common/mix32-inl.h"
#include "graphsieve/ops/sparse_attention/operands-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels {
namespace HWY_NAMESPACE {

/// Returns the factors by which dropout multiplies the softmax of a chunk's edges: 0, or the scale of what is kept
/// (AttentionDropout). `index` has the other ends of the edges of row r. kBySource: r is the source, and the others are
/// destinations.
template <bool kBySource, class T>
HWY_INLINE VF dropout_factors(const Operands<T>& o, int64_t r, const int32_t* index) {
  const hn::RebindToUnsigned<DF> du;
  const hn::RebindToSigned<DF> di;
  const AttentionDropout& dropout = o.a.dropout;
  const int64_t heads = o.key.heads;
  auto others = hn::BitCast(du, hn::LoadU(di, index));
  auto head = hn::Zero(du);
  if (heads > 1) {
    const auto lane = hn::Iota(di, 0);
    const auto edge = hn::ShiftRightSame(lane, std::countr_zero(static_cast<uint64_t>(heads)));
    others = hn::TableLookupLanes(others, hn::IndicesFromVec(du, edge));
    head = hn::BitCast(du, hn::And(lane, hn::Set(di, static_cast<int32_t>(heads - 1))));
  }
  const auto row = hn::Set(du, static_cast<uint32_t>(r));
  const auto source = kBySource ? row : others;
  const auto of_destination =
      kBySource ? Mix32(du, ~dropout.key, others) : hn::Set(du, mix32(~dropout.key, static_cast<uint32_t>(r)));
  const auto number = hn::Add(of_destination, hn::Add(hn::Mul(source, hn::Set(du, AttentionDropout::kSource)),
                                                      hn::Mul(head, hn::Set(du, AttentionDropout::kHead))));
  const auto dropped = hn::Lt(Mix32(du, dropout.key, number), hn::Set(du, dropout.threshold));
  return hn::IfThenZeroElse(hn::RebindMask(DF(), dropped), hn::Set(DF(), dropout.scale));
}

}  // namespace HWY_NAMESPACE
}  // namespace graphsieve::kernels
HWY_AFTER_NAMESPACE();
#endif  // toggle
