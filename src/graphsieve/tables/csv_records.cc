// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/tables/csv_records.h"

namespace graphsieve {
namespace {

/// Follows a CSV text character by character, by the rules of Arrow's parser: a quote opens a cell only as its first
/// character, and a doubled quote inside stands for one quote.
class CsvPosition {
 public:
  explicit CsvPosition(char delimiter) : delimiter_(delimiter) {}

  int64_t record() const { return record_; }  ///< number of the record with the last character; -1: none yet
  int64_t record_line() const { return record_line_; }
  int64_t quote_line() const { return quote_line_; }
  bool in_quotes() const { return state_ == State::kQuoted; }

  void next(char c) {
    const bool line_end = c == '\n' || c == '\r';
    const bool second_half = c == '\n' && before_ == '\r';  // the two characters are one line end
    before_ = c;
    if (!line_end && state_ == State::kRecordStart) ++record_, record_line_ = line_, state_ = State::kCellStart;
    if (line_end && !second_half) ++line_;
    switch (state_) {
      case State::kRecordStart:
        break;
      case State::kCellStart:
        if (c == '"') return open();
        [[fallthrough]];
      case State::kCell:
        return plain(c, line_end);
      case State::kQuoted:
        if (c == '"') state_ = State::kQuoteInQuoted;
        break;
      case State::kQuoteInQuoted:
        if (c == '"') return void(state_ = State::kQuoted);
        return plain(c, line_end);
    }
  }

 private:
  enum class State { kRecordStart, kCellStart, kCell, kQuoted, kQuoteInQuoted };

  void open() {
    state_ = State::kQuoted;
    quote_line_ = line_;
  }
  void plain(char c, bool line_end) {
    state_ = line_end ? State::kRecordStart : c == delimiter_ ? State::kCellStart : State::kCell;
  }

  char delimiter_, before_ = '\0';
  State state_ = State::kRecordStart;
  int64_t line_ = 1, record_ = -1, record_line_ = 0, quote_line_ = 0;
};

}  // namespace

std::optional<int64_t> line_of_record(const CsvBlocks& blocks, char delimiter, int64_t record) {
  CsvPosition position(delimiter);
  for (std::string_view block = blocks(); !block.empty(); block = blocks())
    for (const char c : block) {
      position.next(c);
      if (position.record() == record) return position.record_line();
    }
  return std::nullopt;
}

std::optional<int64_t> line_of_open_quote(const CsvBlocks& blocks, char delimiter) {
  CsvPosition position(delimiter);
  for (std::string_view block = blocks(); !block.empty(); block = blocks())
    for (const char c : block) position.next(c);
  return position.in_quotes() ? std::optional<int64_t>(position.quote_line()) : std::nullopt;
}

}  // namespace graphsieve
