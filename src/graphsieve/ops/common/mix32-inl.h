// SPDX-License-Identifier: Apache-2.0
// mix32 of base/random.h for a vector of indices.
#if defined(GRAPHSIEVE_OPS_COMMON_MIX32_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAPHSIEVE_OPS_COMMON_MIX32_INL_H_
#undef GRAPHSIEVE_OPS_COMMON_MIX32_INL_H_
#else
#define GRAPHSIEVE_OPS_COMMON_MIX32_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace graphsieve::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Returns mix32(key, index) for each index of a vector. D is a tag of uint32_t.
template <class D>
HWY_INLINE hn::VFromD<D> Mix32(D d, uint64_t key, hn::VFromD<D> index) {
  auto x = hn::Add(hn::Mul(index, hn::Set(d, 0x9E3779B1u)), hn::Set(d, static_cast<uint32_t>(key)));
  x = hn::Xor(x, hn::ShiftRight<17>(x));
  x = hn::Mul(x, hn::Set(d, 0xED5AD4BBu));
  x = hn::Xor(x, hn::ShiftRight<11>(x));
  x = hn::Add(x, hn::Set(d, static_cast<uint32_t>(key >> 32)));
  x = hn::Mul(x, hn::Set(d, 0xAC4C1B51u));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(x, hn::Set(d, 0x31848BABu));
  return hn::Xor(x, hn::ShiftRight<14>(x));
}

}  // namespace graphsieve::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // include guard
