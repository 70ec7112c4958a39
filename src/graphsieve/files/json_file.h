// SPDX-License-Identifier: Apache-2.0
// Reading of JSON files. Every failure is an Error that names the file, the position in it, the value found and the
// value expected. Example:
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

/// The deepest allowed nesting of lists and objects.
constexpr int kMostJsonDepth = 64;

/// Parses a JSON text. `where` (the name of a file) begins every message. Throws Error if the text is not JSON or not
/// UTF-8, if an object has a key twice, if the nesting is deeper than kMostJsonDepth, or if a number is too large for a
/// double.
nlohmann::json parse_json(std::string_view text, const std::string& where);

/// Reads a file and parses it with parse_json().
nlohmann::json read_json(const std::filesystem::path& path);

/// Returns a JSON value as one short line for a message, about 60 bytes at most.
std::string shown_json(const nlohmann::json& value);

/// A view of one JSON object that knows its file and its position in the file. Every getter throws Error if the key is
/// missing or its value is of another type. The viewed json must outlive the view.
class JsonObject {
 public:
  /// Throws Error if `json` is not an object. `file` begins every message. `path` is the position of the object in the
  /// file ("runs[0]"); it is empty for the outermost object.
  JsonObject(const nlohmann::json& json, std::string file, std::string path = "");

  /// True if the object has the key.
  bool has(const std::string& key) const { return json_.contains(key); }
  /// True if the key is missing or null.
  bool null(const std::string& key) const { return !has(key) || json_.at(key).is_null(); }

  /// Returns the value of a key as T: bool, int64_t, uint64_t, double, std::string, std::vector<int64_t> or
  /// std::vector<std::string>. Whole numbers are neither rounded nor wrapped: 2.5 is refused, and so is -1 for
  /// uint64_t.
  template <class T>
  T get(const std::string& key) const;
  /// Returns get<T>(key), or `otherwise` if the key is missing.
  template <class T>
  T get_or(const std::string& key, const T& otherwise) const {
    return has(key) ? get<T>(key) : otherwise;
  }
  /// Returns a whole number from `least` to `most`.
  int64_t count(const std::string& key, int64_t least = 0, int64_t most = std::numeric_limits<int64_t>::max()) const;
  /// Returns a number. The value null stands for NaN and infinity, and gives NaN.
  double number_or_nan(const std::string& key) const;
  /// Returns the object that is the value of a key.
  JsonObject object(const std::string& key) const;
  /// Returns the objects of a list. Throws Error if a member of the list is not an object.
  std::vector<JsonObject> objects(const std::string& key) const;

  /// Returns the value of a key, of any type.
  const nlohmann::json& at(const std::string& key) const;
  const nlohmann::json& json() const { return json_; }
  const std::string& file() const { return file_; }
  /// Returns "FILE: 'PATH.KEY'", the beginning of a message about a value.
  std::string name(const std::string& key) const;
  /// Throws Error "FILE: 'KEY' is VALUE, expected …".
  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const;

 private:
  const nlohmann::json& json_;
  std::string file_, path_;
};

/// Calls `take` with the object on each line of a JSON Lines file; empty lines are skipped. Messages about a line begin
/// with "FILE: line 3". If `damaged` is given, it receives the Error of a line that is not a JSON object or on which
/// `take` throws Error, and reading continues with the next line. Without `damaged`, that Error is thrown.
void read_json_lines(const std::filesystem::path& path, const std::function<void(const JsonObject&)>& take,
                     const std::function<void(const Error&)>& damaged = nullptr);

}  // namespace graphsieve
