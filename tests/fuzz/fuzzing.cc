// SPDX-License-Identifier: Apache-2.0
#include "fuzzing.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "graphsieve/base/error.h"
#include "graphsieve/base/parallel.h"

namespace graphsieve::fuzz {
namespace {

namespace fs = std::filesystem;

class WorkFolder {
 public:
  WorkFolder() {
    std::string name = (fs::temp_directory_path() / "graphsieve-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": " + std::strerror(errno));
    path_ = name;
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Texts of the libraries below us, which mean nothing to a user.
constexpr std::string_view kForeign[] = {"[json.exception.", "basic_filebuf",  "basic_ios", "filesystem error",
                                         "vector::",         "basic_string::", "stoll",     "bad_alloc"};

Bytes current;  ///< the input that is being read

}  // namespace

Bytes Input::take(size_t count) {
  const Bytes out = left_.first(std::min(count, left_.size()));
  left_ = left_.subspan(out.size());
  return out;
}

Bytes Input::block() {
  const size_t low = byte(), high = byte();
  return take(low | high << 8);
}

Built& Built::block(std::string_view bytes) {
  if (bytes.size() > 0xffff) throw std::runtime_error("a block of a seed is too long");
  return byte(bytes.size() & 0xff).byte(bytes.size() >> 8).raw(bytes);
}

const fs::path& work_folder() {
  static const WorkFolder folder;
  return folder.path();
}

void put_file(const fs::path& path, std::string_view bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file >= 0 && write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  if (file >= 0) close(file);
  if (!written) throw std::runtime_error(path.string() + ": " + std::strerror(errno));
}

std::string get_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

void finding(const std::string& what) {
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  std::abort();
}

/// A plain loop: libFuzzer listens to the comparisons of std::string, and would insert our texts into its inputs.
template <class Text>
bool holds(const Text& text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end()) != text.end();
}

void check_message(std::string_view message) {
  if (message.empty()) finding("an Error without a message");
  for (const std::string_view text : kForeign)
    if (holds(message, text) && !holds(current, text))
      finding("a library's own message reaches the user: " + std::string(message));
}

void run_once(Bytes input) {
  current = input;
  accepted([input] { run_reader(input); });
}

namespace {

/// Writes the seeds into `folder`, and the words beside it as FOLDER.dict, in the form that libFuzzer reads.
void write_seeds(const fs::path& folder) {
  Corpus corpus;
  add_seeds(corpus);
  fs::create_directories(folder);
  for (size_t i = 0; i < corpus.inputs().size(); ++i)
    put_file(folder / ("seed-" + std::to_string(i)), corpus.inputs()[i]);
  std::string words;
  for (const std::string& word : corpus.words()) {
    words += '"';
    for (const char c : word) {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      words += code;
    }
    words += "\"\n";
  }
  put_file(folder.string() + ".dict", words);
}

}  // namespace
}  // namespace graphsieve::fuzz

/// One thread, so that an input does the same each time; `--seeds=FOLDER` writes the seeds and ends the process.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  graphsieve::set_num_threads(1);
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument = (*arguments)[i];
    if (!argument.starts_with("--seeds=")) continue;
    graphsieve::fuzz::write_seeds(argument.substr(argument.find('=') + 1));
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  graphsieve::fuzz::run_once({data, size});
  return 0;
}

/// Containers pass between our code and libraries that are built without the address sanitizer, which it cannot follow.
/// Our readers must not ask for what cannot be had, so a failed allocation is a finding.
extern "C" const char* __asan_default_options() {
  return "detect_container_overflow=0:abort_on_error=1:handle_abort=0:allocator_may_return_null=0:"
         "detect_stack_use_after_return=0:malloc_context_size=5:quarantine_size_mb=16";
}
extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1"; }
