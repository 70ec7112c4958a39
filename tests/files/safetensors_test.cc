// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/safetensors.h"

#include <algorithm>

#include "graphsieve/files/atomic_file.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

template <class T>
NamedTensor tensor(const std::string& name, const std::string& dtype, const std::vector<int64_t>& shape,
                   const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {name, dtype, shape, {bytes.begin(), bytes.end()}};
}

Safetensors sample() {
  return {{tensor<float>("w", "F32", {2, 3}, {1, 2, 3, 4, 5, 6}), tensor<int64_t>("ids", "I64", {2}, {-1, 7}),
           tensor<double>("x", "F64", {1, 1}, {0.5}), tensor<uint16_t>("b", "BF16", {3}, {0x3F80, 0, 1}),
           tensor<uint8_t>("a", "U8", {1}, {9}), tensor<float>("empty", "F32", {0, 4}, {}),
           tensor<float>("one", "F32", {}, {3})},
          {{"format", "pt"}, {"note", "quote \" and ü"}}};
}

/// A file of the header text as it stands and `size` bytes of data.
std::vector<std::byte> raw(const std::string& header, size_t size) {
  std::vector<std::byte> out(8 + header.size() + size);
  const uint64_t length = header.size();
  std::memcpy(out.data(), &length, 8);
  std::memcpy(out.data() + 8, header.data(), header.size());
  return out;
}

std::string refusal(const std::string& header, size_t size) {
  return error_of([&] { parse_safetensors(raw(header, size), "f"); });
}

TEST(Safetensors, RoundTripThroughAFile) {
  const TempDir dir;
  write_safetensors(dir / "m.safetensors", sample());
  const Safetensors read = read_safetensors(dir / "m.safetensors");
  EXPECT_EQ(read.metadata, sample().metadata);
  std::vector<NamedTensor> expected = sample().tensors;
  std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  ASSERT_EQ(read.tensors.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(read.tensors[i].name, expected[i].name);
    EXPECT_EQ(read.tensors[i].dtype, expected[i].dtype);
    EXPECT_EQ(read.tensors[i].shape, expected[i].shape);
    EXPECT_EQ(read.tensors[i].bytes, expected[i].bytes);
  }
}

TEST(Safetensors, OrderDoesNotMatterAndDataIsAligned) {
  Safetensors turned = sample();
  std::reverse(turned.tensors.begin(), turned.tensors.end());
  const std::vector<std::byte> bytes = safetensors_bytes(sample());
  EXPECT_EQ(bytes, safetensors_bytes(turned));
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  EXPECT_EQ(header % 8, 0u);
  EXPECT_EQ(bytes[8], std::byte{'{'});
}

TEST(Safetensors, NothingInIt) {
  const Safetensors read = parse_safetensors(safetensors_bytes({}), "f");
  EXPECT_TRUE(read.tensors.empty() && read.metadata.empty());
}

TEST(Safetensors, WritingChecksItsInput) {
  const TempDir dir;
  Safetensors bad = sample();
  bad.tensors.push_back(bad.tensors[0]);
  EXPECT_CONTAINS(error_of([&] { write_safetensors(dir / "m", bad); }),
                  (dir / "m").string() + ": tensor 'w': the name appears twice");
  bad = sample();
  bad.tensors[0].shape = {7};
  EXPECT_CONTAINS(error_of([&] { safetensors_bytes(bad); }), "tensor 'w': 24 bytes, expected 28");
  bad = sample();
  bad.tensors[0].dtype = "C64";
  EXPECT_CONTAINS(error_of([&] { safetensors_bytes(bad); }), "dtype 'C64'");
  bad = sample();
  bad.tensors[0].name = "__metadata__";
  EXPECT_THROW(safetensors_bytes(bad), Error);
  bad = sample();
  bad.tensors[0].name = "\xFF";
  EXPECT_CONTAINS(error_of([&] { safetensors_bytes(bad); }), "UTF-8");
  EXPECT_FALSE(std::filesystem::exists(dir / "m"));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::vector<std::byte> good = safetensors_bytes(sample());
  for (size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_CONTAINS(error_of([&] { parse_safetensors(std::span(good).first(cut), "f"); }), "f: ");
  std::vector<std::byte> longer = good;
  longer.push_back(std::byte{0});
  EXPECT_THROW(parse_safetensors(longer, "f"), Error);
}

TEST(Safetensors, StrictHeader) {
  const auto entry = [](const char* name, int begin, int end) {
    return str('"', name, R"(":{"dtype":"F32","shape":[)", (end - begin) / 4, R"(],"data_offsets":[)", begin, ",", end,
               "]}");
  };
  EXPECT_EQ(refusal("{" + entry("a", 0, 8) + "," + entry("b", 8, 12) + "}", 12), "");
  EXPECT_CONTAINS(refusal("{" + entry("a", 0, 8) + "," + entry("b", 4, 12) + "}", 12), "overlaps");
  EXPECT_CONTAINS(refusal("{" + entry("a", 0, 8) + "," + entry("b", 12, 16) + "}", 16), "a hole");
  EXPECT_CONTAINS(refusal("{" + entry("a", 0, 8) + "}", 12), "12 bytes of data, the header tells of 8");
  EXPECT_CONTAINS(refusal("{" + entry("a", 0, 8) + "}", 4), "data_offsets");
  EXPECT_CONTAINS(refusal("{" + entry("a", 0, 4) + "," + entry("a", 4, 8) + "}", 8), "appears twice");
  EXPECT_CONTAINS(refusal(R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4), "tensor 'a': dtype 'F31'");
  EXPECT_CONTAINS(refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4), "4 bytes, expected 8");
  EXPECT_CONTAINS(refusal(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4), "shape holds -1");
  EXPECT_CONTAINS(refusal(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}})", 4),
                  "too many elements");
  EXPECT_CONTAINS(refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4), "data_offsets");
  EXPECT_CONTAINS(refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.5]}})", 4), "data_offsets holds 4.5");
  EXPECT_CONTAINS(refusal(R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4), "no dtype");
  EXPECT_CONTAINS(refusal(R"({"a":3})", 0), "expected dtype, shape and data_offsets");
  EXPECT_CONTAINS(refusal(R"({"__metadata__":{"a":1}})", 0), "expected a text");
  EXPECT_CONTAINS(refusal("[]", 0), "not a JSON object");
  EXPECT_CONTAINS(refusal("{", 0), "f: the header: not valid JSON: line 1, byte 1: it ends too early");
  EXPECT_CONTAINS(refusal(std::string(66000, '['), 0), "nest more than 64 deep");
  EXPECT_CONTAINS(error_of([] { parse_safetensors(std::vector<std::byte>(8, std::byte{255}), "f"); }), "promised");
}

TEST(Safetensors, FilesAreNamed) {
  const TempDir dir;
  EXPECT_CONTAINS(error_of([&] { read_safetensors(dir / "none"); }), (dir / "none").string());
  write_text_file(dir / "bad", "hello, world");
  EXPECT_CONTAINS(error_of([&] { read_safetensors(dir / "bad"); }), (dir / "bad").string());
}

}  // namespace
}  // namespace graphsieve
