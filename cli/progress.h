// SPDX-License-Identifier: Apache-2.0
// The observer that shows progress on stderr: a bar if stderr is a terminal, and otherwise only notes, as plain lines.
#pragma once

#include <chrono>
#include <string>

#include "graphsieve/base/observer.h"

namespace graphsieve {

class Progress : public Observer {
 public:
  explicit Progress(bool quiet);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void note(const std::string& text) override;
  void stage(const std::string& name, int64_t steps) override;
  void step(int64_t done, const std::string& status) override;
  bool stop_requested() override;

  /// Ends the line of the bar, so that its last state stays and something else can be printed.
  void end();

 private:
  using Clock = std::chrono::steady_clock;

  void draw();

  bool quiet_;
  bool bar_;
  std::string name_;  ///< name of the stage; empty before the first
  std::string status_;
  int64_t steps_ = 0;
  int64_t done_ = 0;
  Clock::time_point begin_;
  Clock::time_point drawn_;
};

/// Returns a time as text: 75 seconds as "1:15", 4000 as "1:06:40".
std::string clock_text(double seconds);

}  // namespace graphsieve
