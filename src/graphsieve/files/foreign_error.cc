// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/files/foreign_error.h"

#include <yaml-cpp/exceptions.h>

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <typeinfo>

#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

std::string internal(const std::string& what) {
  return str("internal error: ", what, "; please report it, with the command and its input");
}

bool says_out_of_memory(std::string_view text) {
  for (const char* words : {"can't allocate memory", "not enough memory", "out of memory", "Cannot allocate memory"})
    if (text.find(words) != std::string_view::npos) return true;
  return false;
}

std::string of_file_system(const std::filesystem::filesystem_error& error) {
  std::string paths = shown_path(error.path1());
  if (!error.path2().empty()) paths += " and " + shown_path(error.path2());
  return paths.empty() ? error.code().message() : str(paths, ": ", error.code().message());
}

/// Returns the first line of a text. Messages of torch continue with a trace of the calls.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string sentence_of(const std::exception& error) {
  if (dynamic_cast<const Error*>(&error)) return error.what();
  if (dynamic_cast<const std::bad_alloc*>(&error) || dynamic_cast<const std::length_error*>(&error) ||
      says_out_of_memory(error.what()))
    return "out of memory";
  if (const auto* failure = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return of_file_system(*failure);
  if (const auto* failure = dynamic_cast<const std::system_error*>(&error))
    return str("the system refused: ", failure->code().message());
  if (dynamic_cast<const nlohmann::json::exception*>(&error)) return internal("a JSON value is of an unexpected kind");
  if (dynamic_cast<const YAML::Exception*>(&error)) return internal("a YAML value is of an unexpected kind");
  const bool torch = std::string_view(typeid(error).name()).find("c10") != std::string_view::npos;
  return torch ? "torch: " + first_line(error.what()) : internal(first_line(error.what()));
}

}  // namespace graphsieve
