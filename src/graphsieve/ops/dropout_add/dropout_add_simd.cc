// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/common/targets.h"
#include "graphsieve/ops/dropout_add/dropout_add_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/dropout_add/dropout_add_simd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "graphsieve/ops/common/mix32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {

/// Computes the elements [first, first + count) of one chunk; the pointers are at element `first`. Multiplication and
/// addition are not fused, so that the bits are the reference's. The speed of the memory is the limit anyway.
template <bool kMasked, bool kResidual>
void Elements(const float* x, const float* residual, uint64_t first, int64_t count, uint32_t threshold, float scale,
              uint64_t chunk_key, float* y) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const int64_t lanes = hn::Lanes(d);
  const auto vector_scale = hn::Set(d, scale);
  const auto vector_threshold = hn::Set(du, threshold);
  auto index = hn::Iota(du, static_cast<uint32_t>(first));
  const auto step = hn::Set(du, static_cast<uint32_t>(lanes));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto value = hn::Mul(hn::LoadU(d, x + i), vector_scale);
    if constexpr (kMasked) {
      const auto dropped = hn::Lt(Mix32(du, chunk_key, index), vector_threshold);
      value = hn::IfThenZeroElse(hn::RebindMask(d, dropped), value);
      index = hn::Add(index, step);
    }
    if constexpr (kResidual) value = hn::Add(hn::LoadU(d, residual + i), value);
    hn::StoreU(value, d, y + i);
  }
  // The elements after the last whole vector follow the same rule one by one, so results do not depend on its width.
  for (; i < count; ++i) {
    const bool kept = !kMasked || mix32(chunk_key, static_cast<uint32_t>(first + i)) >= threshold;
    const float value = kept ? x[i] * scale : 0.f;
    y[i] = kResidual ? residual[i] + value : value;
  }
}

/// Chooses the code without a mask if nothing is dropped.
void DropoutAdd(const float* x, const float* residual, uint64_t first, int64_t count, uint32_t threshold, float scale,
                uint64_t chunk_key, float* y) {
  const auto run = threshold == 0 ? (residual ? Elements<false, true> : Elements<false, false>)
                                  : (residual ? Elements<true, true> : Elements<true, false>);
  run(x, residual, first, count, threshold, scale, chunk_key, y);
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {

HWY_EXPORT(DropoutAdd);

void dropout_add(const float* x, const float* residual, int64_t count, double p, uint64_t key, float* y) {
  const uint32_t threshold = dropout_threshold(p);
  const float scale = static_cast<float>(dropout_scale(p));
  parallel_blocks(count, kDropoutBlock, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(DropoutAdd)
    (x + begin, residual ? residual + begin : nullptr, begin, end - begin, threshold, scale,
     dropout_chunk_key(key, static_cast<uint64_t>(begin) >> 32), y + begin);
  });
}

}  // namespace graphsieve::kernels
#endif  // HWY_ONCE
