// SPDX-License-Identifier: Apache-2.0
// Runs a harness without libFuzzer: every seed and every file that is named, then inputs that are mutated from them.
// The mutations are keyed, so a run has the same inputs each time.
//
//   NAME_fuzz [--runs=N] [--key=K] [FILE…]
//
// An input that fails is left in the current folder as finding-NAME.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "fuzzing.h"
#include "graphsieve/base/random.h"

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments);

namespace graphsieve::fuzz {
namespace {

constexpr unsigned kMostSeconds = 60;  ///< that one input may take
constexpr size_t kMostBytes = 1 << 16;

std::string last_input, finding_file;

/// Async-signal-safe: keeps the input that was being read.
void keep_input(int signal) {
  const int file = open(finding_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file >= 0 && write(file, last_input.data(), last_input.size()) >= 0) {
    constexpr std::string_view kText = "the input is kept as finding-NAME in the current folder\n";
    if (write(STDERR_FILENO, kText.data(), kText.size()) < 0) _exit(1);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(std::string input) {
  last_input = std::move(input);
  alarm(kMostSeconds);
  run_once({reinterpret_cast<const uint8_t*>(last_input.data()), last_input.size()});
}

/// Draws keyed numbers, one after the other.
class Draw {
 public:
  explicit Draw(uint64_t key) : key_(key) {}
  size_t below(size_t bound) { return uniform_below(random_key(key_, at_++), std::max<size_t>(bound, 1)); }

 private:
  uint64_t key_, at_ = 0;
};

void change_number(std::string& text, Draw& draw) {
  const size_t begin = text.find_first_of("0123456789", draw.below(text.size()));
  if (begin == std::string::npos) return;
  const size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
  constexpr const char* kNumbers[] = {
      "-1",  "0",    "1",     "2147483648", "4294967296", "9223372036854775807", "18446744073709551616", "1e308",
      "0.5", "null", "\"1\"", "[]",         "{}"};
  text.replace(begin, end - begin, kNumbers[draw.below(std::size(kNumbers))]);
}

/// One change of one of ten kinds.
void change(std::string& text, const Corpus& corpus, Draw& draw) {
  const size_t at = draw.below(text.size() + 1), length = std::min(draw.below(16) + 1, text.size() - at);
  switch (draw.below(10)) {
    case 0:
      if (length > 0) text[at] = static_cast<char>(text[at] ^ 1 << draw.below(8));
      return;
    case 1:
      if (length > 0) text[at] = static_cast<char>(draw.below(256));
      return;
    case 2:
      if (length > 0) text[at] = "\x00\x01\x7f\x80\xff"[draw.below(5)];
      return;
    case 3:
      text.insert(at, 1 + draw.below(8), static_cast<char>(draw.below(256)));
      return;
    case 4:
      text.erase(at, length);
      return;
    case 5:
      text.resize(at);
      return;
    case 6:
      text.insert(draw.below(text.size() + 1), std::string(text, at, length));
      return;
    case 7:
      return change_number(text, draw);
    case 8:
      if (!corpus.words().empty()) text.insert(at, corpus.words()[draw.below(corpus.words().size())]);
      return;
    default: {
      const std::string& other = corpus.inputs()[draw.below(corpus.inputs().size())];
      text = text.substr(0, at) + other.substr(draw.below(other.size() + 1));
    }
  }
}

std::string mutated(const Corpus& corpus, uint64_t key, int64_t run) {
  Draw draw(random_key(key, run));
  std::string text = corpus.inputs()[draw.below(corpus.inputs().size())];
  for (size_t changes = 1 + draw.below(4); changes > 0; --changes) change(text, corpus, draw);
  if (text.size() > kMostBytes) text.resize(kMostBytes);
  return text;
}

/// The number after "--NAME=", where the argument is of that name.
bool is_number(std::string_view argument, std::string_view name, uint64_t& to) {
  if (!argument.starts_with(name)) return false;
  const std::string_view digits = argument.substr(name.size());
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
  if (status == std::errc() && end == digits.data() + digits.size()) return true;
  std::fprintf(stderr, "%s: expected a number\n", std::string(argument).c_str());
  std::exit(2);
}

int replay(int count, char** arguments) {
  const std::string name = std::filesystem::path(arguments[0]).filename().string();
  finding_file = "finding-" + name;
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, keep_input);
  uint64_t runs = 0, key = 1;
  Corpus corpus;
  add_seeds(corpus);
  for (int i = 1; i < count; ++i)
    if (!is_number(arguments[i], "--runs=", runs) && !is_number(arguments[i], "--key=", key))
      corpus.add(get_file(arguments[i]));
  for (const std::string& input : corpus.inputs()) run(input);
  for (uint64_t r = 0; r < runs; ++r) run(mutated(corpus, key, static_cast<int64_t>(r)));
  std::printf("%s: %zu inputs and %llu mutated ones (key %llu) without a finding\n", name.c_str(),
              corpus.inputs().size(), static_cast<unsigned long long>(runs), static_cast<unsigned long long>(key));
  return 0;
}

}  // namespace
}  // namespace graphsieve::fuzz

int main(int count, char** arguments) {
  LLVMFuzzerInitialize(&count, &arguments);
  return graphsieve::fuzz::replay(count, arguments);
}
