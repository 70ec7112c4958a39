// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/run/run_files.h"

#include <algorithm>

#include "graphsieve/base/error.h"
#include "graphsieve/files/atomic_file.h"
#include "graphsieve/files/atomic_folder.h"
#include "graphsieve/files/folder_formats.h"
#include "graphsieve/files/json_file.h"
#include "graphsieve/files/owned_folder.h"
#include "graphsieve/files/paths.h"

namespace graphsieve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kResult = "result.json";

Json read_run_card(const fs::path& folder) {
  return read_card(folder / kRunCard, kRunFormat, kRunVersion, kRunVersion);
}

/// Returns the records on a run folder's card for the files that exist now. If the process died while it replaced a
/// file, the card has two records for the file, and the one that matches the file counts.
FileRecords records_on_card(const fs::path& folder) {
  const Json card = read_run_card(folder);
  const std::string where = (folder / kRunCard).string();
  if (!card.contains("files")) throw Error(where, ": 'files' is missing");
  FileRecords files = read_records(card.at("files"), where);
  if (card.contains("replacing"))
    for (const auto& [name, record] : read_records(card.at("replacing"), where))
      if (entry_exists(folder / name) && file_record(folder / name) == record) files[name] = record;
  return files;
}

/// Writes the card with the files' records and, if a file is being replaced, its new record.
void write_card(const fs::path& folder, const FileRecords& files, const FileRecords& replacing = {}) {
  Json card = {{"format", kRunFormat},
               {"version", kRunVersion},
               {"program", GRAPHSIEVE_VERSION},
               {"files", records_json(files)}};
  if (!replacing.empty()) card["replacing"] = records_json(replacing);
  seal(card);
  write_text_file(folder / kRunCard, card.dump(2) + "\n");
}

}  // namespace

bool is_run_folder(const fs::path& folder) { return entry_exists(folder / kResult) || entry_exists(folder / kRunCard); }

RunFiles::RunFiles(const fs::path& folder) : folder_(folder) {
  if (!is_run_folder(folder)) {
    path_exists(folder);  // throws the reason why the path leads nowhere
    throw Error(folder.string(), ": not a run folder; expected one with a result.json");
  }
  if (entry_exists(folder / kRunCard)) {
    records_ = records_on_card(folder);
    has_checksums_ = true;
  }
  // A result with the member "format" is of a version that writes a card as well, so a missing card means damage.
  // Earlier versions write neither.
  const std::string where = (folder / kResult).string();
  result_ = parse_json(text(kResult), where);
  const JsonObject result(result_, where);
  if (!has_checksums_ && result.has("format"))
    throw Error(folder.string(), ": is damaged: ", kRunCard, ", which has the checksums of its files, is missing");
}

std::string RunFiles::note() const {
  if (has_checksums_) return "";
  return str(folder_.string(), " is of an earlier version and has no checksums: damage to its files is not noticed");
}

bool RunFiles::has(const std::string& name) const { return entry_exists(folder_ / name); }

bool RunFiles::wrote(const std::string& name) const { return has_checksums_ ? records_.contains(name) : has(name); }

const FileRecord& RunFiles::record(const std::string& name) const {
  const auto found = records_.find(name);
  if (found == records_.end())
    throw Error((folder_ / name).string(), ": is not on the folder's ", kRunCard, ", so this run did not write it");
  return found->second;
}

fs::path RunFiles::verified(const std::string& name) const {
  if (has_checksums_) verify_file(folder_ / name, record(name));
  return folder_ / name;
}

std::string RunFiles::text(const std::string& name) const {
  std::string text = read_text_file(folder_ / name);
  if (has_checksums_) verify_bytes(text, record(name), folder_ / name);
  return text;
}

Json RunFiles::json_if_there(const std::string& name) const {
  return has(name) ? parse_json(text(name), (folder_ / name).string()) : Json();
}

std::vector<std::string> RunFiles::names() const {
  if (!has_checksums_) return own_files(folder_, FolderKind::kRun);
  std::vector<std::string> names;
  for (const auto& [name, record] : records_) names.push_back(name);
  return names;
}

namespace {

/// True if the user may have deleted the file (docs/run-folder.md): a file that nothing needs, or all of a subfolder.
bool may_be_gone(const RunFiles& run, const std::string& name) {
  const std::string subfolder = fs::path(name).parent_path().string();
  if (!subfolder.empty()) return !run.has(subfolder);
  return name == "metrics.jsonl" || name == "predictions.csv" || name == "quality.json" || name == "epsilon.json" ||
         name == "compression.json";
}

}  // namespace

FileRecords link_files(const RunFiles& from, const fs::path& to, const std::vector<std::string>& names) {
  FileRecords linked;
  for (const std::string& name : from.names()) {
    const auto wanted = [&](const std::string& w) { return w == name || (w.ends_with('/') && name.starts_with(w)); };
    if (std::none_of(names.begin(), names.end(), wanted)) continue;
    if (!from.has(name) && may_be_gone(from, name)) continue;
    // A hard link takes no space. On a file system without hard links, the file is copied.
    const fs::path target = to / name, source = from.verified(name);
    make_folders(target.parent_path());
    remove_path(target);
    std::error_code refused;
    fs::create_hard_link(source, target, refused);
    if (refused) duplicate_file(source, target);
    linked[name] = file_record(target);
  }
  return linked;
}

namespace {

/// Copies the files that the run wrote, its reports, and the folders of its single runs.
void copy_into(const fs::path& from, const fs::path& to) {
  const RunFiles files(from);
  for (const std::string& name : files.names()) {
    if (!files.has(name)) continue;
    make_folders((to / name).parent_path());
    duplicate_file(files.verified(name), to / name);
  }
  for (const fs::path& entry : folder_entries(from)) {
    const std::string name = entry.filename().string();
    if (name == kRunCard || name == "report.html" || name == "report.json") duplicate_file(entry, to / name);
    if (!is_folder(entry) || !is_run_folder(entry)) continue;
    make_folders(to / name);
    copy_into(entry, to / name);
  }
}

}  // namespace

void copy_run(const fs::path& from, const fs::path& to) {
  AtomicFolder folder({.target = to, .inputs = {from}});
  copy_into(from, folder.path());
  folder.commit();
}

void write_run_card(const fs::path& folder, const FileRecords& known) {
  FileRecords files;
  for (const std::string& name : own_files(folder, FolderKind::kRun)) {
    const auto found = known.find(name);
    files[name] = found != known.end() ? found->second : file_record(folder / name);
  }
  write_card(folder, files);
}

void replace_run_file(const fs::path& folder, const std::string& name, std::string_view bytes) {
  const bool has_card = entry_exists(folder / kRunCard);
  FileRecords files = has_card ? records_on_card(folder) : FileRecords();
  const FileRecord record{static_cast<int64_t>(bytes.size()), Checksum().add(bytes).text()};
  // The card has both records while the file is replaced, and the new record only after that. If the process ends in
  // between, records_on_card() takes the record that matches the file.
  if (has_card) write_card(folder, files, {{name, record}});
  write_text_file(folder / name, bytes);
  files[name] = record;
  if (has_card) write_card(folder, files);
}

}  // namespace graphsieve
