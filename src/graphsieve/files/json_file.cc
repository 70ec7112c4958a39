// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/json_file.h"

#include <algorithm>
#include <iterator>

#include "graphsieve/files/atomic_file.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr size_t kShownBytes = 60;

/// Returns the beginning of a text, at most kShownBytes bytes of whole UTF-8 characters, with "..." if it was cut.
std::string shortened(std::string text) {
  if (text.size() <= kShownBytes) return text;
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

/// Returns the path of a key in the object at `path`.
std::string joined(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

/// An iterator over a text that records in `furthest` how far the parser has read. nlohmann's own position counts are
/// not available to the functions of Builder, which need the position for their messages.
class Characters {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Characters() = default;
  Characters(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  Characters& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  Characters operator++(int) {
    Characters before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Characters& other) const { return at_ == other.at_; }

 private:
  const char* at_ = nullptr;
  const char** furthest_ = nullptr;
};

/// Builds the JSON value from the parser's events. The parser does not recurse, and values are never deeper than
/// kMostJsonDepth, so that neither reading nor printing nor destroying a value can overflow the stack.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const std::string& where) : text_(text), where_(where), furthest_(text.data()) {}

  Json build() {
    const char* end = text_.data() + text_.size();
    if (const size_t zero = text_.find('\0'); zero != std::string_view::npos) {  // the parser would end here
      furthest_ += zero + 1;
      fail("found the byte 0x00, expected text");
    }
    Json::sax_parse(Characters(text_.data(), &furthest_), Characters(end, &furthest_), this);
    return std::move(root_);
  }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // binary values occur in other formats than JSON only
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.key = std::move(name);
    if (level.value->contains(level.key)) fail(str("the key '", shortened(path()), "' appears twice"));
    return true;
  }

  bool parse_error(std::size_t, const std::string& token, const Json::exception& error) override {
    const std::string_view what = error.what();
    const auto says = [&](const char* words) { return what.find(words) != std::string_view::npos; };
    const std::string of = path().empty() ? "" : str(", at '", shortened(path()), "'");
    if (error.id == 406) fail(str("the number ", shortened(token), " is too large", of));
    if (says("UTF-8")) fail(str("found bytes that are not UTF-8 text", of));
    if (text_.empty()) fail("it is empty, expected JSON");
    if (says("end of input; expected") || says("missing closing quote"))
      fail(str("it ends too early", of, expected(what)));
    fail(str("found ", character(), of, expected(what)));
  }

 private:
  struct Level {
    Json* value;      ///< an object or a list
    std::string key;  ///< the object's newest key
  };

  /// Returns ", expected X", where X are the tokens that nlohmann's message names, or ", expected JSON" if it names
  /// none.
  static std::string expected(std::string_view what) {
    constexpr std::string_view kExpected = "; expected ";
    const size_t at = what.find(kExpected);
    if (at == std::string_view::npos || what.find("last read") != std::string_view::npos) return ", expected JSON";
    const std::string_view marks = what.substr(at + kExpected.size());
    if (marks == "string literal") return ", expected a key in double quotes";
    if (marks == "end of input") return ", expected the end of the file";
    if (marks.find("literal") != std::string_view::npos) return ", expected a value";
    return str(", expected ", marks);
  }

  /// Returns the character at which the parser stopped: the character itself if it is printable, otherwise its number.
  std::string character() const {
    const auto c = static_cast<unsigned char>(furthest_ > text_.data() ? furthest_[-1] : text_[0]);
    constexpr const char* kDigits = "0123456789abcdef";
    if (c >= 0x20 && c < 0x7f) return str("'", static_cast<char>(c), "'");
    return str("the byte 0x", kDigits[c >> 4], kDigits[c & 15]);
  }

  [[noreturn]] void fail(const std::string& problem) const {
    const auto byte = furthest_ - text_.data();
    const auto line = 1 + std::count(text_.data(), std::max(text_.data(), furthest_ - 1), '\n');
    throw Error(where_, ": not valid JSON: line ", line, ", byte ", byte, ": ", problem);
  }

  /// Returns the path of the value that is being read: "runs[0].seed".
  std::string path() const {
    std::string out;
    for (const Level& level : levels_) {
      const bool innermost = &level == &levels_.back();
      out = level.value->is_array() ? str(out, "[", level.value->size() - (innermost ? 0 : 1), "]")
                                    : joined(out, level.key);
    }
    return out;
  }

  /// Stores a value where the parser stands: as the root, as the next member of the innermost list, or under the newest
  /// key of the innermost object. Returns the stored value. Its address stays valid while its own members are read,
  /// because the list or object around it gets no further member before.
  template <class Value>
  Json* place(Value&& value) {
    if (levels_.empty()) return &(root_ = std::forward<Value>(value));
    Level& level = levels_.back();
    if (level.value->is_array()) return &level.value->emplace_back(std::forward<Value>(value));
    return &((*level.value)[level.key] = std::forward<Value>(value));
  }

  template <class Value>
  bool put(Value&& value) {
    place(std::forward<Value>(value));
    return true;
  }

  bool open(Json empty) {
    if (levels_.size() == kMostJsonDepth) fail(str("lists and objects nest more than ", kMostJsonDepth, " deep"));
    levels_.push_back({place(std::move(empty)), ""});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string_view text_;
  const std::string& where_;
  const char* furthest_;
  Json root_;
  std::vector<Level> levels_;
};

/// Sets `to` and returns true if the value is of the type of `to` and within its range. The parser stores a whole
/// number as unsigned if it is not negative, and as signed otherwise.
bool convert(const Json& value, int64_t& to) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() && value.get<uint64_t>() > std::numeric_limits<int64_t>::max()) return false;
  to = value.get<int64_t>();
  return true;
}

bool convert(const Json& value, uint64_t& to) {
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<int64_t>() < 0)) return false;
  to = value.get<uint64_t>();
  return true;
}

bool convert(const Json& value, double& to) { return value.is_number() && (to = value.get<double>(), true); }
bool convert(const Json& value, bool& to) { return value.is_boolean() && (to = value.get<bool>(), true); }
bool convert(const Json& value, std::string& to) {
  return value.is_string() && (to = value.get_ref<const std::string&>(), true);
}

template <class T>
bool convert(const Json& value, std::vector<T>& to) {
  if (!value.is_array()) return false;
  to.reserve(value.size());
  for (const Json& item : value)
    if (!convert(item, to.emplace_back())) return false;
  return true;
}

template <class T>
constexpr const char* kKind = "";
template <>
constexpr const char* kKind<int64_t> = "a whole number";
template <>
constexpr const char* kKind<uint64_t> = "a whole number from 0 to 18446744073709551615";
template <>
constexpr const char* kKind<double> = "a number";
template <>
constexpr const char* kKind<bool> = "true or false";
template <>
constexpr const char* kKind<std::string> = "a text";
template <>
constexpr const char* kKind<std::vector<int64_t>> = "a list of whole numbers";
template <>
constexpr const char* kKind<std::vector<std::string>> = "a list of texts";

}  // namespace

Json parse_json(std::string_view text, const std::string& where) { return Builder(text, where).build(); }

Json read_json(const std::filesystem::path& path) { return parse_json(read_text_file(path), path.string()); }

std::string shown_json(const Json& value) {
  if (value.is_object() && value.size() > 8) return str("an object of ", value.size(), " keys");
  if (value.is_array() && value.size() > 64) return str("a list of ", value.size());
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

JsonObject::JsonObject(const Json& json, std::string file, std::string path)
    : json_(json), file_(std::move(file)), path_(std::move(path)) {
  if (json_.is_object()) return;
  if (path_.empty()) throw Error(file_, ": holds ", shown_json(json_), ", expected a JSON object");
  throw Error(file_, ": '", path_, "' is ", shown_json(json_), ", expected an object");
}

std::string JsonObject::name(const std::string& key) const { return str(file_, ": '", joined(path_, key), "'"); }

const Json& JsonObject::at(const std::string& key) const {
  const auto found = json_.find(key);
  if (found == json_.end()) throw Error(name(key), " is missing");
  return *found;
}

void JsonObject::refuse(const std::string& key, const std::string& expected) const {
  throw Error(name(key), " is ", shown_json(at(key)), ", expected ", expected);
}

template <class T>
T JsonObject::get(const std::string& key) const {
  T value{};
  if (!convert(at(key), value)) refuse(key, kKind<T>);
  return value;
}

template bool JsonObject::get<bool>(const std::string&) const;
template int64_t JsonObject::get<int64_t>(const std::string&) const;
template uint64_t JsonObject::get<uint64_t>(const std::string&) const;
template double JsonObject::get<double>(const std::string&) const;
template std::string JsonObject::get<std::string>(const std::string&) const;
template std::vector<int64_t> JsonObject::get<std::vector<int64_t>>(const std::string&) const;
template std::vector<std::string> JsonObject::get<std::vector<std::string>>(const std::string&) const;

int64_t JsonObject::count(const std::string& key, int64_t least, int64_t most) const {
  int64_t value = 0;
  if (convert(at(key), value) && value >= least && value <= most) return value;
  const bool bounded = most != std::numeric_limits<int64_t>::max();
  refuse(key, bounded ? str("a whole number from ", least, " to ", most) : str("a whole number of at least ", least));
}

double JsonObject::number_or_nan(const std::string& key) const {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (!at(key).is_null() && !convert(at(key), value)) refuse(key, "a number or null");
  return value;
}

JsonObject JsonObject::object(const std::string& key) const { return {at(key), file_, joined(path_, key)}; }

std::vector<JsonObject> JsonObject::objects(const std::string& key) const {
  const Json& list = at(key);
  if (!list.is_array()) refuse(key, "a list of objects");
  std::vector<JsonObject> out;
  out.reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) out.emplace_back(list[i], file_, str(joined(path_, key), "[", i, "]"));
  return out;
}

void read_json_lines(const std::filesystem::path& path, const std::function<void(const JsonObject&)>& take,
                     const std::function<void(const Error&)>& damaged) {
  const std::string text = read_text_file(path);
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const std::string where = str(path.string(), ": line ", ++number);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      const Json json = parse_json(line, where);
      take(JsonObject(json, where));
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      if (!damaged) throw;
      damaged(error);
    }
  }
}

}  // namespace graphsieve
