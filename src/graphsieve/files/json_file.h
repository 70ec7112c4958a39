// JSON files, read with care: every failure is an Error that names the file, the place, what was found and what was
// expected. Example:
//
//   const nlohmann::json card = read_json(folder / "graph.json");
//   const JsonObject graph(card, (folder / "graph.json").string());
//   const int64_t columns = graph.object("features").count("columns");  // "…/graph.json: 'features.columns' is …"
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "graphsieve/base/error.h"

namespace graphsieve {

/// Most lists and objects that may stand within each other.
constexpr int kMostJsonDepth = 64;

/// The value of a JSON text. `where` (a file's name) opens every message. Refuses text that is not JSON or not UTF-8,
/// a key that stands twice in one object, nesting deeper than kMostJsonDepth and numbers too large for a double.
nlohmann::json parse_json(std::string_view text, const std::string& where);

/// parse_json on the whole of a file.
nlohmann::json read_json(const std::filesystem::path& path);

/// A JSON value as one short line for a message, at most 60 bytes or so.
std::string shown_json(const nlohmann::json& value);

/// A view of one JSON object that knows its file and its place in the file. Every getter throws Error where the key is
/// missing or its value is of another kind. The viewed json must outlive the view.
class JsonObject {
 public:
  /// Throws Error unless `json` is an object. `file` opens every message; `path` is the way to the object within the
  /// file ("runs[0]"), empty for the file's own object.
  JsonObject(const nlohmann::json& json, std::string file, std::string path = "");

  bool has(const std::string& key) const { return json_.contains(key); }
  /// True if the key is missing or null.
  bool null(const std::string& key) const { return !has(key) || json_.at(key).is_null(); }

  /// T is bool, int64_t, uint64_t, double, std::string, std::vector<int64_t> or std::vector<std::string>. Whole numbers
  /// are neither rounded nor wrapped: 2.5 and, for uint64_t, -1 are refused.
  template <class T>
  T get(const std::string& key) const;
  /// The same, and `otherwise` where the key is missing.
  template <class T>
  T get_or(const std::string& key, const T& otherwise) const {
    return has(key) ? get<T>(key) : otherwise;
  }
  /// A whole number from `least` to `most`.
  int64_t count(const std::string& key, int64_t least = 0, int64_t most = std::numeric_limits<int64_t>::max()) const;
  /// A number; NaN where the file says null, which stands for NaN and infinity.
  double number_or_nan(const std::string& key) const;
  JsonObject object(const std::string& key) const;
  /// A list whose members are all objects.
  std::vector<JsonObject> objects(const std::string& key) const;

  /// The value of a key, of any kind.
  const nlohmann::json& at(const std::string& key) const;
  const nlohmann::json& json() const { return json_; }
  const std::string& file() const { return file_; }
  /// "FILE: 'PATH.KEY'", with which a message about a value begins.
  std::string name(const std::string& key) const;
  /// Throws Error "FILE: 'KEY' is VALUE, expected …".
  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const;

 private:
  const nlohmann::json& json_;
  std::string file_, path_;
};

/// Calls `take` with the object of each line of a file of JSON lines; empty lines are passed over. "FILE: line 3"
/// opens the messages about a line. With `damaged`, a line that is no such object, or that `take` throws Error on, is
/// told to `damaged` and passed over.
void read_json_lines(const std::filesystem::path& path, const std::function<void(const JsonObject&)>& take,
                     const std::function<void(const Error&)>& damaged = nullptr);

}  // namespace graphsieve
