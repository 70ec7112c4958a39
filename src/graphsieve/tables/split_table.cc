// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/split_table.h"

#include <memory>
#include <string>
#include <unordered_map>

#include "graphsieve/base/error.h"
#include "graphsieve/data/splits.h"
#include "graphsieve/tables/table.h"

namespace graphsieve {

Split read_split_table(const std::filesystem::path& path, const Dataset& data) {
  const std::unique_ptr<Table> table = Table::open(path);
  const std::string part_column = table->has("split") ? "split" : "part";
  table->column(part_column, "the part of each node");  // throws Error if it is missing
  std::string id_column;
  for (const char* name : {"node", "id"})
    if (id_column.empty() && table->has(name)) id_column = name;
  if (id_column.empty()) id_column = table->columns().at(0).name;
  if (id_column == part_column)
    throw Error(path.string(), ": expected a column of node ids beside '", part_column, "'");
  std::unordered_map<std::string, int32_t> number_of_id;
  for (int64_t i = 0; i < data.nodes; ++i) number_of_id.emplace(data.ids.name(i), static_cast<int32_t>(i));
  Split split;
  table->read({{id_column, ColumnKind::kText}, {part_column, ColumnKind::kText}}, [&](const TableBatch& batch) {
    for (int64_t r = 0; r < batch.rows; ++r) {
      const std::string id(batch.columns[0].texts[r]);
      const auto node = number_of_id.find(id);
      if (node == number_of_id.end())
        throw Error(table->place(batch.first_row + r), ": '", id, "' is the id of no node of ", data.source);
      if (const SplitPart* part = split_part_named(batch.columns[1].texts[r]))
        (split.*part->nodes).push_back(node->second);
    }
  });
  check_split(split, data.labels, path.string());
  return split;
}

}  // namespace graphsieve

void graphsieve_read_split_table(const graphsieve::SplitTableRequest& request) {
  *request.split = graphsieve::read_split_table(request.path, *request.data);
}
