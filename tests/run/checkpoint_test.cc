// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/checkpoint.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <stdlib.h>
#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "graphsieve/files/safetensors.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;

class CheckpointFolder {
 public:
  CheckpointFolder() = default;
  ~CheckpointFolder() { fs::remove_all(path_); }

  fs::path file(int which) const { return path_ / ("checkpoint-" + std::to_string(which) + ".safetensors"); }
  std::string bytes(int which) const {
    std::ifstream in(file(which), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(int which, const std::string& bytes) const { std::ofstream(file(which), std::ios::binary) << bytes; }

  void write(int epoch) {
    Checkpoint checkpoint;
    checkpoint.state = {{"epoch", epoch}};
    checkpoint.add("", {{"weight", torch::full({3}, epoch, at::kFloat)}});
    writer_.write(checkpoint);
  }

  /// A file whose checksum fits.
  void put(int which, const std::string& type, const std::string& state, const std::string& serial) const {
    Safetensors file;
    file.tensors.push_back({"t", type, {16 / dtype_size(type)}, std::vector<std::byte>(16)});
    file.metadata = {{"state", state}, {"serial", serial}};
    seal_checkpoint(file);
    write_safetensors(this->file(which), file);
  }

  /// The newest checkpoint as a new process finds it, and what was noted on the way.
  std::optional<Checkpoint> newest(std::string& notes) const {
    return Checkpoints(path_, 0).newest([&](const std::string& note) { notes += note + "\n"; });
  }

 private:
  static fs::path make() {
    std::string name = (fs::temp_directory_path() / "graphsieve-XXXXXX").string();
    return mkdtemp(name.data());
  }

  const fs::path path_ = make();
  Checkpoints writer_{path_, 0};
};

bool same(const Checkpoint& a, const Checkpoint& b) {
  return a.state == b.state && a.tensors.size() == b.tensors.size() &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), [](const auto& x, const auto& y) {
           return x.first == y.first && torch::equal(x.second, y.second);
         });
}

TEST(Checkpoints, ADamagedOneIsPassedOver) {
  CheckpointFolder folder;
  folder.write(1);
  for (const auto& [type, state, serial, expected] :
       std::initializer_list<std::tuple<const char*, const char*, const char*, const char*>>{
           {"I64", "{}", "7", "tensor 't' is I64, expected F32 or F64"},
           {"U8", "{}", "7", "tensor 't' is U8, expected F32 or F64"},
           {"F32", "{}", "x", "'serial' is 'x'"},
           {"F32", "{}", "", "'serial' is ''"},
           {"F32", "{}", "-1", "'serial' is '-1'"},
           {"F32", "{}", "9223372036854775807", "'serial' is '9223372036854775807'"},
           {"F32", "{}", "99999999999999999999", "'serial' is '99999999999999999999'"},
           {"F32", "{\"epoch\":", "7", "state"}}) {
    folder.put(1, type, state, serial);
    std::string notes;
    const auto found = folder.newest(notes);
    EXPECT_NE(notes.find(expected), std::string::npos) << notes;
    ASSERT_TRUE(found) << notes;
    EXPECT_EQ(found->state.at("epoch"), 1);
  }
}

RC_GTEST_PROP(CheckpointsProperty, AnyBitAndAnyLengthIsNoticedOrWithoutEffect, ()) {
  CheckpointFolder folder;
  std::string notes;
  folder.write(1);
  const Checkpoint older = folder.newest(notes).value();
  folder.write(2);
  const Checkpoint whole = folder.newest(notes).value();
  RC_ASSERT(notes.empty());
  std::string bytes = folder.bytes(1);
  const size_t at = *rc::gen::inRange<size_t>(0, bytes.size());
  if (*rc::gen::arbitrary<bool>())
    bytes.resize(at);
  else
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << *rc::gen::inRange(0, 8));
  folder.put(1, bytes);
  const auto found = folder.newest(notes);
  RC_ASSERT(found.has_value());
  // An older checkpoint goes on to the same result.
  RC_ASSERT(same(*found, whole) || same(*found, older));
  RC_ASSERT(notes.empty() || same(*found, older));
}

}  // namespace
}  // namespace graphsieve
