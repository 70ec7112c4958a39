// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/mat.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/files/input_file.h"

namespace graphsieve {
namespace {

constexpr int64_t kHeader = 128;
constexpr uint32_t kInt32 = 5, kUint32 = 6, kMatrix = 14, kCompressed = 15;
constexpr size_t kMatPiece = 1 << 18;
constexpr int64_t kMostUnpacked = 1100;  // most bytes that a packed byte can hold; deflate's best ratio is 1032

struct Tag {
  uint32_t type = 0, bytes = 0;
};

/// A zlib stream that ends itself, also if inflateInit() was not called.
struct Unpacking : z_stream {
  Unpacking() : z_stream{} {}
  ~Unpacking() { inflateEnd(this); }
};

/// Reads one element of the file; the data of a compressed element is decompressed. `packed` below means compressed.
class Element {
 public:
  Element(const std::string& path, int64_t at, std::string where) : where_(std::move(where)), in_(path), at_(at) {
    if (!next_bytes(&tag_, sizeof tag_)) fail("its tag is cut off");
    left_ = tag_.bytes;
    packed_ = tag_.type == kCompressed;
    most_ = left_ * (packed_ ? kMostUnpacked : 1);
    if (!packed_) return;
    const int begun = inflateInit(&stream_);
    if (begun == Z_MEM_ERROR) throw std::bad_alloc();
    if (begun != Z_OK) fail("zlib cannot begin");
    tag_ = take<Tag>();
  }
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  const Tag& tag() const { return tag_; }

  void read(void* to, size_t bytes) {
    if (packed_) return unpack(static_cast<Bytef*>(to), bytes);
    if (static_cast<int64_t>(bytes) > left_) fail("is cut off");
    if (!next_bytes(to, bytes)) fail("is cut off");
    left_ -= static_cast<int64_t>(bytes);
  }

  template <class T>
  T take() {
    T value;
    read(&value, sizeof value);
    return value;
  }

  /// Returns the type and data of the next element within this one, and skips the bytes that pad it to a multiple of 8.
  /// Data of at most 4 bytes can be stored in the tag itself; the upper half of the tag's first word is then its
  /// length.
  std::pair<uint32_t, std::vector<std::byte>> part(size_t most) {
    const auto word = take<uint32_t>();
    const bool within = word >> 16 != 0;
    const uint32_t type = within ? word & 0xffff : word, bytes = within ? word >> 16 : take<uint32_t>();
    most = within ? 4 : std::min(most, static_cast<size_t>(most_));
    if (bytes > most) fail(str("a part of ", bytes, " bytes, expected at most ", most));
    std::vector<std::byte> data(within ? 4 : (size_t{bytes} + 7) / 8 * 8);
    read(data.data(), data.size());
    data.resize(bytes);
    return {type, std::move(data)};
  }

  /// Ends the reading of the element, after its last part. A compressed element must end here, and zlib then compares
  /// its checksum. Throws Error if there is more data.
  void finish() {
    if (!packed_) return;
    Bytef more;
    stream_.next_out = &more, stream_.avail_out = 1;
    while (step() != Z_STREAM_END)
      if (stream_.avail_out == 0) fail("holds more than its matrix");
  }

  [[noreturn]] void fail(const std::string& what) const { throw Error(where_, ": ", what); }

 private:
  /// Reads the next bytes of the element as they are in the file. Returns false if the file ends before.
  bool next_bytes(void* to, size_t bytes) {
    const bool all = in_.read_at(at_, to, bytes) == bytes;
    at_ += static_cast<int64_t>(bytes);
    return all;
  }

  /// Decompresses exactly `bytes` bytes to `to`, in pieces that fit zlib's counters.
  void unpack(Bytef* to, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
      const size_t piece = std::min(bytes - done, kMatPiece);
      stream_.next_out = to + done, stream_.avail_out = static_cast<uInt>(piece);
      while (stream_.avail_out > 0)
        if (step() == Z_STREAM_END && stream_.avail_out > 0) fail("ends before its matrix does");
      done += piece;
    }
  }

  /// Reads more compressed data if none is left, and runs inflate() once.
  int step() {
    if (stream_.avail_in == 0 && left_ > 0) {
      const auto bytes = std::min<int64_t>(left_, kMatPiece);
      buffer_.resize(static_cast<size_t>(bytes));
      if (!next_bytes(buffer_.data(), buffer_.size())) fail("is cut off");
      left_ -= bytes;
      stream_.next_in = buffer_.data(), stream_.avail_in = static_cast<uInt>(bytes);
    }
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END)
      fail(str("broken data", stream_.msg ? str(" (", stream_.msg, ")") : ""));
    return status;
  }

  std::string where_;
  InputFile in_;
  int64_t at_;  ///< position of the element's next byte in the file
  Tag tag_;
  int64_t left_ = 0, most_ = 0;  ///< bytes of the element not yet read; most bytes of its content
  bool packed_ = false;
  Unpacking stream_;
  std::vector<Bytef> buffer_;
};

struct Matrix {
  int kind = 0;  ///< MATLAB class: 6 double, 7 single, 8 to 15 integers; others are not dense arrays of numbers
  bool complex = false;
  std::vector<int64_t> shape;
  std::string name;
};

/// Reads the parts of a matrix before its values: flags, dimensions and name.
Matrix begin_matrix(Element& element) {
  constexpr size_t kMost = 4096;
  Matrix out;
  const auto [flags_type, flags] = element.part(kMost);
  const auto [shape_type, shape] = element.part(kMost);
  const auto [name_type, name] = element.part(kMost);
  if (flags_type != kUint32 || flags.size() != 8 || shape_type != kInt32) element.fail("is no matrix of version 5");
  out.kind = std::to_integer<int>(flags[0]);
  out.complex = (std::to_integer<int>(flags[1]) & 8) != 0;
  for (size_t d = 0; d + 4 <= shape.size(); d += 4) {
    int32_t length;
    std::memcpy(&length, shape.data() + d, 4);
    out.shape.push_back(length);
  }
  out.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  return out;
}

/// Sets the type of the stored values. It can differ from the class of the matrix: MATLAB stores whole doubles as
/// bytes. The index of the table is MATLAB's number of the type.
void set_type(uint32_t type, const Element& element, NpyArray& out) {
  const std::array<std::pair<NpyKind, int>, 14> known = {{{},
                                                          {NpyKind::kInt, 1},
                                                          {NpyKind::kUint, 1},
                                                          {NpyKind::kInt, 2},
                                                          {NpyKind::kUint, 2},
                                                          {NpyKind::kInt, 4},
                                                          {NpyKind::kUint, 4},
                                                          {NpyKind::kFloat, 4},
                                                          {},
                                                          {NpyKind::kFloat, 8},
                                                          {},
                                                          {},
                                                          {NpyKind::kInt, 8},
                                                          {NpyKind::kUint, 8}}};
  if (type >= known.size() || known[type].second == 0) element.fail(str("values of the unknown type ", type));
  std::tie(out.kind, out.item_size) = known[type];
}

/// Transposes the values: the columns that the file stores one after the other become rows.
NpyArray columns_to_rows(const NpyArray& from) {
  NpyArray to = from;
  std::swap(to.shape[0], to.shape[1]);
  const size_t item = from.item_size, rows = to.shape[0], columns = to.shape[1];
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c)
      std::memcpy(to.bytes.data() + (r * columns + c) * item, from.bytes.data() + (c * rows + r) * item, item);
  return to;
}

}  // namespace

MatFile::MatFile(const std::filesystem::path& path) : path_(path.string()) {
  const InputFile in(path);
  const int64_t size = in.bytes();
  std::array<char, kHeader> head{};
  const bool whole = in.read_at(0, head.data(), head.size()) == head.size();
  if (whole && std::string_view(head.data(), 10) == "MATLAB 7.3")
    throw Error(path_, ": MATLAB version 7.3 (HDF5), expected 5 to 7; save it anew with -v7, or with scipy.io.savemat");
  if (!whole || std::string_view(head.data() + 124, 4) != std::string_view("\x00\x01IM", 4))
    throw Error(path_, ": no little-endian MATLAB file of version 5 to 7");
  // Each element is opened to read the name of its matrix; the values stay in the file until read().
  for (int64_t at = kHeader; at < size;) {
    Tag tag;
    const bool complete = in.read_at(at, &tag, sizeof tag) == sizeof tag;
    const int64_t end = at + static_cast<int64_t>(sizeof tag) + tag.bytes;
    if (!complete || end > size)
      throw Error(path_, ": is cut off: an element ends at byte ", end, ", the file at ", size);
    Element element(path_, at, str(path_, ": element at byte ", at));
    if (element.tag().type != kMatrix) element.fail(str("of type ", element.tag().type, ", expected a matrix"));
    matrices_.push_back({begin_matrix(element).name, at});
    at = end;
  }
}

bool MatFile::has(const std::string& name) const {
  return std::any_of(matrices_.begin(), matrices_.end(), [&](const Place& m) { return m.name == name; });
}

NpyArray MatFile::read(const std::string& name, bool transposed) const {
  NpyArray out;
  out.where = str(path_, ": array '", name, "'");
  const auto entry = std::find_if(matrices_.begin(), matrices_.end(), [&](const Place& m) { return m.name == name; });
  if (entry == matrices_.end()) throw Error(out.where, " is missing; expected edge_index, node_feat and label");
  Element element(path_, entry->at, out.where);
  const Matrix matrix = begin_matrix(element);
  if (matrix.kind < 6 || matrix.kind > 15 || matrix.complex || matrix.shape.size() != 2)
    element.fail("is no dense matrix of real numbers");
  auto [type, values] = element.part(~uint32_t{0});
  element.finish();
  set_type(type, element, out);
  out.shape = {matrix.shape[1], matrix.shape[0]};
  out.bytes = std::move(values);
  if (matrix.shape[0] < 0 || matrix.shape[1] < 0 || static_cast<size_t>(out.size()) != out.bytes.size() / out.item_size)
    element.fail(
        str(out.bytes.size(), " bytes of values, expected ", matrix.shape[0], " x ", matrix.shape[1], " numbers"));
  return transposed ? out : columns_to_rows(out);
}

}  // namespace graphsieve
