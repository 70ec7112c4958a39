// SPDX-License-Identifier: Apache-2.0
#include "graphsieve/evaluate/task.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "graphsieve/base/error.h"

namespace graphsieve {
namespace {

using at::Tensor;
using Json = nlohmann::json;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

Dataset classes(std::vector<int32_t> label, int64_t count) {
  Dataset data;
  data.nodes = static_cast<int64_t>(label.size());
  data.labels.classes = count;
  data.labels.single = std::move(label);
  return data;
}

Dataset labels(std::vector<float> values, int64_t count) {
  Dataset data;
  data.nodes = static_cast<int64_t>(values.size()) / count;
  data.labels.classes = count;
  data.labels.values = std::move(values);
  return data;
}

DataRecipe with_metric(const char* metric) {
  DataRecipe recipe;
  recipe.metric = metric;
  return recipe;
}

TEST(Task, MetricsOfThreeClasses) {
  const Dataset data = classes({0, 1, 2, 2}, 3);
  const Predictions p{3, {.8f, .1f, .1f, .6f, .3f, .1f, .1f, .1f, .8f, .2f, .2f, .6f}};  // 0, 0, 2, 2
  EXPECT_DOUBLE_EQ(make_task(data, with_metric("accuracy"))->evaluate(p, {0, 1, 2, 3}), 0.75);
  EXPECT_DOUBLE_EQ(make_task(data, with_metric("macro_f1"))->evaluate(p, {0, 1, 2, 3}), (2.0 / 3 + 0 + 1) / 3);
  const auto rows = make_task(data, {})->per_class(p, {0, 1, 2, 3});
  EXPECT_EQ(rows[2].support, 2);
  EXPECT_DOUBLE_EQ(rows[0].precision, 0.5);
  EXPECT_DOUBLE_EQ(rows[0].recall, 1);
  EXPECT_DOUBLE_EQ(rows[1].f1, 0);
}

/// The values are those of scikit-learn 1.9.1.
TEST(Task, MetricsOfAPositiveClass) {
  const Dataset data = classes({0, 1, 1, 0, 0, 0, 1, 0}, 2);
  Predictions p{2, {}, {}};
  for (const float score : {.1f, .9f, .3f, .8f, .3f, .2f, .6f, .3f})
    p.value.push_back(1 - score), p.value.push_back(score);
  const std::vector<int32_t> all = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto value = [&](const char* metric, const char* positive = "auto") {
    DataRecipe recipe = with_metric(metric);
    recipe.positive_class = positive;
    const auto task = make_task(data, recipe);
    task->learn_from(all);
    return task->evaluate(p, all);
  };
  EXPECT_NEAR(value("average_precision"), 0.7222222222, 1e-9);
  EXPECT_NEAR(value("f1"), 2.0 / 3, 1e-9);
  EXPECT_NEAR(value("f1", "0"), 0.8, 1e-9);
  EXPECT_NEAR(value("balanced_accuracy"), (2.0 / 3 + 4.0 / 5) / 2, 1e-9);
  EXPECT_NEAR(value("roc_auc"), 0.8, 1e-9);
  EXPECT_NEAR(value("roc_auc", "0"), 0.8, 1e-9);
  EXPECT_NEAR(value("precision_at_1"), 1, 1e-9);
  EXPECT_NEAR(value("precision_at_3"), 2.0 / 3, 1e-9);
  // Three nodes share the fourth to sixth place, and one of them is positive.
  EXPECT_NEAR(value("precision_at_4"), (2 + 1.0 / 3) / 4, 1e-9);
  EXPECT_NEAR(value("precision_at_100"), 3.0 / 8, 1e-9);
  EXPECT_THROW(value("f1", "2"), Error);
}

/// Two classes with the probabilities of the second one.
Predictions of_second_class(const std::vector<float>& scores) {
  Predictions p{2, {}, {}};
  for (const float score : scores) p.value.push_back(1 - score), p.value.push_back(score);
  return p;
}

JsonObject view(const Json& learned) { return {learned, "result.json", "runs[0].learned"}; }

/// The log losses are those of scikit-learn 1.9.1; the temperature is SciPy's minimum of the log loss.
TEST(Task, ThresholdsAndTemperatureAreLearnedFromValidationNodes) {
  const Dataset data = classes({0, 1, 1, 0, 0, 0, 1, 0}, 2);
  const Predictions p = of_second_class({.1f, .9f, .3f, .8f, .3f, .2f, .6f, .3f});
  const std::vector<int32_t> all = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto learned = [&](const char* threshold, const char* calibration) {
    DataRecipe recipe;
    recipe.threshold = threshold, recipe.calibration = calibration, recipe.metric = "f1";
    const auto task = make_task(data, recipe);
    task->learn_from(all);
    if (task->learns_after_training()) task->learn_after_training(p, all);
    // Another task that takes what was learned decides alike.
    const auto again = make_task(data, recipe);
    const Json kept = task->learned();
    again->take_learned(view(kept));
    EXPECT_DOUBLE_EQ(again->evaluate(p, all), task->evaluate(p, all));
    EXPECT_EQ(again->learned(), kept);
    return std::pair(kept, task->evaluate(p, all));
  };
  EXPECT_EQ(learned("auto", "none").first, Json({{"positive_class", "1"}}));
  EXPECT_NEAR(learned("f1", "none").first["thresholds"][0].get<double>(), (.3f + .6f) / 2, 1e-7);
  EXPECT_NEAR(learned("youden", "none").first["thresholds"][0].get<double>(), (.3f + .6f) / 2, 1e-7);
  EXPECT_EQ(learned("0.9", "none").first["thresholds"][0], 0.9);
  EXPECT_NEAR(learned("0.85", "none").second, 0.5, 1e-9);  // one of three found
  const Json calibrated = learned("auto", "temperature").first;
  EXPECT_NEAR(calibrated["temperature"].get<double>(), 1.1721931, 1e-4);
  EXPECT_NEAR(make_task(data, with_metric("log_loss"))->evaluate(p, all), 0.5589313514, 1e-6);
  const Dataset three = classes({0, 1, 2, 2}, 3);
  const Predictions of_three{3, {.8f, .1f, .1f, .6f, .3f, .1f, .1f, .1f, .8f, .2f, .2f, .6f}};
  EXPECT_NEAR(make_task(three, with_metric("log_loss"))->evaluate(of_three, {0, 1, 2, 3}), 0.5402713827, 1e-6);
}

TEST(Task, CalibrationMovesProbabilitiesAndThresholdsAlike) {
  const Dataset data = classes({0, 1, 1, 0, 0, 0, 1, 0}, 2);
  const std::vector<int32_t> all = {0, 1, 2, 3, 4, 5, 6, 7};
  DataRecipe recipe;
  recipe.calibration = "temperature", recipe.threshold = "f1", recipe.metric = "f1";
  const auto task = make_task(data, recipe);
  task->learn_from(all);
  const Tensor outputs = torch::tensor(
      {{0.f, -2.f}, {0.f, 3.f}, {0.f, -1.f}, {0.f, 2.f}, {0.f, -1.f}, {0.f, -3.f}, {0.f, .5f}, {0.f, -1.f}});
  const auto of = [&](const Tensor& t) {
    Predictions p{2, {}, {}};
    const Tensor all_of = t.contiguous();
    p.value.assign(all_of.const_data_ptr<float>(), all_of.const_data_ptr<float>() + all_of.numel());
    return p;
  };
  const Predictions before = of(task->predictions(outputs));
  task->learn_after_training(before, all);
  const Predictions after = of(task->predictions(outputs));
  const auto loss = [&](const Predictions& p) { return make_task(data, with_metric("log_loss"))->evaluate(p, all); };
  EXPECT_LT(loss(after), loss(before));
  EXPECT_NEAR(task->evaluate(after, all), 2 * 2. / (3 + 3), 1e-9) << "the best F1, of three predicted nodes";
}

TEST(Task, WhatWasLearnedIsChecked) {
  const Dataset data = classes({0, 1}, 2);
  const auto task = make_task(data, {});
  for (const Json& bad :
       {Json({{"positive_class", "2"}}), Json({{"thresholds", {2}}}), Json({{"thresholds", {.1, .2}}}),
        Json({{"temperature", 0}}), Json({{"temperature", nullptr}})})
    EXPECT_THROW(task->take_learned(view(bad)), Error) << bad;
}

Dataset numbers(std::vector<float> values, int64_t count) {
  Dataset data = labels(std::move(values), count);
  data.labels.numbers = true;
  return data;
}

/// The values are those of scikit-learn 1.9.1.
TEST(Task, MetricsOfNumbers) {
  const Dataset data = numbers({1.5f, -2, 4, .5f, 10, 3, kMissing}, 1);
  const Predictions p{1, {1, -1, 3.5f, 2, 7, 3.25f, 100}};
  const std::vector<int32_t> all = {0, 1, 2, 3, 4, 5, 6};
  const auto value = [&](const char* metric) { return make_task(data, with_metric(metric))->evaluate(p, all); };
  EXPECT_NEAR(value("rmse"), 1.461306493, 1e-6);
  EXPECT_NEAR(value("mae"), 1.125, 1e-9);
  EXPECT_NEAR(value("r2"), 0.84625, 1e-6);
  EXPECT_EQ(make_task(data, {})->metric().name, "rmse");
  EXPECT_EQ(make_task(numbers({1, 2, 3, 4}, 2), {})->metric().name, "r2");
  EXPECT_TRUE(std::isnan(make_task(data, with_metric("r2"))->evaluate(p, {0}))) << "one value has no spread";
  for (const char* other : {"accuracy", "f1", "log_loss"}) EXPECT_THROW(make_task(data, with_metric(other)), Error);
  EXPECT_THROW(make_task(classes({0, 1}, 2), with_metric("rmse")), Error);
}

TEST(Task, NumbersAreStandardisedOverTheTrainingNodes) {
  const Dataset data = numbers({10, 1, 20, 3, 30, kMissing, 1000, 1000}, 2);
  const auto task = make_task(data, {});
  task->learn_from({0, 1, 2});
  EXPECT_EQ(task->learned()["means"], Json({20.0, 2.0}));
  EXPECT_NEAR(task->learned()["deviations"][0].get<double>(), std::sqrt(200.0 / 3), 1e-9);
  EXPECT_EQ(task->learned()["deviations"][1], 1.0);
  // Outputs that are the standardised numbers have no loss, and predictions are the numbers.
  const Tensor outputs =
      torch::tensor({{-10 / std::sqrt(200.f / 3), -1.f}, {0.f, 1.f}, {10 / std::sqrt(200.f / 3), 5.f}});
  EXPECT_NEAR(task->loss({0, 1, 2})(outputs, torch::tensor({0, 1, 2}, at::kLong)).item<double>(), 0, 1e-12);
  EXPECT_TRUE(at::allclose(task->predictions(outputs), torch::tensor({{10.f, 1.f}, {20.f, 3.f}, {30.f, 7.f}})));
  const auto again = make_task(data, {});
  const Json kept = task->learned();
  again->take_learned(view(kept));
  EXPECT_TRUE(at::equal(again->predictions(outputs), task->predictions(outputs)));
  EXPECT_THROW(again->take_learned(view(Json({{"means", {0, 0}}, {"deviations", {1, 0}}}))), Error);
  EXPECT_EQ(task->label(0), Json({10, 1}));
  EXPECT_EQ(task->label(2), Json({30, nullptr}));
  std::string line;
  const float row[] = {1.5f, 2};
  task->append_cells(2, row, line);
  EXPECT_EQ(line, ",30,,1.5,2");
}

TEST(Task, LossesOfNumbers) {
  const Dataset data = numbers({0, 0, 0, 0}, 1);
  const Tensor outputs = torch::tensor({{0.f}, {.5f}, {3.f}}), nodes = torch::tensor({0, 1, 2}, at::kLong);
  const auto loss = [&](const char* name) {
    DataRecipe recipe;
    recipe.loss = name;
    return make_task(data, recipe)->loss({0, 1, 2})(outputs, nodes).item<double>();
  };
  EXPECT_NEAR(loss("mse"), (.25 + 9) / 3, 1e-6);
  EXPECT_NEAR(loss("mae"), (.5 + 3) / 3, 1e-6);
  EXPECT_NEAR(loss("huber"), (.125 + 2.5) / 3, 1e-6);
}

TEST(Task, QualityOfNumbers) {
  const Dataset data = numbers({1, 2, 3, 4, 5, 6}, 1);
  const auto task = make_task(data, {});
  task->learn_from({0, 1});
  const Json q = task->quality({1, {1, 2, 3, 4, 7, 6}}, {{0, 1}, {2}, {3, 4, 5}});
  EXPECT_EQ(q["task"], "numbers");
  EXPECT_EQ(q["splits"][2]["labelled"], 3);
  EXPECT_NEAR(q["numbers"][0]["rmse"].get<double>(), std::sqrt(4.0 / 3), 1e-9);
  EXPECT_EQ(q["errors"][0]["node"], "4");
  EXPECT_EQ(q["errors"][0]["predicted"], 7);
  EXPECT_EQ(q["numbers"][0]["points"].size(), 3u);
  int64_t in_bins = 0;
  for (const Json& bin : q["numbers"][0]["residuals"]) in_bins += bin["nodes"].get<int64_t>();
  EXPECT_EQ(in_bins, 3);
}

TEST(Task, QualityOfAPositiveClass) {
  const Dataset data = classes({0, 1, 1, 0, 0, 0, 1, 0}, 2);
  const auto task = make_task(data, {});
  const Json q =
      task->quality(of_second_class({.1f, .9f, .3f, .8f, .3f, .2f, .6f, .3f}), {{}, {}, {0, 1, 2, 3, 4, 5, 6, 7}});
  const Json& half = q["positive"]["thresholds"][7];
  EXPECT_EQ(half["threshold"], .5);
  EXPECT_EQ(half["predicted"], 3);
  EXPECT_NEAR(half["f1"].get<double>(), 2 * 2. / (3 + 3), 1e-9);
  EXPECT_EQ(q["errors"][0]["node"], "3") << "a node without the class that got .8";
  EXPECT_NEAR(q["errors"][0]["probability"].get<double>(), .2, 1e-6);
}

TEST(Task, MissingLabelsDoNotCount) {
  const Dataset data = labels({1, 0, 0, kMissing, 1, 1}, 2);
  const Predictions p{2, {.9f, .2f, .1f, .9f, .8f, .4f}};
  EXPECT_DOUBLE_EQ(make_task(data, with_metric("accuracy"))->evaluate(p, {0, 1, 2}), 0.8);
  EXPECT_DOUBLE_EQ(make_task(data, with_metric("roc_auc"))->evaluate(p, {0, 1, 2}), 1.0);
}

TEST(Task, AutoPicksTheMetricByTheLabels) {
  EXPECT_EQ(make_task(classes({0, 1}, 2), {})->metric().name, "roc_auc");
  EXPECT_EQ(make_task(classes({0, 1, 2}, 3), {})->metric().name, "accuracy");
  EXPECT_EQ(make_task(labels({0, 1, 1, 1}, 2), {})->metric().name, "roc_auc");
  EXPECT_THROW(make_task(classes({0, 1}, 2), with_metric("f2")), Error);
  EXPECT_THROW(make_task(classes({0, 1, 2}, 3), with_metric("f1")), Error);
  EXPECT_THROW(make_task(classes({0, 1}, 2), with_metric("precision_at_0")), Error);
}

TEST(Task, OneLogitIsForTwoClassesOfOneLabelPerNode) {
  const auto one = [](const char* two_classes, const Dataset& data) {
    DataRecipe recipe;
    recipe.two_classes = two_classes;
    return make_task(data, recipe)->output_shape().one_logit;
  };
  EXPECT_TRUE(one("one_logit", classes({0, 1}, 2)));
  EXPECT_FALSE(one("two_logits", classes({0, 1}, 2)));
  EXPECT_FALSE(one("one_logit", classes({0, 2}, 3)));
  EXPECT_FALSE(one("one_logit", labels({0, 1, 1, 1}, 2)));
}

TEST(Task, LossOfClassesIsTheWeightedCrossEntropy) {
  const Dataset data = classes({0, 1, 1, 1, -1}, 2);
  const Tensor outputs = torch::tensor({{1., 2.}, {0., 1.}, {3., 0.}}, at::kFloat);
  const Tensor nodes = torch::tensor({0, 1, 3}, at::kLong);
  const Tensor each =
      -torch::stack({outputs.log_softmax(1)[0][0], outputs.log_softmax(1)[1][1], outputs.log_softmax(1)[2][1]});
  EXPECT_NEAR(make_task(data, {})->loss({0, 1, 2, 3})(outputs, nodes).item<double>(), each.mean().item<double>(), 1e-6);
  DataRecipe balanced;
  balanced.class_weights = "balanced";
  const Tensor weight = torch::tensor({4 / (2. * 1), 4 / (2. * 3), 4 / (2. * 3)}, at::kFloat);
  EXPECT_NEAR(make_task(data, balanced)->loss({0, 1, 2, 3})(outputs, nodes).item<double>(),
              ((each * weight).sum() / weight.sum()).item<double>(), 1e-6);
}

TEST(Task, LossOfLabelsIsTheMeanOverKnownLabels) {
  const Dataset data = labels({1, 0, kMissing, 1}, 2);
  const Tensor outputs = torch::tensor({{1., 2.}, {0.5, -1.}}, at::kFloat), p = outputs.sigmoid();
  const double expected =
      -(std::log(p[0][0].item<double>()) + std::log(1 - p[0][1].item<double>()) + std::log(p[1][1].item<double>())) / 3;
  const Tensor nodes = torch::tensor({0, 1}, at::kLong);
  EXPECT_NEAR(make_task(data, {})->loss({0, 1})(outputs, nodes).item<double>(), expected, 1e-6);
}

/// The sums over parts of the nodes, divided by the weight of all nodes, are the loss of all nodes.
TEST(Task, LossesOfPartsJoin) {
  DataRecipe balanced;
  balanced.class_weights = "balanced";
  std::vector<std::unique_ptr<Task>> tasks;
  const Dataset three = classes({0, 1, 2, 1, 1}, 3), some = labels({1, 0, kMissing, 1, 0, 0, 1, kMissing, 0, 1}, 2);
  const Dataset real = numbers({0, 1, 2, 3, 4}, 1);
  tasks.push_back(make_task(three, {}));
  tasks.push_back(make_task(three, balanced));
  tasks.push_back(make_task(some, {}));
  tasks.push_back(make_task(real, {}));
  const Tensor nodes = at::tensor(std::vector<int64_t>{4, 0, 3, 1, 2});
  for (const auto& task : tasks) {
    const std::vector<int32_t> train = {0, 1, 2, 3, 4};
    task->learn_from(train);
    const LossOfNodes loss = task->loss(train);
    const Tensor outputs = at::linspace(-2, 3, 5 * task->columns()).view({5, -1}).sin();
    const auto part = [&](int64_t begin, int64_t count) {
      return loss.sum(outputs.narrow(0, begin, count), nodes.narrow(0, begin, count));
    };
    EXPECT_NEAR(((part(0, 2) + part(2, 3)) / loss.weight(nodes)).item<double>(), loss(outputs, nodes).item<double>(),
                1e-6);
  }
}

TEST(Task, CellsOfThePredictionFile) {
  const auto line = [](const Dataset& data, int64_t node, std::vector<float> p) {
    std::string cells;
    make_task(data, {})->append_cells(node, p.data(), cells);
    return cells;
  };
  Dataset named = classes({0, 1, -1}, 2);
  named.class_names = {"a;b", "=c"};
  EXPECT_EQ(make_task(named, {})->file_columns(), (std::vector<std::string>{"label", "predicted", "p_a;b", "p_=c"}));
  EXPECT_EQ(line(named, 0, {.25f, .75f}), ",\"a;b\",'=c,0.25,0.75");
  EXPECT_EQ(line(named, 2, {.75f, .25f}), ",,\"a;b\",0.75,0.25");
  EXPECT_EQ(line(labels({1, kMissing, 0}, 3), 0, {.75f, .5f, .25f}), ",1||0,1|0|0,0.75,0.5,0.25");
  const Dataset many = classes({100}, 101);
  std::vector<float> p(101, 0.f);
  p[7] = .5f;
  EXPECT_EQ(make_task(many, {})->file_columns(), (std::vector<std::string>{"label", "predicted", "probability"}));
  EXPECT_EQ(line(many, 0, p), ",100,7,0.5");
}

TEST(Task, LabelsAndPredictionsAsJson) {
  Dataset named = classes({0, -1}, 2);
  named.class_names = {"no", "yes"};
  const auto one = make_task(named, {});
  EXPECT_EQ(one->label(0), "no");
  EXPECT_TRUE(one->label(1).is_null());
  const float p[] = {.4f, .6f};
  EXPECT_EQ(one->predicted(p), "yes");
  EXPECT_EQ(one->deciding_columns(torch::tensor({.1, .2})), (std::vector<int64_t>{1, 0}));
  const Dataset two = labels({1, 1, 0, kMissing}, 2);
  const auto several = make_task(two, {});
  EXPECT_EQ(several->label(0), Json({"0", "1"}));
  EXPECT_EQ(several->label(1), Json::array());
  EXPECT_EQ(several->predicted(p), Json({"1"}));
  EXPECT_EQ(several->deciding_columns(torch::tensor({.1, .2})), std::vector<int64_t>{1});
}

TEST(Task, GuessIsTheBestWithoutFeatures) {
  const Predictions shares = make_task(classes({0, 1, 1, -1}, 3), {})->guess({0, 1, 2});
  EXPECT_FLOAT_EQ(shares.row(3)[1], 2.f / 3);
  EXPECT_FLOAT_EQ(shares.row(0)[2], 0);
  const Predictions several = make_task(labels({1, 0, 1, kMissing, 0, 1}, 2), {})->guess({0, 1, 2});
  EXPECT_FLOAT_EQ(several.row(0)[0], 2.f / 3);
  EXPECT_FLOAT_EQ(several.row(2)[1], 1.f / 2);
}

TEST(Task, DecidingOutputsGiveTheSamePredictions) {
  const Tensor outputs = torch::tensor({{1., 2., 4.}, {0., 1., -1.}});
  for (const Dataset& data : {classes({0, 2}, 3), labels({0, 1, 1, 1, 0, 0}, 3)}) {
    const auto task = make_task(data, {});
    EXPECT_TRUE(at::allclose(task->predictions(task->deciding_outputs(outputs)), task->predictions(outputs)));
  }
}

TEST(Quality, OfClasses) {
  const Dataset data = classes({0, 1, 1, 0, 1, -1}, 2);
  const Predictions p{2, {.9f, .1f, .2f, .8f, .6f, .4f, .7f, .3f, .1f, .9f, .5f, .5f}};
  const Json q = make_task(data, {})->quality(p, {.train = {0, 1}, .val = {2}, .test = {3, 4}});
  EXPECT_EQ(q["task"], "classes");
  EXPECT_EQ(q["nodes"], 6);
  ASSERT_EQ(q["splits"].size(), 4u);
  EXPECT_EQ(q["splits"][3], Json({{"split", "none"}, {"nodes", 1}, {"labelled", 0}}));
  EXPECT_EQ(q["splits"][2]["accuracy"], 1.0);
  EXPECT_EQ(q["splits"][2]["roc_auc"], 1.0);
  EXPECT_NEAR(q["splits"][2]["log_loss"].get<double>(), -(std::log(.7) + std::log(.9)) / 2, 1e-6);
  EXPECT_TRUE(q["splits"][1]["roc_auc"].is_null()) << "one class alone";
  EXPECT_EQ(q["class_balance"]["rows"][0],
            Json({{"class", "1"}, {"nodes", 3}, {"train", 1}, {"val", 1}, {"test", 1}, {"none", 0}}));
  EXPECT_EQ(q["confusion"]["rows"], Json::parse("[[1, 0], [0, 1]]"));
  EXPECT_EQ(q["curves"]["rows"].size(), 1u);
  EXPECT_EQ(q["curves"]["rows"][0]["class"], "1");
}

TEST(Quality, OfSeveralLabels) {
  const Dataset data = labels({1, 0, 0, 1, 1, kMissing, kMissing, kMissing}, 2);
  const Predictions p{2, {.9f, .2f, .6f, .8f, .3f, .5f, .5f, .5f}};
  const Json q = make_task(data, {})->quality(p, {.train = {}, .val = {}, .test = {0, 1, 2}});
  EXPECT_EQ(q["task"], "labels");
  EXPECT_FALSE(q.contains("confusion"));
  EXPECT_EQ(q["splits"][0]["labelled"], 3);
  EXPECT_DOUBLE_EQ(q["splits"][0]["accuracy"].get<double>(), 3. / 5);
  EXPECT_EQ(q["splits"][1], Json({{"split", "none"}, {"nodes", 1}, {"labelled", 0}}));
  EXPECT_EQ(q["calibration"]["share_of"], "share with the label");
}

}  // namespace
}  // namespace graphsieve
