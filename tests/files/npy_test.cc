// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/npy.h"

#include <cmath>
#include <limits>

#include "temp_dir.h"

namespace graphsieve {
namespace {

template <class T>
NpyArray parse(const std::string& descr, const std::vector<T>& values, const std::string& shape = "",
               bool fortran = false) {
  return parse_npy(raw_npy(descr, fortran, shape.empty() ? "(" + std::to_string(values.size()) + ",)" : shape, values),
                   "x");
}

TEST(Npy, RoundTrip) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const NpyArray a = parse_npy(npy_bytes<float>({2, 3}, values), "x");
  EXPECT_EQ(a.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(a.dtype(), "float32");
  EXPECT_EQ(a.as<float>(), values);
  EXPECT_EQ(parse_npy(npy_bytes<int64_t>({1}, std::vector<int64_t>{-5}), "x").as<int64_t>(), std::vector<int64_t>{-5});
  EXPECT_EQ(parse_npy(npy_bytes<int32_t>({}, std::vector<int32_t>{7}), "x").as<double>(), std::vector<double>{7});
  EXPECT_EQ(parse_npy(npy_bytes<uint8_t>({0, 4}, std::vector<uint8_t>{}), "x").shape_text(), "[0, 4]");
  EXPECT_THROW(npy_bytes<float>({2, 2}, values), Error);
  EXPECT_EQ(npy_bytes<float>({2, 3}, values).size() % 64, 24u) << "the data begins at a multiple of 64";
}

TEST(Npy, EveryType) {
  EXPECT_EQ(parse<int8_t>("'|i1'", {-3, 4}).as<int64_t>(), (std::vector<int64_t>{-3, 4}));
  EXPECT_EQ(parse<int16_t>("'<i2'", {-300, 4}).as<int32_t>(), (std::vector<int32_t>{-300, 4}));
  EXPECT_EQ(parse<uint16_t>("'<u2'", {65535}).as<float>(), std::vector<float>{65535});
  EXPECT_EQ(parse<uint32_t>("'<u4'", {4000000000u}).as<int64_t>(), std::vector<int64_t>{4000000000});
  EXPECT_EQ(parse<uint64_t>("'<u8'", {5}).as<int32_t>(), std::vector<int32_t>{5});
  EXPECT_EQ(parse<double>("'<f8'", {0.5, -2}).as<float>(), (std::vector<float>{0.5, -2}));
  EXPECT_EQ(parse<uint8_t>("'|b1'", {0, 1, 1}).as<uint8_t>(), (std::vector<uint8_t>{0, 1, 1}));
  EXPECT_EQ(parse<uint8_t>("'|b1'", {0, 7}).as<float>(), (std::vector<float>{0, 1}));
}

TEST(Npy, Float16) {
  const auto v =
      parse<uint16_t>("'<f2'", {0x3C00, 0xC000, 0x3555, 0x0001, 0x7BFF, 0x7C00, 0x7E00, 0x8000}).as<double>();
  EXPECT_EQ(v[0], 1);
  EXPECT_EQ(v[1], -2);
  EXPECT_EQ(v[2], 0x1.554p-2);
  EXPECT_EQ(v[3], 0x1p-24);
  EXPECT_EQ(v[4], 65504);
  EXPECT_TRUE(std::isinf(v[5]) && std::isnan(v[6]));
  EXPECT_TRUE(v[7] == 0 && std::signbit(v[7]));
}

TEST(Npy, BigEndianAndFortranOrder) {
  EXPECT_EQ(parse<uint32_t>("'>i4'", {0x01000000u, 0xFEFFFFFFu}).as<int32_t>(), (std::vector<int32_t>{1, -2}));
  EXPECT_EQ(parse<float>("'<f4'", {1, 4, 2, 5, 3, 6}, "(2, 3)", true).as<float>(),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(parse<int8_t>("'|i1'", {0, 4, 2, 6, 1, 5, 3, 7}, "(2, 2, 2)", true).as<int32_t>(),
            (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(parse<double>("'<f8'", {}, "(0, 3)", true).as<double>().size(), 0u);
}

TEST(Npy, VersionTwo) {
  std::vector<std::byte> v1 = npy_bytes<int32_t>({2}, std::vector<int32_t>{8, 9}), v2 = v1;
  for (const int version : {2, 3}) {
    v2 = v1;
    v2[6] = std::byte(version);
    v2.insert(v2.begin() + 10, 2, std::byte{0});
    EXPECT_EQ(parse_npy(v2, "x").as<int32_t>(), (std::vector<int32_t>{8, 9}));
  }
  v2[6] = std::byte{4};
  EXPECT_CONTAINS(error_of([&] { parse_npy(v2, "x"); }), "x: .npy version 4");
}

TEST(Npy, ConversionsAreChecked) {
  const auto a = parse<double>("'<f8'", {1, 2, 3, 2.5}, "(2, 2)");
  EXPECT_EQ(error_of([&] { a.as<int64_t>(); }), "x: element [1, 1] is 2.5, expected an integer that fits 64 bits");
  const double nan = std::nan(""), inf = INFINITY;
  for (const double bad : {nan, inf, -inf, 0x1p63, -0x1.8p63, 1e300})
    EXPECT_THROW(parse<double>("'<f8'", {bad}).as<int64_t>(), Error);
  EXPECT_EQ(parse<double>("'<f8'", {-0x1p63}).as<int64_t>()[0], std::numeric_limits<int64_t>::min());
  EXPECT_THROW(parse<float>("'<f4'", {0x1p31f}).as<int32_t>(), Error);
  EXPECT_THROW(parse<int64_t>("'<i8'", {int64_t{1} << 31}).as<int32_t>(), Error);
  EXPECT_THROW(parse<int64_t>("'<i8'", {-1}).as<uint8_t>(), Error);
  EXPECT_THROW(parse<uint64_t>("'<u8'", {~uint64_t{0}}).as<int64_t>(), Error);
  EXPECT_THROW(parse<double>("'<f8'", {1e300}).as<float>(), Error);
  EXPECT_TRUE(std::isinf(parse<double>("'<f8'", {inf}).as<float>()[0])) << "what was infinite may stay so";
}

TEST(Npy, RefusedByName) {
  const auto message = [](const std::string& descr) { return error_of([&] { parse<double>(descr, {1}); }); };
  EXPECT_CONTAINS(message("'|O'"), "object array");
  EXPECT_CONTAINS(message("'<c8'"), "type '<c8'");
  EXPECT_CONTAINS(message("'<U3'"), "type '<U3'");
  EXPECT_CONTAINS(message("[('a', '<f4')]"), "structured array");
  EXPECT_CONTAINS(message("'<f16'"), "type '<f16'");
}

TEST(Npy, BrokenHeadersAndData) {
  const std::vector<std::byte> good = npy_bytes<float>({3}, std::vector<float>{1, 2, 3});
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_THROW(parse_npy(std::span(good).first(cut), "x"), Error) << cut;
  EXPECT_CONTAINS(error_of([&] { parse_npy(std::span(good).first(good.size() - 1), "x"); }), "truncated");
  std::vector<std::byte> longer = good;
  longer.push_back(std::byte{0});
  EXPECT_THROW(parse_npy(longer, "x"), Error);
  EXPECT_THROW(parse<float>("'<f4'", {1}, "(9223372036854775807, 9223372036854775807)"), Error);
  EXPECT_THROW(parse<float>("'<f4'", {1}, "(4294967296, 4294967296)"), Error);
  EXPECT_THROW(parse<float>("'<f4'", {1}, "(-1,)"), Error);
  EXPECT_THROW(parse<float>("'<f4'", {1}, "1"), Error);
  EXPECT_THROW(parse<float>("'<f4", {1}), Error);
  EXPECT_THROW(parse<float>("'<f4', 'other': 3", {1}), Error);
}

}  // namespace
}  // namespace graphsieve
