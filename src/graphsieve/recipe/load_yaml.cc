// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/recipe/load_yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "graphsieve/base/error.h"
#include "graphsieve/base/utf8.h"

namespace graphsieve {
namespace {

constexpr size_t kMostDepth = 16;
constexpr int64_t kMostValues = 10'000;

/// Receives the parser's events before any node is made, and throws Error for everything that load_yaml.h lists.
class Guard : public YAML::EventHandler {
 public:
  explicit Guard(const std::string& where) : where_(where) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail(mark, "a second document begins, expected one");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, 1); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string&) override {
    check_tag(mark, tag);
    add(mark, anchor, 1);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // An alias counts as all values of its anchor. Lists of aliases to lists of aliases would otherwise stand for a
    // number of values that grows exponentially with the length of the text.
    const auto found = values_of_.find(anchor);
    if (found == values_of_.end()) fail(mark, "an alias stands inside the value that it refers to");
    add(mark, 0, found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A map or list that has begun and not ended.
  struct Open {
    YAML::anchor_t anchor;
    int64_t values;  ///< number of values before it
  };

  /// Throws Error with the line of the event.
  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& problem) const {
    throw Error(where_, mark.line + 1, ": ", problem);
  }

  /// Throws Error unless the tag is one of YAML's own.
  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
    fail(mark, str("the tag ", tag, " is unknown, expected none"));
  }

  /// Counts values, and remembers how many values an anchor stands for.
  void add(const YAML::Mark& mark, YAML::anchor_t anchor, int64_t values) {
    values_ += values;
    if (values_ > kMostValues) fail(mark, str("holds more than ", kMostValues, " values, expected a short recipe"));
    if (anchor != 0) values_of_[anchor] = values;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    if (open_.size() == kMostDepth) fail(mark, str("maps and lists nest more than ", kMostDepth, " deep"));
    open_.push_back({anchor, values_});
    add(mark, 0, 1);
  }

  void close() {
    if (open_.back().anchor != 0) values_of_[open_.back().anchor] = values_ - open_.back().values;
    open_.pop_back();
  }

  const std::string& where_;
  int documents_ = 0;
  int64_t values_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, int64_t> values_of_;  ///< number of values by anchor, once its value is complete
};

/// Throws Error, with the line, if the text is not UTF-8 or has a NUL byte.
void check_characters(const std::string& text, const std::string& where) {
  const size_t bad = std::min(first_invalid_byte(text), text.find('\0'));
  if (bad >= text.size()) return;
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<int64_t>(bad), '\n');
  throw Error(where, line, ": not YAML: found bytes that are not UTF-8 text");
}

}  // namespace

YAML::Node load_yaml(const std::string& text, const std::string& where) {
  check_characters(text, where);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Guard guard(where);
    // The first pass checks the text, so the second pass, which makes the nodes, cannot use much memory or recurse
    // deeply.
    while (parser.HandleNextDocument(guard)) {
    }
    return YAML::Load(text);
  } catch (const YAML::Exception& e) {
    throw Error(where, e.mark.line + 1, ": not YAML: ", e.msg);
  }
}

}  // namespace graphsieve
