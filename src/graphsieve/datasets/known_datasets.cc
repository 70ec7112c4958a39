// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/datasets/known_datasets.h"

#include <algorithm>
#include <cctype>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

const char* const kHeterophilous = "heterophilous-graphs";
const char* const kShchur = "shchur";
const char* const kMat = ".mat";
const char* const kPlatonov = "Platonov et al., ICLR 2023, github.com/yandex-research/heterophilous-graphs";
const char* const kPitfalls = "Shchur et al., 2018, github.com/shchur/gnn-benchmark";
const char* const kOgb = "Open Graph Benchmark, ogb.stanford.edu";

/// Returns the counts of a data set for a message.
std::string counts(int64_t nodes, int64_t edges, int64_t features, int64_t classes) {
  return str(nodes, " nodes, ", edges, " listed edges, ", features, " features, ", classes, " classes");
}

/// True if the counts are those of the known data set. Only a known number of listed edges is compared.
bool fits(const KnownDataset& known, const Dataset& data) {
  return known.nodes == data.nodes && known.features == data.features.cols && known.classes == data.labels.classes &&
         (known.file_edges == 0 || known.file_edges == static_cast<int64_t>(data.edges.size()));
}

}  // namespace

const std::vector<KnownDataset>& known_datasets() {
  // Each entry: name, recipe, stems, layout, nodes, listed edges, directed edges, features, classes, metric, origin.
  // The stems are names under which the data sets are distributed, among others by the authors and by graph libraries.
  static const std::vector<KnownDataset> all = {
      {"minesweeper", "minesweeper", {"minesweeper"}, kHeterophilous, 10000, 39402, 78804, 7, 2, "roc_auc", kPlatonov},
      {"tolokers", "tolokers", {"tolokers"}, kHeterophilous, 11758, 519000, 1038000, 10, 2, "roc_auc", kPlatonov},
      {"roman-empire",
       "roman-empire",
       {"roman-empire", "roman_empire"},
       kHeterophilous,
       22662,
       32927,
       65854,
       300,
       18,
       "accuracy",
       kPlatonov},
      {"amazon-ratings",
       "amazon-ratings",
       {"amazon-ratings", "amazon_ratings"},
       kHeterophilous,
       24492,
       93050,
       186100,
       300,
       5,
       "accuracy",
       kPlatonov},
      {"questions", "questions", {"questions"}, kHeterophilous, 48921, 153540, 307080, 301, 2, "roc_auc", kPlatonov},
      {"photo",
       "photo",
       {"photo", "amazon_electronics_photo", "amazon_photo", "amazon-photo"},
       kShchur,
       7650,
       143663,
       238162,
       745,
       8,
       "accuracy",
       kPitfalls},
      {"computers",
       "computers",
       {"computers", "amazon_electronics_computers", "amazon_computers", "amazon-computers"},
       kShchur,
       13752,
       287209,
       491722,
       767,
       10,
       "accuracy",
       kPitfalls},
      {"cs",
       "cs",
       {"cs", "ms_academic_cs", "coauthor_cs", "coauthor-cs"},
       kShchur,
       18333,
       163788,
       163788,
       6805,
       15,
       "accuracy",
       kPitfalls},
      {"physics",
       "physics",
       {"physics", "ms_academic_phy", "coauthor_physics", "coauthor-physics"},
       kShchur,
       34493,
       0,
       495924,
       8415,
       5,
       "accuracy",
       kPitfalls},
      {"actor",
       "actor",
       {"actor", "film"},
       kHeterophilous,
       7600,
       0,
       0,
       932,
       5,
       "accuracy",
       "Pei et al., ICLR 2020 (Geom-GCN), github.com/graphdml-uiuc-jlu/geom-gcn"},
      {"wikics",
       "wikics",
       {"wikics", "wiki-cs", "wiki_cs"},
       kHeterophilous,
       11701,
       0,
       0,
       300,
       10,
       "accuracy",
       "Mernyei and Cangea, 2020, github.com/pmernyei/wiki-cs-dataset"},
      {"ogbn-arxiv",
       "ogbn-arxiv",
       {"ogbn-arxiv", "ogbn_arxiv", "arxiv"},
       kHeterophilous,
       169343,
       0,
       0,
       128,
       40,
       "accuracy",
       kOgb},
      {"amazon2m",
       "amazon2m",
       {"amazon2m", "ogbn-products", "ogbn_products"},
       kHeterophilous,
       2449029,
       0,
       0,
       100,
       47,
       "accuracy",
       kOgb},
      {"pokec",
       "pokec",
       {"pokec"},
       kMat,
       1632803,
       0,
       0,
       65,
       2,
       "accuracy",
       "Lim et al., NeurIPS 2021, github.com/CUAI/Non-Homophily-Large-Scale"},
      {"proteins",
       "proteins",
       {"proteins", "ogbn-proteins", "ogbn_proteins"},
       kHeterophilous,
       132534,
       0,
       79122504,
       8,
       112,
       "roc_auc",
       kOgb},
  };
  return all;
}

void recognise(const std::string& stem, Dataset& data) {
  // Names of files are compared without regard to case.
  std::string lower = stem;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  data.name = stem;
  data.recipe = "default";
  data.recognised.clear();
  for (const KnownDataset& known : known_datasets()) {
    const bool named = std::find(known.stems.begin(), known.stems.end(), lower) != known.stems.end();
    // The counts decide; a known file name alone does not make a recipe fit.
    if (fits(known, data)) {
      data.name = known.name;
      data.recipe = known.recipe;
      data.recognised = named ? "file name" : "fingerprint";
      return;
    }
    if (named)
      data.notes.push_back(
          str("the file is named as ", known.name, ", but has ",
              counts(data.nodes, static_cast<int64_t>(data.edges.size()), data.features.cols, data.labels.classes),
              " instead of ", known.nodes, " nodes, ", known.file_edges ? str(known.file_edges, " listed edges, ") : "",
              known.features, " features, ", known.classes, " classes: recipe default"));
  }
}

}  // namespace graphsieve
