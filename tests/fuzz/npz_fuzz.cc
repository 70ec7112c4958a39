// SPDX-License-Identifier: Apache-2.0
// NpzFile, NpzReader and the data set in the arrays. The first byte tells what the rest is: 0, the file's bytes; else
// blocks, a name and the bytes of a .npy file in turn, which are put into a zip whose checksums fit.
#include <zlib.h>

#include <cmath>
#include <cstring>

#include "fuzzing.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/files/npz.h"

namespace graphsieve::fuzz {
namespace {

template <class T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A zip of members that are stored, or deflated.
class Zip {
 public:
  void add(const std::string& name, const std::string& bytes, bool deflated) {
    const std::string packed = deflated ? deflate_raw(bytes) : bytes;
    const auto checksum = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    const std::string common = little<uint16_t>(20) + little<uint16_t>(0) + little<uint16_t>(deflated ? 8 : 0) +
                               little<uint32_t>(0) + little(checksum) + little(static_cast<uint32_t>(packed.size())) +
                               little(static_cast<uint32_t>(bytes.size())) +
                               little(static_cast<uint16_t>(name.size())) + little<uint16_t>(0);
    directory_ += "PK\x01\x02" + little<uint16_t>(20) + common + little<uint16_t>(0) + little<uint16_t>(0) +
                  little<uint16_t>(0) + little<uint32_t>(0) + little(static_cast<uint32_t>(members_.size())) + name;
    members_ += "PK\x03\x04" + common + name + packed;
    ++count_;
  }

  std::string text() const {
    return members_ + directory_ + "PK\x05\x06" + little<uint32_t>(0) + little(count_) + little(count_) +
           little(static_cast<uint32_t>(directory_.size())) + little(static_cast<uint32_t>(members_.size())) +
           little<uint16_t>(0);
  }

 private:
  static std::string deflate_raw(const std::string& bytes) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

  std::string members_, directory_;
  uint16_t count_ = 0;
};

void read_in_pieces(const std::filesystem::path& file, const std::string& name) {
  NpzReader reader(file, name);
  int64_t count = 1;
  for (const int64_t length : reader.shape()) count *= length;
  const int64_t half = count / 2;
  reader.read(half);
  reader.read(count - half);
}

template <class T>
std::string array(const std::vector<int64_t>& shape, const std::vector<T>& values) {
  const std::vector<std::byte> bytes = npy_bytes<T>(shape, values);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

using Members = std::vector<std::pair<std::string, std::string>>;

Members heterophilous(bool several_labels, bool turned) {
  const std::vector<uint8_t> mask = {1, 0, 0, 0};
  const std::vector<int64_t> shape = turned ? std::vector<int64_t>{4, 1} : std::vector<int64_t>{1, 4};
  const auto labels =
      several_labels ? array<float>({4, 2}, {0, 1, 1, 0, NAN, -1, 1, 1}) : array<int64_t>({4}, {0, 1, -1, 1});
  return {{"node_features", array<float>({4, 2}, {0, 1, 2, 3, 4, 5, 6, 7})},
          {"node_labels", labels},
          {"edges", array<int64_t>({4, 2}, {0, 1, 1, 2, 2, 3, 3, 3})},
          {"train_masks", array<uint8_t>(shape, mask)},
          {"val_masks", array<uint8_t>({4}, {0, 1, 0, 0})},
          {"test_masks", array<uint8_t>(shape, {0, 0, 1, 1})}};
}

Members shchur(bool dense, int64_t columns = 2) {
  Members out = {{"adj_data", array<float>({3}, {1, 1, 2})},
                 {"adj_indices", array<int32_t>({3}, {1, 2, 0})},
                 {"adj_indptr", array<int32_t>({4}, {0, 1, 2, 3})},
                 {"adj_shape", array<int64_t>({2}, {3, 3})},
                 {"labels", array<float>({3}, {0, 1, NAN})}};
  if (dense) out.emplace_back("attr_matrix", array<float>({3, 2}, {1, 2, 3, 4, 5, 6}));
  for (const auto& [name, bytes] : Members{{"attr_data", array<float>({4}, {1, 2, 3, 4})},
                                           {"attr_indices", array<int32_t>({4}, {1, 0, 1, 0})},
                                           {"attr_indptr", array<int64_t>({4}, {0, 2, 3, 4})},
                                           {"attr_shape", array<int64_t>({2}, {3, columns})}})
    if (!dense) out.emplace_back(name, bytes);
  return out;
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  const auto file = work_folder() / "fuzz.npz";
  if (const uint8_t kind = input.byte(); kind == 0) {
    put_file(file, input.rest());
  } else {
    Zip zip;
    while (!input.empty()) {
      const std::string name = text_of(input.block());
      zip.add(name, text_of(input.block()), kind % 2 == 0);
    }
    put_file(file, zip.text());
  }
  {
    const NpzFile npz(file);
    for (const std::string& name : npz.names()) {
      accepted([&] { npz.read(name); });
      accepted([&] { read_in_pieces(file, name); });
    }
    accepted([&] { npz.read("none"); });
  }
  const Dataset data = load_dataset(file);
  check_graph(data, true);
  fingerprint(data);
}

void add_seeds(Corpus& to) {
  for (const Members& members : {heterophilous(false, false), heterophilous(true, true), shchur(false), shchur(true),
                                 shchur(false, 500'000'000)})
    for (const unsigned kind : {0, 1, 2}) {
      Built blocks;
      Zip zip;
      for (const auto& [name, bytes] : members) {
        blocks.block(name + ".npy").block(bytes);
        zip.add(name + ".npy", bytes, false);
      }
      to.add(Built().byte(kind).raw(kind == 0 ? zip.text() : blocks.text()));
    }
  to.add(Built()
             .byte(1)
             .block("a.npy")
             .block(array<int32_t>({0, 3}, {}))
             .block("readme.txt")
             .block("text")
             .block("b.npy")
             .block(""));
  to.add(
      Built().byte(1).block("a.npy").block(array<int32_t>({1}, {1})).block("a.npy").block(array<int32_t>({2}, {1, 2})));
  for (const char* word : {"PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", ".npy", "node_labels", "attr_matrix",
                           "'<f8'", "'>i8'", "True", "(4, 1)", "(1, 4)", "(4,)"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
