// SPDX-License-Identifier: Apache-2.0
// What the harnesses of tables share: a request out of an input's first two bytes, and the use of what came out.
#pragma once

#include <filesystem>

#include "fuzzing.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/tables/convert_tables.h"

namespace graphsieve::fuzz {

/// Each bit of the two bytes is one option of the request; none is set in 0, 0.
inline TablesRequest request_of(Input& input, const std::string& extension) {
  const unsigned bits = input.byte(), more = input.byte();
  TablesRequest request;
  request.nodes = work_folder() / ("nodes" + extension);
  request.edges = work_folder() / ("edges" + extension);
  request.out = work_folder() / "out";
  request.drop_dangling = bits & 1;
  request.directed = bits & 2;
  if (bits & 4) request.fill = 0.5;
  if (bits & 8) request.split = "split";
  if (bits & 16) request.edge_type = "type";
  if (bits & 32) request.labels = {"x", "y"};
  if (bits & 64) request.features = {"y", "x"};
  if (bits & 128) request.type = FloatType::kBfloat16;
  if (more & 1) request.memory = 64 << 10;
  if (more & 2) request.id = "label";
  if (more & 4) request.destination = request.source;
  if (more & 8) request.features = {"x", "x"};
  if (more & 16) request.labels = {"text"};
  if (more & 32) request.id = "text";
  if (more & 64) {
    request.missing = std::vector<std::string>{"NA", "3"};
    request.fills = {{"x", "mean"}};
    request.indicators = {"x"};
    request.degree_features = true;
  }
  if (more & 128) {
    Schema schema;
    schema.columns = {{.name = "x", .fill = 0.5},
                      {.name = "text", .type = ColumnType::kCategory, .categories = {"a", "b"}}};
    request.like = schema;
  }
  request.overwrite = true;
  return request;
}

/// Converts the tables; a folder that came out must be one that the program takes.
inline void convert(const TablesRequest& request) {
  convert_tables(request);
  try {
    verify_graph_folder(request.out);
  } catch (const Error& error) {
    finding(std::string("the folder that was written is refused: ") + error.what());
  }
}

}  // namespace graphsieve::fuzz
