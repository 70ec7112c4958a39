// SPDX-License-Identifier: Apache-2.0
// convert_tables on Parquet files. After two bytes of options: the node table and the edge table, a block each; an
// empty block is a valid table.
#include <arrow/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/writer.h>

#include <stdexcept>

#include "tables_fuzzing.h"

namespace graphsieve::fuzz {
namespace {

void require(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> column(const std::vector<Value>& values, bool last_is_null) {
  Builder builder;
  for (size_t i = 0; i < values.size(); ++i)
    require(last_is_null && i + 1 == values.size() ? builder.AppendNull() : builder.Append(values[i]));
  return *builder.Finish();
}

using Columns = std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>;

std::string parquet(const Columns& columns, bool dictionary, int64_t rows_per_group = 3) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [name, array] : columns)
    fields.push_back(arrow::field(name, array->type())), arrays.push_back(array);
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const auto sink = *arrow::io::BufferOutputStream::Create();
  parquet::WriterProperties::Builder properties;
  dictionary ? properties.enable_dictionary() : properties.disable_dictionary();
  properties.disable_statistics();
  require(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, rows_per_group, properties.build()));
  return (*sink->Finish())->ToString();
}

std::string nodes(bool dictionary, bool null) {
  return parquet({{"id", column<arrow::Int64Builder>(std::vector<int64_t>{1, 2, 3, 4}, false)},
                  {"label", column<arrow::Int32Builder>(std::vector<int32_t>{0, 1, 1, 0}, null)},
                  {"x", column<arrow::FloatBuilder>(std::vector<float>{1, 2, 3, 4}, null)},
                  {"y", column<arrow::BooleanBuilder>(std::vector<bool>{true, false, true, false}, false)},
                  {"text", column<arrow::StringBuilder>(std::vector<std::string>{"a", "b", "a", ""}, null)},
                  {"split", column<arrow::StringBuilder>(std::vector<std::string>{"train", "val", "test", ""}, null)}},
                 dictionary);
}

std::string edges(bool dictionary) {
  return parquet({{"source", column<arrow::Int64Builder>(std::vector<int64_t>{1, 2, 4}, false)},
                  {"destination", column<arrow::Int64Builder>(std::vector<int64_t>{2, 3, 1}, false)},
                  {"type", column<arrow::StringBuilder>(std::vector<std::string>{"likes", "knows", "likes"}, false)}},
                 dictionary);
}

/// Columns of types that the program does not take for numbers or texts.
std::string odd_nodes() {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  for (int i = 0; i < 2; ++i) require(lists.Append());
  return parquet({{"id", column<arrow::UInt64Builder>(std::vector<uint64_t>{~uint64_t{0}, 1}, false)},
                  {"label", column<arrow::DoubleBuilder>(std::vector<double>{0.5, 1}, false)},
                  {"x", *lists.Finish()},
                  {"y", column<arrow::Date32Builder>(std::vector<int32_t>{1, 2}, false)}},
                 true);
}

std::string one_column(const std::string& name, const std::shared_ptr<arrow::Array>& array) {
  std::vector<int64_t> ids(array->length());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i) + 1;
  Columns columns{{"id", column<arrow::Int64Builder>(ids, false)}};
  if (name != "label")
    columns.push_back({"label", column<arrow::Int32Builder>(std::vector<int32_t>(ids.size()), false)});
  columns.push_back({name, array});
  return parquet(columns, true);
}

/// One table per Arrow type that a column of features, labels or texts may have.
std::vector<std::string> typed_nodes() {
  std::vector<std::string> out;
  const auto add = [&out](const std::shared_ptr<arrow::Array>& array) {
    for (const char* name : {"x", "label", "text", "split"}) out.push_back(one_column(name, array));
  };
  add(column<arrow::UInt64Builder>(std::vector<uint64_t>{0, 1, ~uint64_t{0}}, false));
  add(column<arrow::Int8Builder>(std::vector<int8_t>{0, 1, -1}, true));
  add(column<arrow::HalfFloatBuilder>(std::vector<uint16_t>{0, 0x3c00, 0x7c00}, false));
  add(column<arrow::DoubleBuilder>(std::vector<double>{0, 0.5, -1e300}, true));
  add(column<arrow::BooleanBuilder>(std::vector<bool>{false, true, true}, true));
  add(column<arrow::StringBuilder>(std::vector<std::string>{"1", "train", "0.5"}, false));
  add(column<arrow::BinaryBuilder>(std::vector<std::string>{"1", "\xff\xfe", "b"}, false));
  add(column<arrow::LargeStringBuilder>(std::vector<std::string>{"1", std::string("a\0b", 3), ""}, true));
  add(column<arrow::Date32Builder>(std::vector<int32_t>{0, 20000, -1}, false));
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  require(times.AppendValues(std::vector<int64_t>{0, 1, -1}));
  add(*times.Finish());
  arrow::NullBuilder nulls;
  require(nulls.AppendNulls(3));
  add(*nulls.Finish());
  return out;
}

/// Several labels per node, and so many nodes that their ids are sorted on disk where the request's memory is small.
std::string many_nodes() {
  std::vector<int64_t> ids(5000);
  std::vector<int32_t> labels(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i), labels[i] = static_cast<int32_t>(i % 2);
  const auto values = column<arrow::Int32Builder>(labels, true);
  return parquet({{"id", column<arrow::Int64Builder>(ids, false)}, {"label", values}, {"x", values}, {"y", values}},
                 true, 1 << 20);
}

/// The table with every number 4 of its card (field 3, the rows of a row group and of the file) replaced by `count`.
std::string with_row_counts(std::string table, int count) {
  const std::string four = "\x16\x08";  // the field's head, and 4 as a zigzag varint
  for (size_t at = 0; (at = table.find(four, at)) != std::string::npos; at += four.size())
    table[at + 1] = static_cast<char>(2 * count);
  return table;
}

}  // namespace

void run_reader(Bytes bytes) {
  static const std::string valid_nodes = nodes(true, false), valid_edges = edges(true);
  Input input(bytes);
  const TablesRequest request = request_of(input, ".parquet");
  const Bytes first = input.block(), second = input.block();
  put_file(request.nodes, first.empty() ? valid_nodes : text_of(first));
  put_file(request.edges, second.empty() ? valid_edges : text_of(second));
  convert(request);
}

void add_seeds(Corpus& to) {
  to.add(Built().byte(0).byte(0));
  for (unsigned bit = 0; bit < 8; ++bit) to.add(Built().byte(1u << bit).byte(0).block(nodes(false, false)));
  for (unsigned bit = 0; bit < 6; ++bit) to.add(Built().byte(4).byte(1u << bit).block(nodes(true, true)));
  to.add(Built().byte(8 | 16).byte(0).block("").block(edges(false)));
  to.add(Built().byte(0).byte(0).block(odd_nodes()).block(edges(true)));
  for (const char* text : {"PAR1PAR1", "PAR1", "PARE", "id,label\n"}) to.add(Built().byte(0).byte(0).block(text));
  for (const std::string& typed : typed_nodes())
    for (const unsigned bits : {0, 4, 8}) to.add(Built().byte(bits).byte(0).block(typed));
  for (const unsigned bits : {4, 4 | 32}) to.add(Built().byte(bits).byte(1).block(many_nodes()));
  for (const int count : {0, 1, 3, 5})
    to.add(Built().byte(0).byte(0).block(with_row_counts(nodes(false, false), count)));
  to.word("PAR1");
  for (const char* word : {"id", "label", "source", "destination", "\x15\x02", "\x19\x1c"}) to.word(word);
}

}  // namespace graphsieve::fuzz
