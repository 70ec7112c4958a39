// SPDX-License-Identifier: Apache-2.0
// What a fuzzing harness is made of. NAME_fuzz.cc tests one reader and defines the two functions at the end of this
// file; fuzzing.cc gives them to libFuzzer, replay.cc runs them without it. HACKING.md tells how to fuzz and how to add
// a harness.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graphsieve/base/error.h"

namespace graphsieve::fuzz {

using Bytes = std::span<const uint8_t>;

inline std::string text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Takes an input apart. An input that ends early gives zeros and empty blocks, so every input means something.
class Input {
 public:
  explicit Input(Bytes bytes) : left_(bytes) {}

  bool empty() const { return left_.empty(); }
  uint8_t byte() { return left_.empty() ? 0 : take(1)[0]; }
  /// A length of two bytes, little-endian, and as many bytes, or all that are left.
  Bytes block();
  Bytes rest() { return take(left_.size()); }

 private:
  Bytes take(size_t count);

  Bytes left_;
};

/// Puts an input together as class Input takes it apart.
class Built {
 public:
  Built& byte(size_t value) { return text_ += static_cast<char>(value), *this; }
  Built& block(std::string_view bytes);
  Built& raw(std::string_view bytes) { return text_ += bytes, *this; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// The inputs to begin with: valid files of every kind, and the inputs that once failed.
class Corpus {
 public:
  void add(std::string bytes) { inputs_.push_back(std::move(bytes)); }
  void add(const Built& input) { add(input.text()); }
  /// A text that is worth inserting into inputs.
  void word(std::string text) { words_.push_back(std::move(text)); }

  const std::vector<std::string>& inputs() const { return inputs_; }
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> inputs_, words_;
};

/// A folder of this process for the files of harnesses; it is removed at the end of the process. It lies in $TMPDIR.
const std::filesystem::path& work_folder();

/// Makes a file of the bytes, or replaces the bytes of the one that is there. Throws std::runtime_error where it
/// cannot.
void put_file(const std::filesystem::path& path, std::string_view bytes);
inline void put_file(const std::filesystem::path& path, Bytes bytes) { put_file(path, text_of(bytes)); }
/// The bytes of a file.
std::string get_file(const std::filesystem::path& path);

/// Aborts the process, which counts as a finding: the reader accepted something and then contradicts itself.
[[noreturn]] void finding(const std::string& what);

/// Reports a finding unless the message of an Error is one for users.
void check_message(std::string_view message);

/// True if `body` throws no Error.
template <class Body>
bool accepted(Body body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    check_message(error.what());
    return false;
  }
}

/// Runs the reader on an input as the fuzzer does: an Error is the right answer to a bad input, any other exception is
/// a finding.
void run_once(Bytes input);

// Each harness defines these two.

/// Reads the input, and uses what was read. Throws Error where the reader does.
void run_reader(Bytes input);

void add_seeds(Corpus& to);

}  // namespace graphsieve::fuzz
