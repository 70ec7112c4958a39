// SPDX-License-Identifier: Apache-2.0
// The constants of the theorems, measured on a network and its data: norms of maps and vectors, and what the bounds
// come to (paper 003, §2 and appendix C).
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// √α bounds every vector that enters a layer or its FFN, β every map's operator norm.
struct Constants {
  double alpha = 0, beta = 0;
  double widest_skip = 1;  ///< operator norm of the skip paths' maps, which the paper leaves out
};
Constants constants_of(const NetworkMaps& maps, const Trace& trace);

double operator_norm(const at::Tensor& map);

/// The d at which a JL matrix keeps `pairs` dot products within ε‖x‖‖y‖ with probability above 0: by the union bound
/// over 4 exp(−d(ε² − ε³)/4) each.
double jl_width(double pairs, double epsilon);

/// Output error that follows when every layer's input, FFN input and activation stay within `epsilon` of the compressed
/// network's (Theorem 4.2, ε' = c₁ε_layer + c₂ε), with the skip paths' norms in it.
double propagated_error(const Constants& c, double epsilon, size_t layers, double output_norm);

nlohmann::json json_of(const Constants& c);

/// That error for the task's network beside its largest output, and whether it says anything.
nlohmann::json propagated(const CompressTask& task, const Constants& c, double epsilon);

/// Distinct rows of x, to float32.
int64_t distinct_rows(const at::Tensor& x);

}  // namespace graphsieve
