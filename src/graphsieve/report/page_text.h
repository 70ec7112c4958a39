// What the sections of the page are written with. Every text goes through html::escape().
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graphsieve/report/html.h"

namespace graphsieve {

/// The member, or null: fields of a report may be missing. The report outlives what is taken of it.
const nlohmann::json& at(const nlohmann::json& object, const char* key);
const nlohmann::json& at(const nlohmann::json& object, const char* key, const char* next);

/// The last part of a run's folder.
std::string name_of(const nlohmann::json& run);
/// 12.34, without a sign; "" for anything but a number.
std::string bare_percent(const nlohmann::json& share);
/// roc_auc as people write it.
std::string metric_words(const nlohmann::json& run);

class PageText {
 public:
  /// A section; those of one run stand together in the page's list of sections. `of`: the run, or "".
  void open(const std::string& title, const std::string& of = "");
  void sub(const std::string& title);
  void say(const std::string& text) { paragraph(text, ""); }
  void note(const std::string& text) { paragraph(text, " class=\"note\""); }
  void lead(const std::string& text) { paragraph(text, " class=\"lead\""); }
  void note_left_out(const nlohmann::json& count, const char* what);
  /// Pairs of a word and its value; those without a value are left out.
  void list(const std::vector<std::pair<std::string, std::string>>& items);
  void table(const html::Table& table) { body_ += html::table(table); }
  void chart(const html::Chart& chart, const html::Table& table) { body_ += html::chart(chart, table); }
  void code(const std::string& text);
  /// What is already HTML.
  void raw(const std::string& html) { body_ += html; }

  /// The whole page.
  std::string page(const std::string& heading, const std::string& version) const;

 private:
  struct Section {
    std::string id, title, of;
  };
  void paragraph(const std::string& text, const char* style);
  std::string links() const;

  std::string body_;
  std::vector<Section> sections_;
};

// The sections, each in the file of its name.
void write_graph(const nlohmann::json& report, PageText& page);
/// `of`: the run's name where there are several.
void write_run(const nlohmann::json& run, const std::string& of, PageText& page);
void write_quality(const nlohmann::json& run, const std::string& of, PageText& page);
void write_explained(const nlohmann::json& explained, PageText& page);

/// "8 undirected edges".
std::string edges_of(const nlohmann::json& graph);
/// "81.20 ± 0.43 %" of several runs.
std::string mean_and_deviation(const nlohmann::json& run);

}  // namespace graphsieve
