// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/base/parallel.h"
#include "graphsieve/ops/common/dropout.h"
#include "graphsieve/ops/common/targets.h"
#include "graphsieve/ops/relu_dropout/relu_dropout_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "graphsieve/ops/relu_dropout/relu_dropout_simd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "graphsieve/ops/common/mix32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {

/// Computes the elements [first, first + count) of one chunk; the pointers are at element `first`.
template <bool kMasked>
void Elements(const float* x, uint64_t first, int64_t count, uint32_t threshold, float scale, uint64_t chunk_key,
              float* y) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const int64_t lanes = hn::Lanes(d);
  const auto vector_scale = hn::Set(d, scale);
  const auto vector_threshold = hn::Set(du, threshold);
  auto index = hn::Iota(du, static_cast<uint32_t>(first));
  const auto step = hn::Set(du, static_cast<uint32_t>(lanes));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, x + i);
    auto zero = hn::Le(value, hn::Zero(d));
    if constexpr (kMasked) {
      const auto dropped = hn::Lt(Mix32(du, chunk_key, index), vector_threshold);
      zero = hn::Or(zero, hn::RebindMask(d, dropped));
      index = hn::Add(index, step);
    }
    hn::StoreU(hn::IfThenZeroElse(zero, hn::Mul(value, vector_scale)), d, y + i);
  }
  for (; i < count; ++i) {
    const bool kept = !kMasked || mix32(chunk_key, static_cast<uint32_t>(first + i)) >= threshold;
    y[i] = x[i] <= 0 || !kept ? 0.f : x[i] * scale;
  }
}

/// Chooses the code without a mask if nothing is dropped.
void ReluDropout(const float* x, uint64_t first, int64_t count, uint32_t threshold, float scale, uint64_t chunk_key,
                 float* y) {
  const auto run = threshold == 0 ? Elements<false> : Elements<true>;
  run(x, first, count, threshold, scale, chunk_key, y);
}

/// An element of y is positive only if it was kept, so the mask need not be drawn again.
void ReluDropoutBackward(const float* grad, const float* y, int64_t count, float scale, float* dx) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d);
  const auto vector_scale = hn::Set(d, scale);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto zero = hn::Le(hn::LoadU(d, y + i), hn::Zero(d));
    hn::StoreU(hn::IfThenZeroElse(zero, hn::Mul(hn::LoadU(d, grad + i), vector_scale)), d, dx + i);
  }
  for (; i < count; ++i) dx[i] = y[i] <= 0 ? 0.f : grad[i] * scale;
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace graphsieve::kernels {

HWY_EXPORT(ReluDropout);
HWY_EXPORT(ReluDropoutBackward);

void relu_dropout(const float* x, int64_t count, double p, uint64_t key, float* y) {
  const uint32_t threshold = dropout_threshold(p);
  const float scale = static_cast<float>(dropout_scale(p));
  parallel_blocks(count, kDropoutBlock, [&](int64_t begin, int64_t end) {
    // A block lies within one chunk of 2^32 elements, so one key serves all its elements, and 32 bits number them.
    const uint64_t chunk_key = dropout_chunk_key(key, static_cast<uint64_t>(begin) >> 32);
    HWY_DYNAMIC_DISPATCH(ReluDropout)(x + begin, begin, end - begin, threshold, scale, chunk_key, y + begin);
  });
}

void relu_dropout_backward(const float* grad, const float* y, int64_t count, double p, float* dx) {
  const float scale = static_cast<float>(dropout_scale(p));
  parallel_blocks(count, kDropoutBlock, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(ReluDropoutBackward)(grad + begin, y + begin, end - begin, scale, dx + begin);
  });
}

}  // namespace graphsieve::kernels
#endif  // HWY_ONCE
