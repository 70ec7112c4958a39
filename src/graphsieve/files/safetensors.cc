// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/json_file.h"

namespace graphsieve {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths and data are written as they lie in memory");

using nlohmann::json;

constexpr uint64_t kMostHeaderBytes = 100'000'000;  // limit of the format itself
const char* const kMetadata = "__metadata__";

/// Returns the number of bytes of an array; -1 if it does not fit in 63 bits.
int64_t byte_length(const std::vector<int64_t>& shape, int64_t element) {
  int64_t out = element;
  for (const int64_t length : shape)
    if (length < 0 || __builtin_mul_overflow(out, length, &out)) return -1;
  return out;
}

/// Returns the tensors in the order of their data: by descending element size, then by name.
std::vector<const NamedTensor*> data_order(const std::vector<NamedTensor>& tensors) {
  std::vector<const NamedTensor*> out;
  out.reserve(tensors.size());
  for (const NamedTensor& tensor : tensors) out.push_back(&tensor);
  std::sort(out.begin(), out.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const int64_t size_a = dtype_size(a->dtype), size_b = dtype_size(b->dtype);
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });
  return out;
}

/// Returns the JSON header, padded with spaces to a multiple of 8 bytes so that the data is aligned.
std::string header_text(const Safetensors& file, const std::vector<const NamedTensor*>& order) {
  json header = json::object();
  if (!file.metadata.empty()) header[kMetadata] = file.metadata;
  uint64_t at = 0;
  for (const NamedTensor* tensor : order) {
    if (tensor->name == kMetadata || header.contains(tensor->name))
      throw Error("tensor '", tensor->name,
                  "': ", tensor->name == kMetadata ? "a reserved name" : "the name appears twice");
    const int64_t length = byte_length(tensor->shape, dtype_size(tensor->dtype));
    if (length != static_cast<int64_t>(tensor->bytes.size()))
      throw Error("tensor '", tensor->name, "': ", tensor->bytes.size(), " bytes, expected ", length, " for its shape");
    header[tensor->name] = {
        {"dtype", tensor->dtype}, {"shape", tensor->shape}, {"data_offsets", {at, at + tensor->bytes.size()}}};
    at += tensor->bytes.size();
  }
  try {
    std::string text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    return text;
  } catch (const json::exception& error) {
    throw Error("a name or the metadata is not UTF-8 text: ", error.what());
  }
}

/// Reads the "__metadata__" of a header, a map of texts.
void read_metadata(const json& value, const std::string& where, std::map<std::string, std::string>& out) {
  if (!value.is_object()) throw Error(where, ": ", kMetadata, " is not an object of texts");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) throw Error(where, ": ", kMetadata, " '", key, "' is ", text.dump(), ", expected a text");
    out[key] = text.get<std::string>();
  }
}

/// A tensor of the header, and the range of its data in bytes.
struct Entry {
  NamedTensor tensor;
  uint64_t begin = 0, end = 0;
};

/// Returns the list under `key` as lengths. The limit of 2^62 keeps sums and conversions to int64_t from overflowing.
std::vector<uint64_t> lengths(const json& value, const std::string& where, const char* key) {
  if (!value.is_object() || !value.contains(key) || !value[key].is_array())
    throw Error(where, ": expected dtype, shape and data_offsets, found ", value.dump().substr(0, 200));
  std::vector<uint64_t> out;
  for (const json& item : value[key]) {
    if (!item.is_number_unsigned() || item.get<uint64_t>() > uint64_t{1} << 62)
      throw Error(where, ": ", key, " holds ", item.dump(), ", expected a length");
    out.push_back(item.get<uint64_t>());
  }
  return out;
}

/// Reads one tensor of the header and checks that its range lies in the data and fits its shape. The data itself is
/// copied later, when all ranges have been checked.
Entry read_entry(const std::string& name, const json& value, size_t data_bytes, const std::string& file) {
  const std::string where = str(file, ": tensor '", name, "'");
  Entry entry;
  const std::vector<uint64_t> shape = lengths(value, where, "shape"), offsets = lengths(value, where, "data_offsets");
  if (!value.contains("dtype") || !value["dtype"].is_string()) throw Error(where, ": no dtype");
  entry.tensor.name = name;
  entry.tensor.dtype = value["dtype"].get<std::string>();
  entry.tensor.shape.assign(shape.begin(), shape.end());
  int64_t element = 0;
  try {
    element = dtype_size(entry.tensor.dtype);
  } catch (const Error& error) {
    throw Error(where, ": ", error.what());
  }
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_bytes)
    throw Error(where, ": data_offsets ", value["data_offsets"].dump(), ", expected two within the ", data_bytes,
                " bytes");
  entry.begin = offsets[0];
  entry.end = offsets[1];
  const int64_t expected = byte_length(entry.tensor.shape, element);
  if (expected < 0) throw Error(where, ": shape ", value["shape"].dump(), " has too many elements");
  if (static_cast<uint64_t>(expected) != entry.end - entry.begin)
    throw Error(where, ": ", entry.end - entry.begin, " bytes, expected ", expected, " for ", entry.tensor.dtype, " ",
                value["shape"].dump());
  return entry;
}

/// Throws Error unless the tensors cover the data exactly once, without holes.
void check_cover(const std::vector<Entry>& entries, size_t data_bytes, const std::string& where) {
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](const Entry* a, const Entry* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  uint64_t at = 0;
  for (const Entry* entry : order) {
    if (entry->begin != at)
      throw Error(where, ": tensor '", entry->tensor.name, "' begins at byte ", entry->begin, ", expected ", at,
                  entry->begin < at ? " (it overlaps another)" : " (a hole)");
    at = entry->end;
  }
  if (at != data_bytes) throw Error(where, ": ", data_bytes, " bytes of data, the header tells of ", at);
}

}  // namespace

int64_t dtype_size(const std::string& dtype) {
  static const std::map<std::string, int64_t> sizes = {{"F64", 8}, {"I64", 8}, {"U64", 8},  {"F32", 4}, {"I32", 4},
                                                       {"U32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2}, {"U16", 2},
                                                       {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
  const auto found = sizes.find(dtype);
  if (found == sizes.end())
    throw Error("dtype '", dtype, "', expected F64, F32, F16, BF16, I64 to I8, U64 to U8 or BOOL");
  return found->second;
}

std::vector<std::byte> safetensors_bytes(const Safetensors& file) {
  const std::vector<const NamedTensor*> order = data_order(file.tensors);
  const std::string header = header_text(file, order);
  const uint64_t length = header.size();
  size_t total = 8 + header.size();
  for (const NamedTensor* tensor : order) total += tensor->bytes.size();
  std::vector<std::byte> out(total);
  std::memcpy(out.data(), &length, 8);
  std::memcpy(out.data() + 8, header.data(), header.size());
  auto at = out.begin() + static_cast<int64_t>(8 + header.size());
  for (const NamedTensor* tensor : order) at = std::copy(tensor->bytes.begin(), tensor->bytes.end(), at);
  return out;
}

Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& where) {
  uint64_t length = 0;
  if (bytes.size() < 8) throw Error(where, ": ", bytes.size(), " bytes, too short for a safetensors file");
  std::memcpy(&length, bytes.data(), 8);
  if (length > kMostHeaderBytes || length > bytes.size() - 8)
    throw Error(where, ": a header of ", length, " bytes is promised, the file has ", bytes.size(),
                " (truncated, or not a safetensors file)");
  const json header = parse_json({reinterpret_cast<const char*>(bytes.data()) + 8, length}, where + ": the header");
  if (!header.is_object()) throw Error(where, ": the header is not a JSON object");
  // All ranges are checked before any data is copied.
  const std::span<const std::byte> data = bytes.subspan(8 + length);
  Safetensors out;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata)
      read_metadata(value, where, out.metadata);
    else
      entries.push_back(read_entry(name, value, data.size(), where));
  }
  check_cover(entries, data.size(), where);
  for (Entry& entry : entries) {
    entry.tensor.bytes.assign(data.begin() + entry.begin, data.begin() + entry.end);
    out.tensors.push_back(std::move(entry.tensor));
  }
  return out;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& file) {
  std::vector<std::byte> bytes;
  try {
    bytes = safetensors_bytes(file);
  } catch (const Error& error) {
    throw Error(path.string(), ": ", error.what());
  }
  AtomicFile out(path);
  out.write(bytes.data(), bytes.size());
  out.commit();
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  return parse_safetensors(std::as_bytes(std::span(text)), path.string());
}

}  // namespace graphsieve
