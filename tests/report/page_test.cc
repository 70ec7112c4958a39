// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "graphsieve/recipe/embedded.h"
#include "graphsieve/recipe/recipe_check.h"
#include "graphsieve/report/html.h"
#include "graphsieve/report/repeat.h"
#include "graphsieve/report/report.h"

namespace graphsieve {
namespace {

using Json = nlohmann::json;

constexpr const char* kHostile = "</script><img src=x onerror=alert(1)>";

TEST(Html, EscapesText) {
  EXPECT_EQ(html::escape("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(html::escape("caf\xc3\xa9\x01"), "caf\xc3\xa9 ");
  const std::string table = html::table({kHostile, {kHostile}, {{kHostile, kHostile}}});
  EXPECT_EQ(table.find("<img"), std::string::npos);
  EXPECT_EQ(table.find("</script"), std::string::npos);
}

TEST(Html, Figures) {
  EXPECT_EQ(html::whole(1234567), "1,234,567");
  EXPECT_EQ(html::whole(-123), "-123");
  EXPECT_EQ(html::whole(-123456), "-123,456");
  EXPECT_EQ(html::whole(999), "999");
  EXPECT_EQ(html::whole(nullptr), "");
  EXPECT_EQ(html::percent(0.12345), "12.35 %");
  EXPECT_EQ(html::bytes(1536), "1.5 KiB");
  EXPECT_EQ(html::seconds(75.2), "75.2 s");
  EXPECT_EQ(html::seconds(3725), "1:02:05 h");
}

TEST(Repeat, ShellWords) {
  EXPECT_EQ(shell_word("data/graph.npz"), "data/graph.npz");
  EXPECT_EQ(shell_word("my graph's.npz"), "'my graph'\\''s.npz'");
  EXPECT_EQ(shell_word("$(rm)"), "'$(rm)'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Repeat, DifferencesFromThePublishedRecipe) {
  Recipe recipe = load_recipe("minesweeper");
  resolve_recipe(recipe);
  EXPECT_TRUE(recipe_changes(recipe).at("changes").empty());
  const std::string published = std::to_string(recipe.network.width);
  recipe.network.width = 7;
  recipe.network.k.assign(recipe.network.k.size(), 3);
  const Json found = recipe_changes(recipe);
  EXPECT_EQ(found.at("published"), "minesweeper");
  ASSERT_EQ(found.at("changes").size(), 2u);
  EXPECT_EQ(found.at("changes")[0], (Json{{"key", "network.width"}, {"value", "7"}, {"published", published}}));
  const Json result = {{"graph", {{"source", "a b.npz"}}},
                       {"runs",
                        {{{"split", 0}, {"seed", 3}, {"network", {{"epochs", 1}}}},
                         {{"split", 0}, {"seed", 4}, {"network", {{"epochs", 1}}}}}}};
  EXPECT_EQ(command_to_repeat(result, found),
            "graphsieve run 'a b.npz' --recipe minesweeper --set network.width=7 --set network.k=3-3-3-3 --split 0 "
            "--repeats 2 --seed 3");
  recipe.name = "mine";
  EXPECT_EQ(recipe_changes(recipe).at("published"), "default");
}

/// Every text of a report may be anything; what is missing leaves its part out.
TEST(Page, HoldsNoMarkupOfTheData) {
  const Json named = {{"class", kHostile}, {"train", 1}, {"val", 1}, {"test", 1}, {"none", 0}, {"nodes", 3}};
  const Json report = {
      {"version", kHostile},
      {"graph",
       {{"name", kHostile},
        {"source", kHostile},
        {"facts", {{"notes", {kHostile}}, {"edge_types", {{{"name", kHostile}, {"edges", 1}}}}}}}},
      {"missing", {kHostile}},
      {"runs",
       {{{"folder", kHostile},
         {"model", kHostile},
         {"metric", kHostile},
         {"runs", {{{"split", 0}, {"seed", 0}}}},
         {"detail",
          {{"folder", kHostile},
           {"command", kHostile},
           {"run", {{"split", 0}}},
           {"recipe",
            {{"published", kHostile},
             {"changes", {{{"key", kHostile}, {"value", kHostile}, {"published", kHostile}}}}}},
           {"curves", {{{"stage", kHostile}, {"epochs", 1}, {"epoch", {0}}, {"loss", {1}}}}},
           {"quality",
            {{"class_balance", {{"rows", {named}}}},
             {"confusion", {{"classes", {kHostile}}, {"others", 0}, {"rows", {{1}}}}},
             {"worst", {{"rows", {{{"class", kHostile}, {"mistaken_for", kHostile}, {"times", 1}}}}}}}}}}}}},
      {"explained",
       {{{"node", {{"node", kHostile}, {"label", kHostile}}},
         {"layers", {{{"layer", 0}, {"edges", {{{"node", kHostile}, {"label", kHostile}, {"type", kHostile}}}}}}}}}}};
  const std::string page = report_page(report);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  size_t scripts = 0, at = 0;
  while ((at = page.find("</script", at)) != std::string::npos) ++scripts, ++at;
  EXPECT_EQ(scripts, 2u);  // Chart.js and ours
  EXPECT_NE(page.find("&lt;img src=x onerror=alert(1)&gt;"), std::string::npos);
}

TEST(Page, OfNothing) {
  const std::string page = report_page({{"runs", Json::array()}, {"graph", Json::object()}});
  EXPECT_NE(page.find("</html>"), std::string::npos);
  EXPECT_LT(page.size(), 400000u);
}

}  // namespace
}  // namespace graphsieve
