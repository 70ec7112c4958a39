// SPDX-License-Identifier: Apache-2.0
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
  std::vector<NamedTensor> tensors;             ///< sorted by name after reading; in any order for writing
  std::map<std::string, std::string> metadata;  ///< "__metadata__"
};

/// Returns the size in bytes of an element of the dtype. Throws Error if the dtype is unknown.
int64_t dtype_size(const std::string& dtype);

/// Returns the bytes of the file. The order of `tensors` does not matter: the data is written by descending element
/// size, then by name, so that every tensor is aligned to its element size and the first one to 8 bytes. Throws Error
/// if a name occurs twice, or if the bytes of a tensor do not fit its shape and dtype.
std::vector<std::byte> safetensors_bytes(const Safetensors& file);

/// Parses the bytes of a file. Throws Error, beginning with `where`, if they are not exactly a safetensors file: a
/// header that is not a JSON object of tensors, a name that occurs twice, an unknown dtype, lengths that do not fit, or
/// data that overlaps, has holes or ends early.
Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& where);

/// Write and read a file, with its name in every message. The file appears only when it is complete.
void write_safetensors(const std::filesystem::path& path, const Safetensors& file);
Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace graphsieve
