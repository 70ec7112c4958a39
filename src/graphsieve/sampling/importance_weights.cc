// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/sampling/importance_weights.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "graphsieve/base/parallel.h"
#include "graphsieve/base/random.h"
#include "graphsieve/ops/reservoir_sample/reservoir_sample_kernel.h"

namespace graphsieve {
namespace {

/// Returns the (k + 1)-th smallest key of a node's edges, of which there are more than k.
float key_after(const kernels::ReservoirArgs& a, int64_t begin, int64_t count, uint64_t row_key,
                std::vector<float>& keys) {
  keys.clear();
  for (int64_t e = begin; e < begin + count; ++e) keys.push_back(kernels::sampling_key(a, begin, e, row_key, 0));
  std::nth_element(keys.begin(), keys.begin() + a.k, keys.end());
  return keys[static_cast<size_t>(a.k)];
}

/// Returns ln(1 / π) of an edge with the weight p.
float log_weight(float p, float key) {
  const double kept = -std::expm1(-static_cast<double>(p) * key);  // 1 if the key is infinite: the others have p = 0
  return kept > 0 ? static_cast<float>(-std::log(kept)) : 0.f;
}

}  // namespace

at::Tensor importance_weights(const ops::AttentionEdges& graph, const at::Tensor& scores, const at::Tensor& rows,
                              const LayerSample& sample, uint64_t key) {
  const int64_t count = sample.index.size(0), k = sample.index.size(1);
  at::Tensor weights = at::zeros({count, k}, at::kFloat);
  const kernels::ReservoirArgs args{graph.row_start.const_data_ptr<int64_t>(),
                                    graph.index.const_data_ptr<int32_t>(),
                                    graph.type.const_data_ptr<uint8_t>(),
                                    scores.const_data_ptr<float>(),
                                    rows.defined() ? rows.const_data_ptr<int32_t>() : nullptr,
                                    count,
                                    graph.index.numel(),
                                    k,
                                    ops::SampleRule::kWeighted,
                                    key};
  const auto* position = sample.position.const_data_ptr<int32_t>();
  auto* to = weights.mutable_data_ptr<float>();
  parallel_blocks(count, 256, [&](int64_t first, int64_t last) {
    std::vector<float> keys;
    for (int64_t r = first; r < last; ++r) {
      const int64_t node = args.rows ? args.rows[r] : r, begin = args.row_start[node];
      const int64_t degree = args.row_start[node + 1] - begin;
      const int32_t* drawn = position + r * k;
      if (degree > k) {
        const float after = key_after(args, begin, degree, random_key(key, node), keys);
        for (int64_t x = 0; x < k; ++x) to[r * k + x] = log_weight(args.weight[begin + drawn[x]], after);
      } else if (degree > 0) {  // the positions ascend, so that equal ones are next to each other
        for (int64_t x = 0, next; x < k; x = next) {
          for (next = x; next < k && drawn[next] == drawn[x];) ++next;
          std::fill(to + r * k + x, to + r * k + next, -std::log(static_cast<float>(next - x)));
        }
      }
    }
  });
  return weights;
}

}  // namespace graphsieve
