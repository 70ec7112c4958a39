// The safetensors format: named arrays in one file, https://github.com/huggingface/safetensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace graphsieve {

struct NamedTensor {
  std::string name;
  std::string dtype;  ///< "F32", "F64", "I64", "BF16"; also F16, I8 to I32, U8 to U64, BOOL
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;  ///< row-major, little-endian
};

struct Safetensors {
  std::vector<NamedTensor> tensors;             ///< by name
  std::map<std::string, std::string> metadata;  ///< "__metadata__"
};

/// Bytes of an element of the dtype; throws Error on an unknown one.
int64_t dtype_size(const std::string& dtype);

/// The file's bytes. The order of `tensors` does not matter: the data stands by falling element size, then by name, so
/// that every tensor is aligned to its element, the first to 8 bytes. Throws Error on repeated names and on bytes that
/// do not fit shape and dtype.
std::vector<std::byte> safetensors_bytes(const Safetensors& file);

/// Throws Error, beginning with `where`, on any bytes that are not exactly a safetensors file: a header that is no JSON
/// object of tensors, a name twice, an unknown dtype, lengths that do not fit, data that overlaps, has holes, or ends
/// early.
Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& where);

/// The same to and from a file, the file's name in every message. Writing is atomic.
void write_safetensors(const std::filesystem::path& path, const Safetensors& file);
Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace graphsieve
