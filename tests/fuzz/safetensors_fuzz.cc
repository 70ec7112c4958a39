// SPDX-License-Identifier: Apache-2.0
// parse_safetensors: the whole file in memory, and the same written and read again.
#include <algorithm>
#include <cstring>

#include "fuzzing.h"
#include "graphsieve/files/safetensors.h"

namespace graphsieve::fuzz {
namespace {

std::string file(const std::string& header, size_t data) {
  const uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + std::string(data, '\1');
}

}  // namespace

/// The length of the header stands in the first eight bytes. Unless the input's first byte is odd it is corrected, so
/// that headers of changed lengths are still read: the header ends where the text "}}" ends last.
void run_reader(Bytes bytes) {
  Input input(bytes);
  const bool corrected = input.byte() % 2 == 0;
  std::string text = text_of(input.rest());
  if (const size_t end = text.rfind("}}"); corrected && end != std::string::npos && end > 8) {
    const uint64_t length = end + 2 - 8;
    std::memcpy(text.data(), &length, 8);
  }
  const auto path = work_folder() / "fuzz.safetensors";
  put_file(path, text);
  const Safetensors read = read_safetensors(path);
  const Safetensors again = parse_safetensors(safetensors_bytes(read), "again");
  if (again.metadata != read.metadata || again.tensors.size() != read.tensors.size())
    finding("a written file is read otherwise");
  for (const NamedTensor& tensor : again.tensors) {
    const auto same = [&](const NamedTensor& t) {
      return t.name == tensor.name && t.dtype == tensor.dtype && t.shape == tensor.shape && t.bytes == tensor.bytes;
    };
    if (std::none_of(read.tensors.begin(), read.tensors.end(), same)) finding("a written tensor is read otherwise");
  }
}

void add_seeds(Corpus& to) {
  Safetensors all;
  for (const char* type : {"F64", "I64", "U64", "F32", "I32", "U32", "F16", "BF16", "I16", "U16", "I8", "U8", "BOOL"})
    all.tensors.push_back({type, type, {2, 1}, std::vector<std::byte>(2 * dtype_size(type))});
  all.metadata["format"] = "graphsieve";
  const std::vector<std::byte> written = safetensors_bytes(all);
  to.add(Built().byte(0).raw({reinterpret_cast<const char*>(written.data()), written.size()}));
  for (const unsigned first : {0, 1})
    for (
        const char* header :
        {R"({})", R"([])", R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})",
         R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2,2],"data_offsets":[4,8]}})",
         R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
         R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
         R"({"a":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,8]}})",
         R"({"a":{"dtype":"U8","shape":[-1,1e3],"data_offsets":[8,0,1]}})",
         R"({"a":{"dtype":"X8","shape":[8],"data_offsets":[0,8]}})",
         R"({"a":{"dtype":1,"shape":[8],"data_offsets":[0,8]}})", R"({"a":{"shape":8}})", R"({"__metadata__":{"a":1}})",
         R"({"__metadata__":[]})"})
      to.add(Built().byte(first).raw(file(header, header[1] == '}'                           ? 0
                                                  : std::string(header).find("[0,4]}}") < 99 ? 4
                                                                                             : 8)));
  to.add(Built().byte(1).raw(file(std::string(2000, '['), 0)));
  to.add(Built().byte(1).raw("\x08"));
  for (const char* word : {"\"dtype\":", "\"shape\":", "\"data_offsets\":", "__metadata__", "\"F32\"", "\"BOOL\"",
                           "\"U8\"", "[0,0]", "[0]", "}}", "\\u0000", "\xff", "18446744073709551615"})
    to.word(word);
}

}  // namespace graphsieve::fuzz
