// SPDX-License-Identifier: Apache-2.0
// parse_npy: one array in memory, and every conversion of its values.
#include "fuzzing.h"
#include "graphsieve/files/npy.h"

namespace graphsieve::fuzz {
namespace {

/// Converts, and writes and reads again what was converted.
template <class T>
void convert(const NpyArray& array) {
  accepted([&] {
    const std::vector<T> values = array.as<T>();
    const NpyArray again = parse_npy(npy_bytes<T>(array.shape, values), "again");
    if (again.shape != array.shape || again.as<T>().size() != values.size())
      finding("a written array is read otherwise");
    if constexpr (std::is_integral_v<T>)
      if (again.as<T>() != values) finding("a written array is read otherwise");
  });
}

std::string npy(const std::string& descr, bool fortran, const std::string& shape, size_t bytes, int version = 1) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n";
  std::string text = std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
                     static_cast<char>(header.size() & 0xff) + static_cast<char>(header.size() >> 8);
  if (version > 1) text += std::string(2, '\0');
  text += header;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(i % 5 == 0 ? 1 : 0);
  return text;
}

}  // namespace

void run_reader(Bytes input) {
  const NpyArray array = parse_npy(std::as_bytes(input), "fuzz.npy");
  if (array.dtype().empty() || array.shape_text().empty()) finding("an array without a type or a shape");
  convert<float>(array);
  convert<int32_t>(array);
  convert<int64_t>(array);
  convert<uint8_t>(array);
  accepted([&] { array.as<double>(); });
}

void add_seeds(Corpus& to) {
  for (const char* type : {"|b1", "?", "|i1", "<i2", "<i4", "<i8", "|u1", ">u2", "<u4", ">u8", "<f2", "<f4", ">f8"})
    to.add(npy(type, type[1] == 'i', "(2, 3)", 6 * (type[1] == '\0' ? 1 : type[2] - '0')));
  to.add(npy("<f8", true, "(2, 1, 3)", 48, 2));
  to.add(npy("<f4", false, "()", 4, 3));
  to.add(npy("<i4", false, "(3,)", 12));
  to.add(npy("<i4", false, "(0, 4)", 0));
  to.add(npy("<f4", false, "(4611686018427387904, 4)", 0));
  to.add(npy("<f4", false, "(99999999999999999999,)", 0));
  to.add(npy("O", false, "(1,)", 8));
  for (const char* word : {"'descr': ", "'fortran_order': ", "'shape': ", "True", "False", "'<f8'", "'|b1'", "'>i8'",
                           "\"", "(", ")", "[", "{", "}", ", ", "|O", "<U3", "<c16"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
