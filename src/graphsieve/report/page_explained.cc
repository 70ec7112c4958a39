// SPDX-License-Identifier: Apache-2.0
// The section about one node: what decided its prediction.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "graphsieve/report/page_text.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;
using html::escape, html::number, html::percent, html::whole, html::words;

constexpr size_t kPictured = 14;  ///< most neighbours in a picture
constexpr double kMiddleX = 260, kMiddleY = 170, kReachX = 150, kReachY = 130;

/// Returns the first letters of a long id, cut between characters.
std::string shortened(const std::string& id) {
  constexpr size_t kLetters = 12;
  size_t letters = 0, bytes = 0;
  while (bytes < id.size() && letters < kLetters) {
    ++letters, ++bytes;
    while (bytes < id.size() && (static_cast<unsigned char>(id[bytes]) & 0xC0) == 0x80) ++bytes;
  }
  return bytes < id.size() ? id.substr(0, bytes) + "…" : id;
}

/// Returns the style of a neighbour's colour, which tells if the label of `other` is the class that was predicted for
/// `node`.
const char* kind(const Json& other, const Json& node) {
  const Json& predicted = at(node, "predicted");
  const bool number = predicted.is_number() || (predicted.is_array() && !predicted.empty() && predicted[0].is_number());
  if (at(other, "label").is_null() || number) return "none";
  return at(other, "label") == at(node, "predicted") ? "same" : "other";
}

std::string line_to(const Json& edge, double x, double y) {
  const Json& weight = at(edge, "attention").is_number() ? at(edge, "attention") : at(edge, "score");
  const bool dropped = at(edge, "draws").is_number() && at(edge, "draws") == 0;
  return fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke-width=\"{:.2f}\"{}/>", kMiddleX,
                     kMiddleY, x, y, 0.75 + 9 * (weight.is_number() ? std::min(1.0, weight.get<double>()) : 0),
                     dropped ? " class=\"dropped\"" : "");
}

/// Draws a neighbour, with its id outside the circle on which the neighbours are.
std::string circle_at(double angle, double x, double y, const char* kind, const std::string& id) {
  const int side = std::cos(angle) < -0.1 ? -1 : std::cos(angle) > 0.1 ? 1 : 0;
  const double below = side != 0 ? 4 : std::sin(angle) > 0 ? 24 : -14;
  const char* anchor = side < 0 ? "end" : side > 0 ? "start" : "middle";
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"8\" class=\"{}\"/>"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>",
      x, y, kind, x + 14 * side, y + below, anchor, escape(shortened(id)));
}

/// Draws the node in the middle and its heaviest neighbours around it. The thickness of a line is the attention; edges
/// that were not drawn have broken lines.
std::string picture(const Json& node, const Json& layer) {
  const Json& edges = at(layer, "edges");
  const size_t count = std::min(kPictured, edges.size());
  std::string lines, circles;
  for (size_t i = 0; i < count; ++i) {
    const double angle = std::numbers::pi * (2 * static_cast<double>(i) / static_cast<double>(count) - 0.5);
    const double x = kMiddleX + kReachX * std::cos(angle), y = kMiddleY + kReachY * std::sin(angle);
    lines += line_to(edges[i], x, y);
    circles += circle_at(angle, x, y, kind(edges[i], node), words(at(edges[i], "node")));
  }
  return fmt::format(
      "<svg class=\"around\" viewBox=\"0 0 520 340\" role=\"img\" aria-label=\"Layer {}: the node and its {} heaviest "
      "neighbours; the table has their figures\">{}{}<circle cx=\"{}\" cy=\"{}\" r=\"11\" class=\"{}\"/></svg>\n",
      escape(words(at(layer, "layer"))), count, lines, circles, kMiddleX, kMiddleY, kind(node, node));
}

void layer_of_node(const Json& node, const Json& layer, PageText& page) {
  const std::string l = words(at(layer, "layer"));
  page.sub("Layer " + l);
  html::Table t{
      fmt::format("Edges into the node in layer {}, the heaviest", l),
      {"neighbour", "edge type", "score, percent", "draws", "attention, percent", "label", "predicted", "part"},
      {}};
  for (const Json& edge : at(layer, "edges"))
    t.rows.push_back({words(at(edge, "node")), words(at(edge, "type")), bare_percent(at(edge, "score")),
                      words(at(edge, "draws")), bare_percent(at(edge, "attention")), words(at(edge, "label")),
                      words(at(edge, "predicted")), words(at(edge, "split"))});
  page.raw("<div class=\"layer\">\n" + picture(node, layer));
  page.table(t);
  page.raw("</div>\n");
  if (at(layer, "left_out") > 0)
    page.note(fmt::format("{} lighter edges are left out; score {}, attention {} percent together.",
                          whole(at(layer, "left_out")), bare_percent(at(layer, "left_out_score")),
                          bare_percent(at(layer, "left_out_attention"))));
}

void nodes_behind(const Json& e, PageText& page) {
  if (at(e, "nodes").empty()) return;
  html::Table t{"Over all layers: nodes with the most attention flow",
                {"node", "flow, percent", "contribution", "label", "predicted", "part"},
                {}};
  for (const Json& n : at(e, "nodes"))
    t.rows.push_back({words(at(n, "node")), bare_percent(at(n, "flow")), number(at(n, "contribution")),
                      words(at(n, "label")), words(at(n, "predicted")), words(at(n, "split"))});
  page.chart({"Nodes that the prediction comes from", "bar", "Attention flow, percent:1", "horizontal"}, t);
  page.note(fmt::format("{} nodes are reached in all.", whole(at(e, "reached"))));
}

void features_behind(const Json& e, PageText& page) {
  if (!at(e, "features").is_array()) return;
  const Json& decided = at(e, "decided");
  const std::string against = words(at(decided, "against"));
  html::Table t{fmt::format("Features by what they contribute to {}{} (features times gradient; sum of all {}, the "
                            "logits differ by {})",
                            words(at(decided, "class")), against.empty() ? "" : " against " + against,
                            number(at(decided, "contributions")), number(at(decided, "margin"))),
                {"feature", "contribution", "the node's own part", "the node's value"},
                {}};
  for (const Json& f : at(e, "features"))
    t.rows.push_back(
        {words(at(f, "name")), number(at(f, "contribution")), number(at(f, "own")), number(at(f, "value"))});
  page.chart({"Features", "bar", "Contribution of a feature, and the node's own part of it:1,2", "horizontal"}, t);
}

}  // namespace

void write_explained(const Json& e, PageText& page) {
  const Json& node = at(e, "node");
  page.open("Node " + words(at(node, "node")));
  std::string classes;
  for (const Json& c : at(node, "classes"))
    classes +=
        fmt::format("{}{}: {}", classes.empty() ? "" : ", ", words(at(c, "class")), percent(at(c, "probability")));
  const std::string label = words(at(node, "label"));
  page.list({{"label", label.empty() ? "none" : label},
             {"predicted", words(at(node, "predicted"))},
             {"probabilities", classes},
             {"part of the split", words(at(node, "split"))},
             {"epoch", words(at(e, "epoch"))}});
  page.note(
      "In the pictures thickness is attention, or the score where there is none. Broken: not drawn. Blue: the label is "
      "the predicted class; orange: another; grey: none.");
  for (const Json& layer : at(e, "layers")) layer_of_node(node, layer, page);
  nodes_behind(e, page);
  features_behind(e, page);
}

}  // namespace graphsieve
