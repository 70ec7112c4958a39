// SPDX-License-Identifier: Apache-2.0
// The logits of the attention of all networks are one formula with a few switches:
//
//   logit = (Σ_c q[c] k[c] s_t[c] / √d + b_t) / τ, clamped        t: the edge's type, d: width of a head
//
// s_t and b_t are learned per edge type, or are 1 and 0; the division by √d may be absent; τ is 1 but in the estimator.
#pragma once

#include <limits>

namespace graphsieve::nn {

/// What an edge's type does to the product of query and key.
enum class TypeScale {
  kNone,        ///< nothing: s_t = 1
  kPerChannel,  ///< s_t is a vector, one number per channel
  kSummed,      ///< s_t is the sum of such a vector: one number per head
};

struct AttentionForm {
  TypeScale scale = TypeScale::kNone;
  bool type_bias = false;   ///< b_t is learned, else 0
  bool root_width = false;  ///< divide by √d
  bool unit_values =
      false;  ///< values have length 1 times one learned number, so that scores and values cannot trade off
  double clamp = std::numeric_limits<double>::infinity();  ///< default bound on the size of the logits

  bool typed() const { return scale != TypeScale::kNone; }
};

}  // namespace graphsieve::nn
