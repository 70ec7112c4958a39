#include "graphsieve/nn/inputs.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "graphsieve/ops/gather_rows/gather_rows.h"

namespace graphsieve {

LayerEdges rows_of(const LayerEdges& layer, int64_t begin, int64_t end) {
  int64_t first = 0, edges = 0;
  if (layer.edges.row_start.is_meta()) {  // a dry run: as many as on the average
    edges = layer.edges.index.size(0) / std::max<int64_t>(1, layer.destinations) * (end - begin);
  } else {
    const auto* start = layer.edges.row_start.const_data_ptr<int64_t>();
    first = start[begin];
    edges = start[end] - first;
  }
  LayerEdges part;
  part.destinations = end - begin;
  part.edges.row_start = layer.edges.row_start.narrow(0, begin, end - begin + 1) - first;
  part.edges.index = layer.edges.index.narrow(0, first, edges);
  part.edges.type = layer.edges.type.narrow(0, first, edges);
  return part;
}

void pick_features(NetworkInput& input) {
  const FeatureMatrix& x = *input.features;
  if (input.rows.defined() && input.rows.size(0) * 2 < x.rows && !x.sparse())
    input.picked = ops::gather_rows(x.dense, input.rows);
}

}  // namespace graphsieve
