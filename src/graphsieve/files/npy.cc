// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/npy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "graphsieve/base/error.h"
#include "graphsieve/files/npy_header.h"

namespace graphsieve {
namespace {

/// A float16 as stored, convertible to float.
struct Half {
  uint16_t bits;

  explicit operator float() const {
    const int exponent = (bits >> 10) & 31;
    const float fraction = static_cast<float>(bits & 1023) / 1024;
    float value;
    if (exponent == 31)
      value = bits & 1023 ? std::numeric_limits<float>::quiet_NaN() : INFINITY;
    else
      value = exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
    return bits >> 15 ? -value : value;
  }
};

/// A bool as stored: any byte but 0 is true.
struct Bool {
  uint8_t byte;
};

/// Calls body with a value of the array's element type and returns its result.
template <class Body>
auto with_type(NpyKind kind, int item_size, Body body) {
  if (kind == NpyKind::kBool) return body(Bool{});
  if (kind == NpyKind::kFloat) return item_size == 2 ? body(Half{}) : item_size == 4 ? body(float{}) : body(double{});
  if (kind == NpyKind::kInt)
    return item_size == 1   ? body(int8_t{})
           : item_size == 2 ? body(int16_t{})
           : item_size == 4 ? body(int32_t{})
                            : body(int64_t{});
  return item_size == 1   ? body(uint8_t{})
         : item_size == 2 ? body(uint16_t{})
         : item_size == 4 ? body(uint32_t{})
                          : body(uint64_t{});
}

/// Converts `stored` to T in `out`. Returns false if T cannot hold the value.
template <class T, class Stored>
bool convert(Stored stored, T& out) {
  if constexpr (std::is_same_v<Stored, Half>) {
    return convert(static_cast<float>(stored), out);
  } else if constexpr (std::is_same_v<Stored, Bool>) {
    out = static_cast<T>(stored.byte != 0);
    return true;
  } else if constexpr (std::is_floating_point_v<T>) {
    out = static_cast<T>(stored);
    if constexpr (sizeof(Stored) > sizeof(T) && std::is_floating_point_v<Stored>)
      return std::isfinite(out) || !std::isfinite(stored);
    return true;
  } else if constexpr (std::is_floating_point_v<Stored>) {
    // The largest value of an integer type is a power of two minus 1, which a float may not represent. The power of two
    // itself is exact, so the comparison uses it.
    const auto upper = std::ldexp(Stored{1}, std::numeric_limits<T>::digits);
    const auto lower = static_cast<Stored>(std::numeric_limits<T>::min());
    if (!(stored >= lower && stored < upper) || stored != std::trunc(stored)) return false;
    out = static_cast<T>(stored);
    return true;
  } else {
    if (!std::in_range<T>(stored)) return false;
    out = static_cast<T>(stored);
    return true;
  }
}

/// Returns a value as text; a char is shown as its number.
template <class Stored>
std::string value_text(Stored stored) {
  if constexpr (std::is_same_v<Stored, Half>)
    return str(static_cast<float>(stored));
  else if constexpr (std::is_same_v<Stored, Bool>)
    return str(int{stored.byte});
  else
    return str(+stored);
}

/// Returns the index of the flat position `flat` in an array of the shape, for example "[3, 1]".
std::string index_text(const std::vector<int64_t>& shape, int64_t flat) {
  std::string out;
  for (size_t d = shape.size(); d-- > 0;) {
    out = str(flat % shape[d], out.empty() ? "" : ", ", out);
    flat /= shape[d];
  }
  return "[" + out + "]";
}

/// Copies items of Size bytes from Fortran order to C order. `index` runs through the array in C order, the last
/// dimension fastest, and `from` is the position of `index` in Fortran order.
template <int Size>
void to_row_major(const std::vector<int64_t>& shape, const std::byte* in, std::byte* out, int64_t count) {
  const size_t dims = shape.size();
  std::vector<int64_t> stride(dims, 1), index(dims, 0);
  for (size_t d = 1; d < dims; ++d) stride[d] = stride[d - 1] * shape[d - 1];
  for (int64_t to = 0, from = 0; to < count; ++to) {
    std::memcpy(out + to * Size, in + from * Size, Size);
    for (size_t d = dims; d-- > 0;) {
      from += stride[d];
      if (++index[d] < shape[d]) break;
      from -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
}

void to_row_major(const NpyHeader& header, const std::byte* in, std::byte* out, int64_t count) {
  switch (header.item_size) {
    case 1:
      return to_row_major<1>(header.shape, in, out, count);
    case 2:
      return to_row_major<2>(header.shape, in, out, count);
    case 4:
      return to_row_major<4>(header.shape, in, out, count);
    default:
      return to_row_major<8>(header.shape, in, out, count);
  }
}

template <class T>
const char* descr_of() {
  if constexpr (std::is_same_v<T, float>)
    return "<f4";
  else if constexpr (std::is_same_v<T, int32_t>)
    return "<i4";
  else if constexpr (std::is_same_v<T, int64_t>)
    return "<i8";
  else
    return "|u1";
}

/// Returns the number of elements of the shape. Throws Error if the elements or their bytes (up to 8 each) do not fit
/// in 63 bits.
int64_t count_of(const std::vector<int64_t>& shape, const std::string& where) {
  int64_t count = 1;
  for (const int64_t length : shape)
    if (__builtin_mul_overflow(count, length, &count) || count > std::numeric_limits<int64_t>::max() / 8)
      throw Error(where, ": the shape of the .npy header has too many elements");
  return count;
}

}  // namespace

int64_t NpyArray::size() const {
  int64_t count = 1;
  for (const int64_t length : shape) count *= length;
  return count;
}

std::string NpyArray::dtype() const {
  const char* const names[] = {"bool", "int", "uint", "float"};
  const std::string name = names[static_cast<int>(kind)];
  return kind == NpyKind::kBool ? name : str(name, 8 * item_size);
}

std::string NpyArray::shape_text() const {
  std::string out;
  for (const int64_t length : shape) out += str(out.empty() ? "" : ", ", length);
  return "[" + out + "]";
}

namespace {

/// The values of an array as a vector of numbers.
template <class Vector>
Vector values_as(const NpyArray& array) {
  using T = typename Vector::value_type;
  return with_type(array.kind, array.item_size, [&](auto tag) {
    using Stored = decltype(tag);
    Vector out(static_cast<size_t>(array.size()));
    if constexpr (std::is_same_v<Stored, T>) {
      if (!out.empty()) std::memcpy(out.data(), array.bytes.data(), array.bytes.size());
      return out;
    }
    for (size_t i = 0; i < out.size(); ++i) {
      Stored stored;
      std::memcpy(&stored, array.bytes.data() + i * sizeof(Stored), sizeof(Stored));
      if (!convert(stored, out[i]))
        throw Error(array.where, ": element ", index_text(array.shape, static_cast<int64_t>(i)), " is ",
                    value_text(stored), ", expected ", std::is_integral_v<T> ? "an integer" : "a number", " that fits ",
                    8 * sizeof(T), std::is_unsigned_v<T> ? " bits, not negative" : " bits");
    }
    return out;
  });
}

}  // namespace

template <class T>
std::vector<T> NpyArray::as() const {
  return values_as<std::vector<T>>(*this);
}

LargeVector<float> NpyArray::as_floats() const { return values_as<LargeVector<float>>(*this); }

template std::vector<float> NpyArray::as<float>() const;
template std::vector<double> NpyArray::as<double>() const;
template std::vector<int32_t> NpyArray::as<int32_t>() const;
template std::vector<int64_t> NpyArray::as<int64_t>() const;
template std::vector<uint8_t> NpyArray::as<uint8_t>() const;

NpyArray parse_npy(std::span<const std::byte> file, const std::string& where) {
  const NpyHeader header = parse_npy_header(file, where);
  const int64_t count = count_of(header.shape, where);
  const std::span<const std::byte> data = file.subspan(header.data_start);
  NpyArray out{header.shape, header.kind, header.item_size, {}, where};
  if (static_cast<int64_t>(data.size()) != count * header.item_size)
    throw Error(where, ": ", data.size(), " bytes of data, expected ", count * header.item_size, " for ", out.dtype(),
                " ", out.shape_text(),
                static_cast<int64_t>(data.size()) < count * header.item_size ? " (truncated)" : "");
  out.bytes.resize(data.size());
  if (header.fortran_order && header.shape.size() > 1)
    to_row_major(header, data.data(), out.bytes.data(), count);
  else
    std::copy(data.begin(), data.end(), out.bytes.begin());
  // Both orders of the bytes are handled after the copy, element by element.
  for (size_t i = 0; header.swapped && i < out.bytes.size(); i += header.item_size)
    std::reverse(out.bytes.begin() + i, out.bytes.begin() + i + header.item_size);
  return out;
}

template <class T>
std::vector<std::byte> npy_bytes(const std::vector<int64_t>& shape, std::span<const T> values) {
  if (count_of(shape, "npy") != static_cast<int64_t>(values.size()))
    throw Error("npy: ", values.size(), " values, expected ", count_of(shape, "npy"), " for the shape");
  const std::string head = npy_header_text(descr_of<T>(), shape);
  std::vector<std::byte> out(head.size() + values.size_bytes());
  std::memcpy(out.data(), head.data(), head.size());
  if (!values.empty()) std::memcpy(out.data() + head.size(), values.data(), values.size_bytes());
  return out;
}

template std::vector<std::byte> npy_bytes(const std::vector<int64_t>&, std::span<const float>);
template std::vector<std::byte> npy_bytes(const std::vector<int64_t>&, std::span<const int32_t>);
template std::vector<std::byte> npy_bytes(const std::vector<int64_t>&, std::span<const int64_t>);
template std::vector<std::byte> npy_bytes(const std::vector<int64_t>&, std::span<const uint8_t>);

}  // namespace graphsieve
