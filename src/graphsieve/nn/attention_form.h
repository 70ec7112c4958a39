// SPDX-License-Identifier: Apache-2.0
// The form of the attention logits. All networks have the same formula with a few switches:
//
//   logit = (Σ_c q[c] k[c] s_t[c] / √d + b_t) / τ, clamped        t: the edge's type, d: width of a head
//
// s_t and b_t are learned for each edge type, or they are 1 and 0. Some networks do not divide by √d. The temperature τ
// is 1 except in the estimator.
#pragma once

#include <limits>

namespace graphsieve::nn {

/// The influence of an edge's type on the product of query and key.
enum class TypeScale {
  kNone,        ///< none: s_t = 1
  kPerChannel,  ///< s_t is a learned vector with one number per channel
  kSummed,      ///< s_t is the sum of a learned vector over the channels of a head: one number per head
};

/// The weights of a node's in-edges: those of the network's own form, or of a graph convolution (nn/convolution.h).
enum class EdgeWeights { kModel, kMean, kGcn, kGat };

/// The switches of the formula.
struct AttentionForm {
  TypeScale scale = TypeScale::kNone;  ///< form of s_t
  bool type_bias = false;              ///< true: b_t is learned; false: b_t is 0
  bool root_width = false;             ///< true: the product of query and key is divided by √d
  /// True if each value vector is scaled to length 1 and multiplied by one learned number, so that scores and the
  /// lengths of values cannot trade off.
  bool unit_values = false;
  double clamp = std::numeric_limits<double>::infinity();  ///< default bound on the size of the logits; infinity: none

  /// True if the product of query and key depends on the edge's type.
  bool typed() const { return scale != TypeScale::kNone; }
};

}  // namespace graphsieve::nn
