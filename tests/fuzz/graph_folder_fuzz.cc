// SPDX-License-Identifier: Apache-2.0
// read_graph_folder and verify_graph_folder. An input changes files of one of a few small valid folders: a byte chooses
// the folder, then each file that is replaced is a byte, which chooses it, and a block, its bytes. Lengths and
// checksums on the card are made to fit the replaced files, so that they do not hide what is behind them; not where the
// first byte is 128 or more.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "fuzzing.h"
#include "graphsieve/data/graph_check.h"
#include "graphsieve/datasets/datasets.h"
#include "graphsieve/datasets/generate.h"
#include "graphsieve/datasets/graph_folder.h"
#include "graphsieve/datasets/graph_folder_writer.h"
#include "graphsieve/files/folder_card.h"
#include "graphsieve/files/npy_file.h"

namespace graphsieve::fuzz {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A valid folder and what its files hold, by name.
struct Folder {
  fs::path path;
  std::map<std::string, std::string> files;
  const std::string& file(uint8_t choice) const { return std::next(files.begin(), choice % files.size())->first; }
};

Dataset small() {
  Dataset data;
  data.name = "small", data.source = "small", data.recipe = "default";
  data.nodes = 4;
  data.edges = {{0, 1}, {1, 2}, {2, 3}, {0, 3}};
  data.features.rows = 4, data.features.cols = 2;
  data.features.dense = {0, 1, 0.5f, -1, 2, 0, 0, 3};
  data.labels.classes = 2;
  data.labels.single = {0, 1, -1, 1};
  return data;
}

/// The same with several labels per node, sparse features, integer ids, names of classes and a split.
Dataset other() {
  Dataset data = small();
  data.labels.single.clear();
  data.labels.values = {0, 1, 1, 0, NAN, NAN, 1, 1};
  data.features.dense.clear();
  data.features.row_start = {0, 1, 2, 2, 4};
  data.features.column = {1, 0, 0, 1};
  data.features.value = {1, 2, 3, 4};
  data.ids.integers = Array<int64_t>(std::vector<int64_t>{10, -20, 30, 40});
  data.class_names = {"no", "yes"};
  data.given_splits = {{{0}, {1}, {3}}, {{3}, {0}, {1}}};
  return data;
}

/// Two numbers per node to predict, and names of the columns.
Dataset numbers() {
  Dataset data = small();
  data.labels.single.clear();
  data.labels.values = {1.5f, -2, 0, 1e6f, NAN, 3, 4, NAN};
  data.labels.numbers = true;
  data.class_names = {"price", "age"};
  return data;
}

/// Typed edges and ids that are texts.
void write_typed(const fs::path& path) {
  GraphFolderWriter to(path, 4, false);
  to.set_edge_types({"likes", "knows"});
  const EdgeKeys& keys = to.edge_keys();
  std::vector<uint64_t> edges = {keys.key(0, 1, 0), keys.key(1, 0, 0), keys.key(2, 3, 1),
                                 keys.key(3, 2, 1), keys.key(0, 1, 1), keys.key(1, 0, 1)};
  std::sort(edges.begin(), edges.end());
  to.add_edges(edges);
  to.begin_features(1, FloatType::kBfloat16);
  to.add_features(std::vector<float>{1, 2, 3, 4});
  to.write_labels(small().labels);
  for (const char* id : {"a", "", "long id", "\xc3\xa4"}) to.add_id(std::string_view(id));
  to.commit("typed", "default", 0);
}

std::vector<Folder> make_folders() {
  const fs::path all = work_folder() / "folders";
  write_graph_folder(small(), all / "small", {});
  write_graph_folder(small(), all / "directed", {.features = FloatType::kFloat16, .directed = true});
  write_graph_folder(other(), all / "other", {});
  write_typed(all / "typed");
  write_graph_folder(numbers(), all / "numbers", {});
  std::vector<Folder> out;
  for (const char* name : {"small", "directed", "other", "typed", "numbers"}) {
    Folder folder{all / name, {}};
    for (const auto& entry : fs::directory_iterator(folder.path))
      folder.files[entry.path().filename().string()] = get_file(entry.path());
    out.push_back(std::move(folder));
  }
  return out;
}

const std::vector<Folder>& folders() {
  static const std::vector<Folder> all = make_folders();
  return all;
}

/// Makes the card fit the files that were replaced.
std::string fitting(const std::string& card, const std::map<std::string, std::string>& replaced) {
  Json json = Json::parse(card, nullptr, false);
  if (!json.is_object() || !json.contains("files") || !json["files"].is_object()) return card;
  for (const auto& [name, bytes] : replaced)
    if (Json& entry = json["files"][name]; entry.is_object() || entry.is_null())
      entry["bytes"] = bytes.size(), entry["xxh3"] = Checksum().add(bytes).text();
  accepted([&] { seal(json); });  // not where a text of the card is not UTF-8
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Replaces files of a folder; puts the valid ones back when it goes.
class Replaced {
 public:
  Replaced(const Folder& folder, std::map<std::string, std::string> files, bool fit)
      : folder_(folder), files_(std::move(files)) {
    std::string card = files_.contains(kGraphCard) ? files_[kGraphCard] : folder.files.at(kGraphCard);
    files_.erase(kGraphCard);
    if (fit) card = fitting(card, files_);
    files_[kGraphCard] = card;
    for (const auto& [name, bytes] : files_) put_file(folder.path / name, bytes);
  }
  ~Replaced() {
    for (const auto& [name, bytes] : files_) put_file(folder_.path / name, folder_.files.at(name));
  }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  const Folder& folder_;
  std::map<std::string, std::string> files_;
};

/// The input that replaces one file of a folder.
Built replacing(size_t f, const std::string& name, const std::string& bytes, unsigned keep_checksums = 0) {
  const auto& files = folders()[f].files;
  return Built().byte(f + keep_checksums).byte(std::distance(files.begin(), files.find(name))).block(bytes);
}

/// With one text on the card in place of another, if it is there.
Built with_card(size_t f, const std::string& from, const std::string& to) {
  std::string text = folders()[f].files.at(kGraphCard);
  if (const size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return replacing(f, kGraphCard, text);
}

/// With one value in an array.
template <class T>
Built with_value(size_t f, const std::string& name, size_t at, T value) {
  constexpr size_t kHeader = 128;
  std::string bytes = folders()[f].files.at(name);
  std::memcpy(bytes.data() + kHeader + at * sizeof(T), &value, sizeof value);
  return replacing(f, name, bytes);
}

}  // namespace

void run_reader(Bytes bytes) {
  Input input(bytes);
  const uint8_t choice = input.byte();
  const Folder& folder = folders()[choice % folders().size()];
  std::map<std::string, std::string> files;
  while (!input.empty()) {
    const std::string& name = folder.file(input.byte());
    files[name] = text_of(input.block());
  }
  const Replaced replaced(folder, std::move(files), choice < 128);
  const Dataset data = load_dataset(folder.path);
  for (int64_t i = 0; i < data.nodes; ++i) data.ids.name(i);
  fingerprint(data);
  accepted([&] { check_graph(data, true); });
  verify_graph_folder(folder.path);
}

void add_seeds(Corpus& to) {
  for (size_t f = 0; f < folders().size(); ++f) {
    const Folder& folder = folders()[f];
    to.add(Built().byte(f));
    Built all;
    all.byte(f);
    for (size_t i = 0; i < folder.files.size(); ++i) {
      const std::string& bytes = folder.files.at(folder.file(static_cast<uint8_t>(i)));
      all.byte(i).block(bytes);
      for (const unsigned fit : {0, 128}) to.add(Built().byte(f + fit).byte(i).block(bytes));
    }
    to.add(all);
  }
  for (const auto& [from, with] : std::initializer_list<std::pair<std::string, std::string>>{
           {"\"classes\": 2", "\"classes\": 1000000000000000000"},
           {"\"nodes\": 4", "\"nodes\": 1e300"},
           {"\"nodes\": 4", "\"nodes\": 18446744073709551615"},
           {"\"nodes\": 4", "\"nodes\": 2147483647"},
           {"\"name\"", "\"name\": 5, \"x\""},
           {"\"files\": {", "\"files\": {\"../x\": {}, "},
           {"\"recipe\"", "\"recipe\": " + std::string(1000, '[') + ", \"x\""},
           {kGraphFormat, "another format"},
           {"\"version\": 1", "\"version\": 99"},
           {"\"ids\": \"none\"", "\"ids\": \"odd\""},
           {"\"type\": \"float32\"", "\"type\": \"float8\""},
           {"\"kind\": \"dense\"", "\"kind\": \"odd\""},
           {"\"fingerprint\": \"", "\"fingerprint\": \"x"}})
    to.add(with_card(0, from, with));
  to.add(with_card(2, "\"classes\": 2", "\"classes\": 0"));
  to.add(with_card(2, "\"no\",", ""));
  to.add(with_card(3, "\"likes\",", ""));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  to.add(with_value<int64_t>(0, "row_start.npy", 0, 1));
  to.add(with_value<int64_t>(0, "row_start.npy", 1, 100));
  to.add(with_value<int32_t>(0, "source.npy", 0, 2));
  to.add(with_value<int32_t>(0, "source.npy", 0, 99));
  to.add(with_value<int32_t>(0, "source.npy", 0, 0));
  to.add(with_value<int32_t>(0, "labels.npy", 0, 7));
  to.add(with_value<float>(0, "features.npy", 3, kInfinity));
  to.add(with_value<int32_t>(2, "features_column.npy", 0, 9));
  to.add(with_value<float>(2, "features_value.npy", 0, kInfinity));
  to.add(with_value<float>(2, "labels.npy", 0, 0.5f));
  to.add(with_value<float>(4, "labels.npy", 0, kInfinity));
  to.add(with_card(4, "\"numbers\"", "\"single\""));
  to.add(with_value<uint8_t>(2, "splits.npy", 0, 4));
  to.add(with_value<uint8_t>(3, "edge_type.npy", 0, 3));
  to.add(with_value<int64_t>(3, "node_id_start.npy", 4, 1000));
  std::string damaged = folders()[0].files.at("labels.npy");
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  to.add(replacing(0, "labels.npy", damaged, 128));
  for (const char* member : {"nodes", "edges", "version", "directed", "edge_types", "features", "columns", "nonzeros",
                             "kind", "classes", "names", "ids", "splits", "fingerprint"})
    to.word(str('"', member, "\": "));
  for (const char* value : {"sparse", "dense", "multi", "numbers", "integer", "text", "none", "bfloat16", "float16"})
    to.word(str('"', value, '"'));
  for (const char* word : {"true", "false", "null", "1e300", "(4, 2)", "'<f4'", "'<i8'"}) to.word(word);
}

}  // namespace graphsieve::fuzz
