// SPDX-License-Identifier: Apache-2.0
// Measures the constants of the theorems on a network and its data, which are norms of maps and vectors, and computes
// the bounds that follow from them ("A Theory for Compressibility of Graph Transformers", §2 and appendix C).
#pragma once

#include "graphsieve/compress/method.h"

namespace graphsieve {

/// The constants of the theorems. √α bounds the length of every vector that enters a layer or its FFN, and β bounds the
/// operator norm of every map.
struct Constants {
  double alpha = 0, beta = 0;
  double widest_skip = 1;  ///< largest operator norm of the maps on the skip paths, which the paper leaves out
};
/// Measures the constants of a network on the vectors of its trace.
Constants constants_of(const NetworkMaps& maps, const Trace& trace);

/// Returns the largest singular value of a map [out, in]; 0 for an empty map.
double operator_norm(const at::Tensor& map);

/// Returns the width d from which on a Johnson-Lindenstrauss matrix keeps `pairs` dot products within ε‖x‖‖y‖ with a
/// probability above 0. This follows by the union bound from 4 exp(−d(ε² − ε³)/4), the bound for one pair to fail.
double jl_width(double pairs, double epsilon);

/// Returns a bound of the output error if every layer's input, FFN input and activation lie within `epsilon` of those
/// of the compressed network (Theorem 4.2, ε' = c₁ε_layer + c₂ε). The norms of the skip paths are included.
/// `output_norm` is the operator norm of the output layer. The result may be infinite or NaN.
double propagated_error(const Constants& c, double epsilon, size_t layers, double output_norm);

/// Returns the constants as members of compression.json.
nlohmann::json json_of(const Constants& c);

/// Returns the constants, propagated_error() for the task's network, the largest length of an output, and "vacuous":
/// true if the error is not smaller than this length.
nlohmann::json propagated(const CompressTask& task, const Constants& c, double epsilon);

/// Returns the number of distinct rows of x [n, D], compared as float32.
int64_t distinct_rows(const at::Tensor& x);

}  // namespace graphsieve
