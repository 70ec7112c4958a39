// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/report/page_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "graphsieve/base/random.h"
#include "graphsieve/recipe/metric.h"
#include "graphsieve/report/page_assets.h"

namespace graphsieve {

using Json = nlohmann::json;
using html::escape, html::percent, html::whole, html::words;

const Json& at(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

const Json& at(const Json& object, const char* key, const char* next) { return at(at(object, key), next); }

std::string name_of(const Json& run) {
  const std::string folder = words(at(run, "folder"));
  return folder.substr(folder.find_last_of('/') + 1);
}

std::string bare_percent(const Json& share) {
  return share.is_number() ? fmt::format("{:.2f}", 100 * share.get<double>()) : "";
}

std::string metric_words(const Json& run) {
  std::string name = words(at(run, "metric"));
  std::replace(name.begin(), name.end(), '_', ' ');
  if (name == "roc auc") name = "ROC AUC";
  return at(run, "label_inputs") == true ? name + " (labels as inputs)" : name;
}

std::string edges_of(const Json& graph) {
  const Json& facts = at(graph, "facts");
  // Without facts about the graph, its directions are not known.
  if (!facts.is_object()) return whole(at(graph, "edges")) + " edges, both directions counted";
  return fmt::format("{} {} edges", whole(at(facts, "edges")),
                     at(facts, "directed") == true ? "directed" : "undirected");
}

std::string metric_value(const Json& run, const Json& value) {
  if (!value.is_number()) return "";
  const Metric metric = metric_or_share(words(at(run, "metric")));
  return metric_number(metric, value.get<double>()) + (metric.in_percent ? " %" : "");
}

std::string mean_and_deviation(const Json& run) {
  const Json& mean = at(run, "test_mean");
  if (at(run, "runs").size() < 2 || !mean.is_number()) return metric_value(run, mean);
  return fmt::format("{} ± {}", metric_number(metric_or_share(words(at(run, "metric"))), mean.get<double>()),
                     metric_value(run, at(run, "test_std")));
}

/// A section gets an id, to which the list of sections links.
void PageText::open(const std::string& title, const std::string& of) {
  sections_.push_back({fmt::format("section-{}", sections_.size() + 1), title, of});
  body_ +=
      fmt::format("<h2 id=\"{}\">{}{}</h2>\n", sections_.back().id, of.empty() ? "" : escape(of) + ": ", escape(title));
}

void PageText::sub(const std::string& title) { body_ += fmt::format("<h3>{}</h3>\n", escape(title)); }

void PageText::paragraph(const std::string& text, const char* style) {
  body_ += fmt::format("<p{}>{}</p>\n", style, escape(text));
}

void PageText::note_left_out(const Json& count, const char* what) {
  if (count.is_number() && count > 0) note(fmt::format("{} {} are left out.", whole(count), what));
}

void PageText::list(const std::vector<std::pair<std::string, std::string>>& items) {
  body_ += "<dl>\n";
  for (const auto& [what, value] : items)
    if (!value.empty()) body_ += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape(what), escape(value));
  body_ += "</dl>\n";
}

void PageText::code(const std::string& text) {
  body_ += fmt::format("<pre tabindex=\"0\"><code>{}</code></pre>\n", escape(text));
}

/// Lists the links to the sections. A run with several sections is an entry with a list of its own.
std::string PageText::links() const {
  std::string all, of;
  for (const Section& s : sections_) {
    // A section of another run than the one before ends one list and begins the next.
    if (s.of != of) {
      if (!of.empty()) all += "</ul></li>\n";
      if (!s.of.empty()) all += fmt::format("<li class=\"run\"><span>{}</span>\n<ul>\n", escape(s.of));
      of = s.of;
    }
    all += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", s.id, escape(s.title));
  }
  return of.empty() ? all : all + "</ul></li>\n";
}

/// Writes the frame of the page around the sections: head, list of sections, scripts.
std::string PageText::page(const std::string& heading, const std::string& version) const {
  // Only scripts with the nonce may run. It is a hash of the page, so that equal reports have equal pages.
  uint64_t key = 0;
  for (const char c : body_) key = mix64(key ^ static_cast<unsigned char>(c));
  const std::string nonce = fmt::format("{:016x}", key);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'nonce-{}'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>graphsieve report: {}</title>\n<style>\n",
      nonce, escape(heading));
  page += page_style();
  page += fmt::format(
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n"
      "<header><h1>{}</h1></header>\n<nav aria-label=\"Sections\"><ul>\n{}</ul></nav>\n"
      "<main id=\"content\">\n{}</main>\n"
      "<footer><p class=\"note\">Made by graphsieve {}. This file needs no network.</p></footer>\n",
      escape(heading), links(), body_, escape(version));
  // The page loads nothing from the network: style and scripts are part of the file.
  for (const std::string_view script : {charting_script(), page_script()}) {
    page += fmt::format("<script nonce=\"{}\">\n", nonce);
    page += script;
    page += "</script>\n";
  }
  return page + "</body>\n</html>\n";
}

}  // namespace graphsieve
