// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/npy_file.h"

#include <type_traits>

#include "graphsieve/base/error.h"
#include "graphsieve/files/mapped_file.h"
#include "graphsieve/files/npy_header.h"

namespace graphsieve {

namespace {

constexpr size_t kHeaderBytes = 128;  // enough for any two-dimensional shape

/// Returns a shape for messages: "[n, 3]", where n stands for any length.
std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out;
  for (const int64_t length : shape) out += str(out.empty() ? "" : ", ", length < 0 ? "n" : str(length));
  return "[" + out + "]";
}

/// Returns the number of elements of a shape. Throws Error if their bytes do not fit in 63 bits.
int64_t product(const std::vector<int64_t>& shape, const std::string& where) {
  int64_t count = 1;
  for (const int64_t length : shape)
    if (length < 0 || __builtin_mul_overflow(count, length, &count) || count > INT64_MAX / 8)
      throw Error(where, ": the shape ", shape_text(shape), " has too many elements");
  return count;
}

/// True if the file's elements have the type T and this machine's byte order.
template <class T>
bool holds(const NpyHeader& header) {
  if (header.swapped || header.item_size != static_cast<int>(sizeof(T))) return false;
  if constexpr (std::is_same_v<T, uint16_t>) return header.kind == NpyKind::kUint || header.kind == NpyKind::kFloat;
  if constexpr (std::is_floating_point_v<T>) return header.kind == NpyKind::kFloat;
  return header.kind == (std::is_signed_v<T> ? NpyKind::kInt : NpyKind::kUint);
}

/// Throws Error if the file's shape does not match `shape`, otherwise sets `shape` to it.
void fit_shape(const NpyHeader& header, std::vector<int64_t>& shape, const std::string& where) {
  bool fits = header.shape.size() == shape.size() && (!header.fortran_order || shape.size() < 2);
  for (size_t d = 0; fits && d < shape.size(); ++d) fits = shape[d] < 0 || shape[d] == header.shape[d];
  if (!fits)
    throw Error(where, ": holds an array ", shape_text(header.shape), header.fortran_order ? " in Fortran order" : "",
                ", expected ", shape_text(shape));
  shape = header.shape;
}

}  // namespace

template <class T>
const char* npy_descr() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, int64_t>) return "<i8";
  if constexpr (std::is_same_v<T, uint16_t>) return "<u2";
  if constexpr (std::is_same_v<T, uint8_t>) return "|u1";
}

template <class T>
Array<T> map_npy(const std::filesystem::path& path, std::vector<int64_t>& shape) {
  const std::string where = path.string();
  const auto file = MappedFile::open(path);
  const NpyHeader header = parse_npy_header(file->bytes(), where);
  if (!holds<T>(header)) throw Error(where, ": holds another type than '", npy_descr<T>(), "'");
  fit_shape(header, shape, where);
  const int64_t count = product(shape, where);
  const auto data = file->bytes().subspan(header.data_start);
  if (static_cast<int64_t>(data.size()) != count * static_cast<int64_t>(sizeof(T)))
    throw Error(where, ": ", data.size(), " bytes of data, expected ", count * sizeof(T), " for ", shape_text(shape));
  if (header.data_start % sizeof(T) != 0) throw Error(where, ": its data is not aligned; save it anew with NumPy");
  return Array<T>({reinterpret_cast<const T*>(data.data()), static_cast<size_t>(count)}, file);
}

NpyWriter::NpyWriter(const std::filesystem::path& path, const std::string& descr, const std::vector<int64_t>& shape,
                     Existing existing)
    : file_(path, existing), path_(path), descr_(descr), shape_(shape) {
  const std::string head = npy_header_text(descr, shape, kHeaderBytes);
  put(head.data(), head.size());
  head_ = bytes_;
}

NpyWriter::~NpyWriter() = default;

void NpyWriter::put(const void* data, size_t bytes) {
  if (bytes == 0) return;
  file_.write(data, bytes);
  checksum_.add(data, bytes);
  bytes_ += static_cast<int64_t>(bytes);
}

void NpyWriter::write(const void* values, size_t bytes) { put(values, bytes); }

WrittenFile NpyWriter::finish() {
  const bool grows = !shape_.empty() && shape_[0] < 0;
  const std::vector<int64_t> row(shape_.begin() + grows, shape_.end());
  const int64_t row_bytes = product(row, path_.string()) * (descr_.back() - '0');
  // The number of rows is known only now. The new header has the length of the first one and overwrites it.
  if (grows) {
    shape_[0] = row_bytes > 0 ? (bytes_ - head_) / row_bytes : 0;
    file_.replace_start(npy_header_text(descr_, shape_, kHeaderBytes));
  }
  const int64_t expected = (grows ? shape_[0] : 1) * row_bytes;
  if (bytes_ - head_ != expected)
    throw Error(path_.string(), ": ", bytes_ - head_, " bytes written, expected ", expected, " for ",
                shape_text(shape_));
  file_.commit();
  return {path_.filename().string(), bytes_, grows ? file_record(path_).xxh3 : checksum_.text()};
}

#define GRAPHSIEVE_NPY_FILE(T)         \
  template const char* npy_descr<T>(); \
  template Array<T> map_npy<T>(const std::filesystem::path&, std::vector<int64_t>&);
GRAPHSIEVE_NPY_FILE(float)
GRAPHSIEVE_NPY_FILE(double)
GRAPHSIEVE_NPY_FILE(int32_t)
GRAPHSIEVE_NPY_FILE(int64_t)
GRAPHSIEVE_NPY_FILE(uint16_t)
GRAPHSIEVE_NPY_FILE(uint8_t)
#undef GRAPHSIEVE_NPY_FILE

}  // namespace graphsieve
