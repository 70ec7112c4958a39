// SPDX-License-Identifier: Apache-2.0
// MatFile and the data set in its matrices. The first byte tells what the rest is: 0, the file's bytes; else blocks,
// the bytes of one matrix each, which are packed (so that zlib's checksum fits) where the byte is even.
#include <zlib.h>

#include <cstring>

#include "fuzzing.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/files/mat.h"

namespace graphsieve::fuzz {
namespace {

std::string tag(uint32_t type, size_t bytes) {
  const uint32_t both[] = {type, static_cast<uint32_t>(bytes)};
  return {reinterpret_cast<const char*>(both), sizeof both};
}

std::string part(uint32_t type, std::string bytes) {
  const std::string head = tag(type, bytes.size());
  bytes.resize((bytes.size() + 7) / 8 * 8);
  return head + bytes;
}

template <class T>
std::string values(std::initializer_list<T> list) {
  return {reinterpret_cast<const char*>(std::data(list)), list.size() * sizeof(T)};
}

/// What follows the tag of a matrix.
std::string matrix(const std::string& name, uint32_t kind, int32_t rows, int32_t columns, uint32_t type,
                   const std::string& data) {
  return part(6, values<uint32_t>({kind, 0})) + part(5, values<int32_t>({rows, columns})) + part(1, name) +
         part(type, data);
}

std::string header() {
  std::string text = "MATLAB 5.0 MAT-file";
  text.resize(124, ' ');
  return text + std::string("\x00\x01IM", 4);
}

std::string packed(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

/// One element of the file.
std::string element(const std::string& inside, bool pack) {
  const std::string whole = tag(14, inside.size()) + inside;
  if (!pack) return whole;
  const std::string bytes = packed(whole);
  return tag(15, bytes.size()) + bytes;
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  const auto file = work_folder() / "fuzz.mat";
  if (const uint8_t kind = input.byte(); kind == 0) {
    put_file(file, input.rest());
  } else {
    std::string text = header();
    while (!input.empty()) text += element(text_of(input.block()), kind % 2 == 0);
    put_file(file, text);
  }
  {
    const MatFile mat(file);
    for (const char* name : {"a", "edge_index", "node_feat", "label", "num_nodes"})
      for (const bool transposed : {false, true}) accepted([&] { mat.read(name, transposed); });
  }
  const Dataset data = load_dataset(file);
  check_graph(data, true);
  fingerprint(data);
}

void add_seeds(Corpus& to) {
  const std::string edges = matrix("edge_index", 12, 2, 3, 12, values<int64_t>({0, 1, 1, 2, 2, 0}));
  const std::string small = part(6, values<uint32_t>({6, 0})) + part(5, values<int32_t>({1, 1})) +
                            values<uint32_t>({0x00010001}) + std::string("a\0\0\0", 4) +
                            values<uint32_t>({0x00010002}) + std::string("\x07\0\0\0", 4);
  const std::vector<std::string> graph = {matrix("node_feat", 7, 3, 2, 7, values<float>({1, 2, 3, 4, 5, 6})), edges,
                                          matrix("label", 6, 1, 3, 1, values<int8_t>({0, 1, -1})),
                                          matrix("num_nodes", 6, 1, 1, 2, values<uint8_t>({3})), small};
  for (const unsigned kind : {0, 1, 2}) {
    Built blocks;
    std::string text = header();
    for (const std::string& inside : graph) blocks.block(inside), text += element(inside, false);
    to.add(Built().byte(kind).raw(kind == 0 ? text : blocks.text()));
    to.add(Built().byte(kind).raw(kind == 0 ? header() + element(packed(edges), false)
                                            : Built().block(edges).block(edges).text()));
  }
  for (const uint32_t type : {1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 8, 99})
    to.add(Built().byte(1).block(matrix("a", 6, 2, 1, type,
                                        std::string(type < 3   ? 2
                                                    : type < 5 ? 4
                                                    : type < 8 ? 8
                                                               : 16,
                                                    '\1'))));
  to.add(Built().byte(1).block(matrix("a", 6 | 0x800, 1, 1, 9, values<double>({1}))));  // complex
  to.add(Built().byte(1).block(matrix("a", 5, 1, 1, 9, values<double>({1}))));          // sparse
  to.add(Built().byte(1).block(matrix("a", 6, -1, -8, 2, values<int64_t>({1}))));
  to.add(Built().byte(2).block(matrix("a", 6, 65536, 65536, 9, std::string(8, '\0')) + std::string(64, '\0')));
  to.add(Built().byte(0).raw("MATLAB 7.3 MAT-file" + std::string(200, ' ')));
  for (const char* word : {"edge_index", "node_feat", "label", "num_nodes"}) to.word(word);
  to.word(tag(14, 64));
  to.word(tag(15, 64));
}

}  // namespace graphsieve::fuzz
