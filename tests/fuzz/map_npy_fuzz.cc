// SPDX-License-Identifier: Apache-2.0
// map_npy: an array that stays in its file. The first byte gives the wanted type and number of dimensions.
#include <numeric>

#include "fuzzing.h"
#include "graphsieve/files/npy_file.h"

namespace graphsieve::fuzz {
namespace {

/// Maps the file and reads every value.
template <class T>
void map(const std::filesystem::path& file, std::vector<int64_t> shape) {
  const Array<T> values = map_npy<T>(file, shape);
  int64_t count = 1;
  for (const int64_t length : shape) count *= length;
  if (count != static_cast<int64_t>(values.size())) finding("another number of values than the shape says");
  volatile double sum = std::accumulate(values.begin(), values.end(), 0.0);
  static_cast<void>(sum);
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  const uint8_t choice = input.byte();
  const auto file = work_folder() / "fuzz.npy";
  put_file(file, input.rest());
  if (file_record(file).xxh3.size() != 16) finding("a checksum of another length");
  const std::vector<int64_t> shape(choice / 8 % 4, choice & 128 ? 3 : -1);
  switch (choice % 8) {
    case 0:
      return map<float>(file, shape);
    case 1:
      return map<int32_t>(file, shape);
    case 2:
      return map<int64_t>(file, shape);
    case 3:
      return map<uint16_t>(file, shape);
    default:
      return map<uint8_t>(file, shape);
  }
}

void add_seeds(Corpus& to) {
  const auto file = work_folder() / "seed.npy";
  const auto add = [&]<class T>(unsigned type, const std::vector<int64_t>& shape, T value) {
    const size_t count = std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
    write_npy<T>(file, shape, std::vector<T>(count, value));
    for (const unsigned known : {0, 128}) to.add(Built().byte(type + 8 * shape.size() + known).raw(get_file(file)));
  };
  add(0, {3, 3}, 0.5f);
  add(1, {3}, int32_t{7});
  add(2, {}, int64_t{-1});
  add(3, {1, 2, 3}, uint16_t{0x3c00});
  add(4, {0}, uint8_t{1});
  for (const char* word : {"'<f2'", "'<f4'", "'<u2'", "'|u1'", "True", "(3, 3)", "(9223372036854775807, 2)"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
