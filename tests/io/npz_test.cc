#include "graphsieve/io/npz.h"

#include <fstream>

#include "graphsieve/io/atomic_file.h"
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
