// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/data/splits.h"

#include <algorithm>
#include <cmath>

#include "../files/temp_dir.h"
#include "graphsieve/base/random.h"
#include "graphsieve/files/atomic_file.h"

namespace graphsieve {
namespace {

Labels labels_of(std::vector<int32_t> single, int64_t classes) {
  Labels out;
  out.classes = classes;
  out.single = std::move(single);
  return out;
}

Labels many(int64_t nodes, int64_t classes) {
  Labels out;
  out.classes = classes;
  for (int64_t i = 0; i < nodes; ++i)
    out.single.push_back(i % 7 == 6 ? -1 : static_cast<int32_t>(uniform_below(random_key(3, i), classes)));
  return out;
}

bool same(const Split& a, const Split& b) { return a.train == b.train && a.val == b.val && a.test == b.test; }

TEST(RandomSplit, SizesAndCover) {
  const Labels labels = many(1000, 4);
  for (const bool stratified : {false, true}) {
    Split s = stratified ? stratified_split(labels, 0.6, 0.2, 1) : random_split(labels, 0.6, 0.2, 1);
    EXPECT_EQ(s.train.size() + s.val.size() + s.test.size(), 858u) << "142 have no label";
    EXPECT_EQ(s.train.size(), 514u);
    EXPECT_EQ(s.val.size(), 171u);
    const Split before = s;
    EXPECT_EQ(check_split(s, labels, "s"), 0);
    EXPECT_TRUE(same(s, before)) << "ascending already";
  }
}

TEST(RandomSplit, KeyedAndRepeatable) {
  const Labels labels = many(500, 3);
  EXPECT_TRUE(same(random_split(labels, 0.5, 0.25, 5), random_split(labels, 0.5, 0.25, 5)));
  EXPECT_FALSE(same(random_split(labels, 0.5, 0.25, 5), random_split(labels, 0.5, 0.25, 6)));
}

TEST(RandomSplit, EveryNodeTrainsEquallyOften) {
  const Labels labels = labels_of(std::vector<int32_t>(40, 0), 1);
  std::vector<int64_t> count(40, 0);
  for (uint64_t key = 0; key < 4000; ++key)
    for (const int32_t node : random_split(labels, 0.5, 0.25, random_key(key)).train) ++count[node];
  for (const int64_t c : count) EXPECT_NEAR(c, 2000, 5 * std::sqrt(1000));
}

TEST(RandomSplit, FractionsAreFloored) {
  const Labels labels = labels_of(std::vector<int32_t>(100, 0), 1);
  EXPECT_EQ(random_split(labels, 0.29, 0.3, 1).train.size(), 29u) << "0.29 * 100 is 28.999… in floating point";
  EXPECT_EQ(random_split(labels, 0.295, 0.3, 1).train.size(), 29u);
}

TEST(RandomSplit, Refusals) {
  const Labels labels = labels_of({0, 1, -1, 0}, 2);
  EXPECT_CONTAINS(error_of([&] { random_split(labels, 0, 0.5, 1); }), "train_fraction is 0");
  EXPECT_CONTAINS(error_of([&] { random_split(labels, 0.5, NAN, 1); }), "val_fraction is nan");
  EXPECT_CONTAINS(error_of([&] { random_split(labels, 0.5, 0.6, 1); }), "are more than 1 together");
  EXPECT_EQ(error_of([&] { random_split(labels, 0.1, 0.5, 1); }),
            "random split of 3 labelled nodes: the train part is empty");
}

TEST(StratifiedSplit, EachClassHasItsShare) {
  const Labels labels = many(3000, 5);
  const Split s = stratified_split(labels, 0.6, 0.2, 1);
  for (int32_t c = 0; c < 5; ++c) {
    const auto count = [&](const std::vector<int32_t>& ids) {
      return std::count_if(ids.begin(), ids.end(), [&](int32_t i) { return labels.single[i] == c; });
    };
    const auto all = std::count(labels.single.begin(), labels.single.end(), c);
    EXPECT_NEAR(count(s.train), 0.6 * all, 1);
    EXPECT_NEAR(count(s.val), 0.2 * all, 1);
  }
}

TEST(StratifiedSplit, TinyClassesAndMultiLabel) {
  std::vector<int32_t> single;
  for (int32_t i = 0; i < 50; ++i) single.push_back(i);
  const Split s = stratified_split(labels_of(single, 50), 0.6, 0.2, 1);
  EXPECT_EQ(s.train.size(), 30u);
  EXPECT_GE(s.val.size(), 1u);
  Labels multi;
  multi.classes = 2;
  multi.values = {0, 1, 1, 0};
  EXPECT_THROW(stratified_split(multi, 0.5, 0.25, 1), Error);
}

TEST(RandomSplit, FractionsOfOneLeaveNoTestNodes) {
  for (const Split& s : {random_split(many(101, 2), 0.8, 0.2, 1), stratified_split(many(101, 2), 0.8, 0.2, 1)}) {
    EXPECT_TRUE(s.test.empty());
    EXPECT_FALSE(s.val.empty());
  }
  EXPECT_THROW(random_split(many(100, 2), 0.8, 0.3, 1), Error);
}

TEST(RandomSplit, MultiLabelNodesWithoutAnyLabelAreLeftOut) {
  Labels multi;
  multi.classes = 2;
  multi.values = {0, 1, NAN, NAN, NAN, 1, 0, 0, 1, 1};
  const Split s = random_split(multi, 0.5, 0.25, 1);
  EXPECT_EQ(s.train.size() + s.val.size() + s.test.size(), 4u);
  for (const auto& part : {s.train, s.val, s.test}) EXPECT_EQ(std::count(part.begin(), part.end(), 1), 0);
}

TEST(CheckSplit, NamesWhatIsWrong) {
  const Labels labels = labels_of({0, 1, -1, 0, 1}, 2);
  const auto message = [&](Split s) { return error_of([&] { check_split(s, labels, "f"); }); };
  EXPECT_EQ(message({{0}, {1}, {3}}), "");
  EXPECT_EQ(message({{0}, {1}, {5}}), "f: test holds node 5, expected 0 to 4");
  EXPECT_EQ(message({{-1}, {1}, {3}}), "f: train holds node -1, expected 0 to 4");
  EXPECT_EQ(message({{0}, {0}, {3}}), "f: node 0 is in both train and val");
  EXPECT_EQ(message({{0, 0}, {1}, {3}}), "f: node 0 appears twice in train");
  EXPECT_EQ(message({{}, {1}, {3}}), "f: the train part is empty");
  EXPECT_EQ(message({{2}, {1}, {3}}), "f: the train part is empty") << "node 2 has no label";
  EXPECT_EQ(message({{0}, {}, {}}), "") << "a run may have neither validation nor test nodes";
  Split s{{4, 2, 0}, {1}, {3}};
  EXPECT_EQ(check_split(s, labels, "f"), 1);
  EXPECT_EQ(s.train, (std::vector<int32_t>{0, 4}));
}

TEST(SplitFile, RoundTripAndRefusals) {
  const TempDir dir;
  const Split s = random_split(many(100, 2), 0.5, 0.25, 1);
  write_split(dir / "split.json", s);
  EXPECT_TRUE(same(read_split(dir / "split.json"), s));
  EXPECT_TRUE(same(read_split(dir / "split.json", many(100, 2)), s));
  EXPECT_CONTAINS(error_of([&] { read_split(dir / "split.json", many(50, 2)); }), ": train holds node ");
  for (const std::string text : {"", "[]", "{\"train\": [1]}", "{\"train\": [1.5], \"val\": [], \"test\": []}",
                                 "{\"train\": [4294967296], \"val\": [], \"test\": []}"}) {
    write_text_file(dir / "bad.json", text);
    EXPECT_CONTAINS(error_of([&] { read_split(dir / "bad.json"); }), (dir / "bad.json").string());
  }
}

}  // namespace
}  // namespace graphsieve
