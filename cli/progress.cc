// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "stop.h"
#include "terminal.h"

namespace graphsieve {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr int kBarWidth = 24;
constexpr const char* kClearLine = "\r\033[K";

/// Returns a bar with `done` of `steps` parts filled.
std::string bar(int64_t done, int64_t steps) {
  const int64_t full = steps > 0 ? std::clamp<int64_t>(done * kBarWidth / steps, 0, kBarWidth) : 0;
  return fmt::format("[{:.<{}}]", std::string(static_cast<size_t>(full), '#'), kBarWidth);
}

/// Returns the seconds since a point in time.
double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void write_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), bar_(!quiet && stderr_is_terminal()) {}

Progress::~Progress() { end(); }

void Progress::note(const std::string& text) {
  if (quiet_) return;
  // The bar is the last line of the terminal: a note replaces it, and the bar is drawn again below.
  const bool drawn = bar_ && !name_.empty();
  write_stderr((drawn ? kClearLine : "") + ("note: " + one_line(text)) + "\n");
  if (drawn) draw();
}

void Progress::stage(const std::string& name, int64_t steps) {
  end();
  name_ = name, status_.clear();
  steps_ = steps, done_ = 0;
  begin_ = Clock::now();
  if (bar_) draw();
}

void Progress::step(int64_t done, const std::string& status) {
  done_ = done, status_ = status;
  if (bar_ && (Clock::now() - drawn_ >= kRedraw)) draw();
}

bool Progress::stop_requested() { return stop_signal() != 0; }

void Progress::draw() {
  drawn_ = Clock::now();
  const double spent = seconds_since(begin_);
  // The time left assumes that the remaining steps take as long as those before.
  std::string left = clock_text(spent);
  if (done_ > 0 && done_ < steps_) {
    left = clock_text(spent / static_cast<double>(done_) * static_cast<double>(steps_ - done_)) + " left";
  }
  std::string line =
      fmt::format("{:<10} {} {}/{}  {}  {}", name_, bar(done_, steps_), done_, steps_, left, one_line(status_));
  // A line that is wider than the terminal could not be cleared, so it is cut.
  const auto room = static_cast<size_t>(std::max(terminal_columns() - 1, 10));
  line = beginning(line, room);
  write_stderr(kClearLine + line);
}

void Progress::end() {
  if (bar_ && !name_.empty()) {
    draw();
    write_stderr("\n");
  }
  name_.clear();
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::clamp(seconds, 0.0, 1e9) + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace graphsieve
