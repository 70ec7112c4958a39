// SPDX-License-Identifier: Apache-2.0
// The functions with which the sections of the page are written. Every text is passed to html::escape().
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graphsieve/report/html.h"

namespace graphsieve {

/// Returns a member of a report, or null, since fields may be missing. The result refers to the report, which must
/// outlive it.
const nlohmann::json& at(const nlohmann::json& object, const char* key);
const nlohmann::json& at(const nlohmann::json& object, const char* key, const char* next);

/// Returns the last component of a run's folder.
std::string name_of(const nlohmann::json& run);
/// Returns a share as a percentage without the sign: "12.34"; "" for anything but a number.
std::string bare_percent(const nlohmann::json& share);
/// Returns a value of the run's metric for readers: "75.88 %", or "0.6913" for a metric that is no share; "" for
/// anything but a number.
std::string metric_value(const nlohmann::json& run, const nlohmann::json& value);
/// Returns the name of the run's metric for readers: "ROC AUC".
std::string metric_words(const nlohmann::json& run);

/// The text of a page, to which the sections are added one after the other.
class PageText {
 public:
  /// Begins a section. The sections of one run are a group in the page's list of sections; `of` is the name of the run,
  /// or "".
  void open(const std::string& title, const std::string& of = "");
  void sub(const std::string& title);
  void say(const std::string& text) { paragraph(text, ""); }
  void note(const std::string& text) { paragraph(text, " class=\"note\""); }
  void lead(const std::string& text) { paragraph(text, " class=\"lead\""); }
  void note_left_out(const nlohmann::json& count, const char* what);
  /// Adds a list of pairs of a word and its value. Pairs without a value are omitted.
  void list(const std::vector<std::pair<std::string, std::string>>& items);
  void table(const html::Table& table) { body_ += html::table(table); }
  void chart(const html::Chart& chart, const html::Table& table) { body_ += html::chart(chart, table); }
  void code(const std::string& text);
  /// Adds text that is HTML already.
  void raw(const std::string& html) { body_ += html; }

  /// Returns the whole page.
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

// The sections; each is written in the file of its name.
void write_graph(const nlohmann::json& report, PageText& page);
/// Writes the sections of one run; `of` is the run's name if there are several runs.
void write_run(const nlohmann::json& run, const std::string& of, PageText& page);
void write_quality(const nlohmann::json& run, const std::string& of, PageText& page);
void write_explained(const nlohmann::json& explained, PageText& page);

/// Returns the number of edges for readers: "8 undirected edges".
std::string edges_of(const nlohmann::json& graph);
/// Returns the test metric: "81.20 ± 0.43 %" for several runs.
std::string mean_and_deviation(const nlohmann::json& run);

}  // namespace graphsieve
