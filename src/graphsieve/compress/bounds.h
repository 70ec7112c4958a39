// SPDX-License-Identifier: Apache-2.0
// Measures the constants of the theorems on a network and its data, which are norms of maps and vectors ("A Theory for
// Compressibility of Graph Transformers", §2 and appendix C), and writes down what a bound promises.
#pragma once

#include "graphsieve/compress/method.h"
#include "graphsieve/compress/node_bounds.h"

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

/// Returns the smallest ε for which jl_width() asks for at most the width d; 0 if there is none, since ε² − ε³ does not
/// exceed 4/27.
double jl_epsilon(double pairs, double width);

/// Returns the constants as members of compression.json.
nlohmann::json json_of(const Constants& c);

/// Returns what a bound promises, as members of compression.json: the constants; the largest and the mean bound of the
/// nodes' output errors; the bound of the attention ratios per layer; the largest length of an output; and "vacuous":
/// true if the largest bound is not smaller than this length. A number that is too large for a double is null.
nlohmann::json promised(const CompressTask& task, const NetworkBound& bound);

/// Returns the number of distinct rows of x [n, D], compared as float32.
int64_t distinct_rows(const at::Tensor& x);

}  // namespace graphsieve
