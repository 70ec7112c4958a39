// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/npz.h"

#include <fstream>

#include "graphsieve/files/atomic_file.h"
#include "temp_dir.h"

namespace graphsieve {
namespace {

Members two_arrays() {
  return {member<float>("a", {2, 2}, {1, 2, 3, 4}), {"readme.txt", {}}, member<int64_t>("b", {1}, {9})};
}

TEST(Npz, StoredAndDeflated) {
  const TempDir dir;
  for (const bool deflated : {false, true}) {
    write_zip(dir / "x.npz", two_arrays(), deflated);
    const NpzFile file(dir / "x.npz");
    EXPECT_EQ(file.names(), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(file.has("a"));
    EXPECT_FALSE(file.has("readme.txt"));
    EXPECT_EQ(file.read("a").as<float>(), (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(file.read("b").as<int64_t>(), std::vector<int64_t>{9});
    EXPECT_EQ(error_of([&] { file.read("c"); }), (dir / "x.npz").string() + ": array 'c' is missing");
  }
}

TEST(Npz, InPieces) {
  const TempDir dir;
  std::vector<float> values(100000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 997);
  for (const bool deflated : {false, true}) {
    write_zip(dir / "x.npz", {member<int64_t>("n", {}, {5}), member<float>("a", {200, 500}, values)}, deflated);
    NpzReader reader(dir / "x.npz", "a");
    EXPECT_EQ(reader.shape(), (std::vector<int64_t>{200, 500}));
    EXPECT_FALSE(reader.fortran_order());
    std::vector<double> found;
    for (const int64_t count : {0, 1, 7, 99900, 92}) {
      const std::vector<double> piece = reader.read(count);
      found.insert(found.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(found, std::vector<double>(values.begin(), values.end()));
    EXPECT_EQ(error_of([&] { reader.read(1); }),
              (dir / "x.npz").string() + ": array 'a': 0 elements are left, 1 are wanted");
    EXPECT_EQ(NpzReader(dir / "x.npz", "n").read(1), std::vector<double>{5});
    EXPECT_EQ(error_of([&] { NpzReader(dir / "x.npz", "b"); }), (dir / "x.npz").string() + ": array 'b' is missing");

    std::string bytes = read_text_file(dir / "x.npz");
    bytes[bytes.size() / 2] ^= 0x10;
    write_text_file(dir / "x.npz", bytes);
    EXPECT_CONTAINS(error_of([&] {
                      NpzReader broken(dir / "x.npz", "a");
                      broken.read(50000);
                      broken.read(50000);
                    }),
                    "x.npz: array 'a'")
        << "the checksum is compared at the end";
  }
}

TEST(Npz, MissingOrNotAZip) {
  const TempDir dir;
  EXPECT_EQ(error_of([&] { NpzFile(dir / "no.npz"); }), (dir / "no.npz").string() + ": no such file");
  EXPECT_CONTAINS(error_of([&] { NpzFile(dir.path()); }), "not a file");
  for (const std::string text : {"", "hello", "PK\x03\x04 and then nothing that makes a zip of it"}) {
    write_text_file(dir / "bad.npz", text);
    EXPECT_CONTAINS(error_of([&] { NpzFile(dir / "bad.npz"); }), (dir / "bad.npz").string());
  }
}

TEST(Npz, EveryTruncationIsAnError) {
  const TempDir dir;
  write_zip(dir / "x.npz", two_arrays());
  const std::string whole = read_text_file(dir / "x.npz");
  for (size_t cut = 0; cut < whole.size(); cut += 7) {
    write_text_file(dir / "cut.npz", whole.substr(0, cut));
    EXPECT_CONTAINS(error_of([&] { NpzFile(dir / "cut.npz").read("a"); }), "cut.npz") << cut;
  }
}

TEST(Npz, ChangedBytesAreFoundByTheChecksum) {
  const TempDir dir;
  for (const bool deflated : {false, true}) {
    std::vector<float> values(1000);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * i);
    write_zip(dir / "x.npz", {member<float>("a", {1000}, values)}, deflated);
    std::string bytes = read_text_file(dir / "x.npz");
    bytes[bytes.size() / 2] ^= 0x10;
    write_text_file(dir / "x.npz", bytes);
    EXPECT_CONTAINS(error_of([&] { NpzFile(dir / "x.npz").read("a"); }), "x.npz: array 'a'");
  }
}

TEST(Npz, HostileSizeInTheDirectoryIsNotAllocated) {
  const TempDir dir;
  write_zip(dir / "x.npz", {member<float>("a", {2}, {1, 2})});
  std::string bytes = read_text_file(dir / "x.npz");
  for (const char* const mark : {"PK\x01\x02", "PK\x03\x04"}) {
    const size_t at = bytes.find(mark) + (mark[2] == 1 ? 24 : 22);
    bytes.replace(at, 4, std::string("\xF0\xFF\xFF\xFF", 4));
  }
  write_text_file(dir / "x.npz", bytes);
  EXPECT_CONTAINS(error_of([&] { NpzFile(dir / "x.npz").read("a"); }), "directory is broken");
}

}  // namespace
}  // namespace graphsieve
