// SPDX-License-Identifier: Apache-2.0
#include "tables.h"

#include <dlfcn.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "commands.h"
#include "graphsieve/base/error.h"
#include "graphsieve/datasets/split_file.h"
#include "graphsieve/files/paths.h"
#include "stop.h"

namespace graphsieve {
namespace {

/// Loads the library for tables and returns one of its functions.
template <class Function>
Function* tables_function(const char* name) {
  void* library = dlopen("libgraphsieve_tables.so", RTLD_NOW | RTLD_GLOBAL);
  void* function = library == nullptr ? nullptr : dlsym(library, name);
  if (function == nullptr) {
    const char* why = dlerror();
    throw Error("tables need Apache Arrow (pip install " GRAPHSIEVE_PYARROW " in the Python that has torch): ",
                why ? why : "no such library");
  }
  return reinterpret_cast<Function*>(function);
}

template <class Request>
void convert_by(void (*convert)(const Request&), Request& request, Progress& progress) {
  watch_for_stop();
  progress.stage("convert", 1000);
  request.progress = [&](double share) {
    progress.step(static_cast<int64_t>(1000 * share), "");
    if (progress.stop_requested()) throw Interrupted();
  };
  request.note = [&](const std::string& text) { progress.note(text); };
  convert(request);
}

}  // namespace

std::vector<Split> read_splits(const std::filesystem::path& file, const Dataset& data) {
  const std::string extension = file.extension().string();
  if (extension == ".npz" || extension == ".json") return read_split_file(file, data);
  Split split;
  tables_function<void(const SplitTableRequest&)>("graphsieve_read_split_table")({file, &data, &split});
  return {split};
}

void convert_with_progress(TablesRequest& request, Progress& progress) {
  convert_by(tables_function<void(const TablesRequest&)>("graphsieve_convert_tables"), request, progress);
}

void convert_with_progress(OgbRequest& request, Progress& progress) {
  convert_by(tables_function<void(const OgbRequest&)>("graphsieve_convert_ogb"), request, progress);
}

Schema schema_of_folder(const std::string& folder) {
  const std::filesystem::path file = std::filesystem::path(folder) / kSchemaFile;
  if (path_exists(file)) return read_schema(file);
  throw Error(folder, ": has no ", kSchemaFile,
              "; expected a graph folder that was converted from tables, or a run that was trained on one");
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "graphsieve-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(name, ": no temporary folder can be made (TMPDIR): ", std::strerror(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void add_fill(TablesRequest& request, const std::string& text) {
  if (const size_t equals = text.rfind('='); equals != std::string::npos && equals > 0) {
    request.fills[text.substr(0, equals)] = text.substr(equals + 1);
    return;
  }
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    throw UsageError("--fill: '", text, "', expected a number, or COLUMN=mean, COLUMN=median or COLUMN=NUMBER");
  request.fill = value;
}

void add_unknown_option(CLI::App& command, std::string& to, const std::string& help, const std::string& group) {
  CLI::Option* option = command.add_option("--unknown", to, help)
                            ->check(CLI::IsMember({"zeros", "refuse"}))
                            ->type_name("HOW")
                            ->capture_default_str();
  if (!group.empty()) option->group(group);
}

UnknownTexts unknown_texts(const std::string& value) {
  return value == "refuse" ? UnknownTexts::kRefuse : UnknownTexts::kZeros;
}

char character_of(const std::string& option, const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1) throw UsageError(option, ": '", text, "', expected one character (or tab)");
  return text[0];
}

}  // namespace graphsieve
