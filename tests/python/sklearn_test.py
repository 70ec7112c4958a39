# SPDX-License-Identifier: Apache-2.0
"""Models as scikit-learn's estimators of the nodes of one graph: node numbers as inputs, splits, scores, clones, pickles, pictures."""
import copy
import importlib.util
import json
import pickle
import subprocess
import sys
import unittest
import warnings

from python_testing import SHORT, EngineTest, Graph, np, pyg_like

import graphsieve

HAS_SKLEARN = importlib.util.find_spec("sklearn") is not None
HAS_MATPLOTLIB = importlib.util.find_spec("matplotlib") is not None
needs_sklearn = unittest.skipUnless(HAS_SKLEARN, "scikit-learn is not there")

# The checks of scikit-learn's check_estimator that apply to an estimator whose inputs are numbers of the nodes of one graph. All others
# call fit, or index X, as a matrix of features with any rows.
CHECKS = {"check_estimator_cloneable", "check_estimator_tags_renamed", "check_valid_tag_types", "check_estimator_repr",
          "check_no_attributes_set_in_init", "check_estimators_unfitted", "check_do_not_raise_errors_in_init_or_set_params",
          "check_n_features_in_after_fitting", "check_mixin_order", "check_decision_proba_consistency", "check_transformers_unfitted",
          "check_parameters_default_constructible", "check_get_params_invariance", "check_set_params"}


def model(kind=graphsieve.NodeClassifier, **options):
    return kind(settings=SHORT, progress=False, recipe="default", **options)


class Nodes(EngineTest):
    """Inputs that are numbers of nodes."""

    def setUp(self):
        super().setUp()
        self.data = pyg_like(Graph())
        self.y = self.data.y.numpy()
        self.nodes = np.arange(0, 80, 2)

    def test_only_the_given_labels_are_seen(self):
        first = model(graph=self.data).fit(self.nodes, self.y[self.nodes])
        other = pyg_like(Graph())
        other.y[1::2] = (other.y[1::2] + 1) % 3
        second = model(graph=other).fit(self.nodes, self.y[self.nodes])
        np.testing.assert_array_equal(first.predict_proba(), second.predict_proba())
        del other.y
        third = model(graph=other).fit(self.nodes, self.y[self.nodes])
        np.testing.assert_array_equal(first.predict_proba(), third.predict_proba())

    def test_a_part_of_the_nodes_chooses_the_epoch(self):
        split = {part: self.parts(validation_fraction=share) for part, share in (("some", 0.25), ("none", 0))}
        self.assertEqual([len(split["some"][part]) for part in ("train", "val", "test")], [30, 10, 0])
        self.assertEqual(split["none"], {"train": self.nodes.tolist(), "val": [], "test": []})
        self.assertEqual(sorted(split["some"]["train"] + split["some"]["val"]), self.nodes.tolist())

    def parts(self, **options):
        fitted = model(graph=self.data, **options).fit(self.nodes, self.y[self.nodes])
        found = json.loads((fitted.run_ / "split.json").read_text())
        return {part: sorted(found[part]) for part in ("train", "val", "test")}

    def test_predictions_of_some_nodes(self):
        fitted = model(graph=self.data).fit(self.nodes, self.y[self.nodes])
        some = np.array([7, 3, 60])
        np.testing.assert_array_equal(fitted.predict(some), fitted.predict()[some])
        np.testing.assert_array_equal(fitted.predict_proba(some[:, None]), fitted.predict_proba()[some])
        np.testing.assert_array_equal(fitted.transform(some), fitted.transform()[some])
        self.assertEqual(fitted.table(some)["node"].tolist(), some.tolist())
        mask = np.zeros(80, bool)
        mask[[3, 7, 60]] = True
        np.testing.assert_array_equal(fitted.predict(mask), fitted.predict([3, 7, 60]))
        self.assertEqual(fitted.score(some, self.y[some]), (fitted.predict(some) == self.y[some]).mean())
        self.assertEqual(fitted.score(some, self.y[some], sample_weight=[0, 0, 1]), float(fitted.predict([60])[0] == self.y[60]))

    def test_classes_are_those_of_y(self):
        words = np.array(["no", "yes"])[(self.y[self.nodes] > 0).astype(int)]
        self.assertEqual(model(graph=self.data).fit(self.nodes, words).classes_.tolist(), ["no", "yes"])
        signs = np.where(self.y[self.nodes] > 0, 1, -1)
        fitted = model(graph=self.data).fit(self.nodes, signs)
        self.assertEqual(fitted.classes_.tolist(), [-1, 1])
        self.assertLessEqual(set(fitted.predict().tolist()), {-1, 1})

    def test_several_labels_and_numbers(self):
        several = np.stack([self.y == 0, self.y == 1, self.y > 0], 1).astype(int)
        fitted = model(graph=self.data).fit(self.nodes, several[self.nodes])
        self.assertEqual(fitted.predict([1, 2]).shape, (2, 3))
        self.assertTrue(0 <= fitted.score(self.nodes, several[self.nodes]) <= 1)
        numbers = self.data.x[:, 0].numpy() * 3 + 1
        regressor = model(graphsieve.NodeRegressor, graph=self.data).fit(self.nodes, numbers[self.nodes])
        predicted = regressor.predict(self.nodes).astype(float)
        errors, mean = ((numbers[self.nodes] - predicted)**2).sum(), numbers[self.nodes].mean()
        self.assertAlmostEqual(regressor.score(self.nodes, numbers[self.nodes]), 1 - errors / ((numbers[self.nodes] - mean)**2).sum(), places=6)

    def test_graphs_of_every_kind(self):
        path = self.graph()
        folder = self.dir / "folder"
        self.call("convert", path, "--out", folder)
        expected = model(graph=graphsieve.graph_of(path)).fit(self.nodes, self.y[self.nodes]).predict_proba()
        for graph in (path, folder, graphsieve.graph_of(folder)):
            np.testing.assert_array_equal(model(graph=graph).fit(self.nodes, self.y[self.nodes]).predict_proba(), expected)

    def test_says_what_does_not_fit(self):
        one = model(graph=self.data)
        for nodes, y, message in (([0, 80], [0, 1], "node 80, expected 0 to 79"), ([-1, 2], [0, 1], "node -1"),
                                  ([3, 3], [0, 1], "node 3 occurs 2 times"), ([0.5, 1], [0, 1], "float64"),
                                  (self.nodes, [0, 1], "expected the labels of 40 nodes"), (self.nodes, None, "y: absent"),
                                  ([1, 2, 3], [0, 1, 0], "validation_fraction 0.1 chooses none"),
                                  (self.nodes, np.where(self.nodes == 4, np.nan, 1.0), "y: entry 2 is nan"),
                                  (np.ones(7, bool), np.ones(7), r"a mask of shape \[7\], expected \[80\]")):
            with self.subTest(message=message), self.assertRaisesRegex(graphsieve.Error, message):
                one.fit(nodes, y)
        with self.assertRaisesRegex(graphsieve.Error, "validation_fraction is 1"):
            model(graph=self.data, validation_fraction=1).fit(self.nodes, self.y[self.nodes])
        with self.assertRaisesRegex(graphsieve.Error, "split: names nodes"):
            model(graph=self.data, split={"train": [1]}).fit(self.nodes, self.y[self.nodes])


class Splits(EngineTest):
    """Splits that the user names."""

    def split_of(self, split):
        fitted = model(split=split).fit(pyg_like(Graph()))
        found = json.loads((fitted.run_ / "split.json").read_text())
        return [sorted(found[part]) for part in ("train", "val", "test")]

    def test_lists_masks_and_all(self):
        mask = np.zeros(80, bool)
        mask[50:60] = True
        expected = [list(range(30)), list(range(50, 60)), [*range(30, 50), *range(60, 80)]]
        self.assertEqual(self.split_of({"train": range(30), "val": mask, "test": "all"}), expected)
        self.assertEqual(self.split_of({"train": "all", "val": np.arange(20)}), [list(range(20, 80)), list(range(20)), []])

    def test_says_what_does_not_fit(self):
        for split, message in (({"val": [1]}, "expected train"), ({"train": [1], "valid": [2]}, "expected train, and perhaps"),
                               ({"train": [1, 2], "val": [2]}, "node 2 is in val and in another part"),
                               ({"train": "all", "test": "all"}, "for one part 'all'"), ({"train": "rest"}, "'rest'"),
                               ({"train": [99]}, "split: train: node 99")):
            with self.subTest(message=message), self.assertRaisesRegex(graphsieve.Error, message):
                model(split=split).fit(pyg_like(Graph()))


class Kept(EngineTest):
    """Pickles and copies."""

    def test_pickles_of_fitted_models(self):
        data = pyg_like(Graph())
        fitted = model().fit(data)
        expected = fitted.predict_proba()
        content = pickle.dumps(fitted)
        run = fitted.run_
        del fitted
        self.assertFalse(run.exists())
        back = pickle.loads(content)
        np.testing.assert_array_equal(back.predict_proba(data), expected)
        self.assertEqual(back.classes_.tolist(), [0, 1, 2])
        with self.assertRaisesRegex(graphsieve.Error, "has not kept the graph"):
            back.predict()
        np.testing.assert_array_equal(copy.deepcopy(back).predict_proba(data), expected)
        nodes = np.arange(40)
        of_nodes = model(graph=self.graph()).fit(nodes, data.y.numpy()[nodes])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(of_nodes)).predict_proba([70, 5]), of_nodes.predict_proba([70, 5]))

    def test_what_a_notebook_shows(self):
        one = model()
        self.assertIn("NodeClassifier(", one._repr_html_())
        shown = one.fit(pyg_like(Graph()))._repr_mimebundle_()
        self.assertIn("<th style='text-align:left'>graph</th>", shown["text/html"])
        self.assertIn("80 nodes", shown["text/html"])
        self.assertNotIn("<", shown["text/plain"])

    @unittest.skipUnless(HAS_MATPLOTLIB, "matplotlib is not there")
    def test_pictures(self):
        import matplotlib
        matplotlib.use("Agg")
        fitted = model().fit(pyg_like(Graph()))
        figures = [fitted.plot_curves(), fitted.plot_attention_kept(), fitted.plot_confusion()]
        for figure in figures:
            self.assertEqual(len(figure.axes), 1)
            figure.savefig(self.dir / "picture.png")
        kept = [line.get_ydata() for line in figures[1].axes[0].lines]
        self.assertEqual(len(kept), 4)
        for shares in kept:
            self.assertTrue((np.diff(shares) >= -1e-6).all() and 0 < shares[0] <= shares[-1] <= 1 + 1e-5)

    def test_unfitted(self):
        with self.assertRaisesRegex(graphsieve.Error, "not fitted yet"):
            model().predict()
        with self.assertRaisesRegex(graphsieve.Error, "not fitted yet"):
            model().plot_curves()

    def test_without_scikit_learn(self):
        program = ("import sys; sys.modules['sklearn'] = None\n"
                   "import graphsieve; m = graphsieve.NodeClassifier(split=3)\n"
                   "assert m.get_params()['split'] == 3 and m.set_params(**{'settings__network.width': 8}).settings == {'network.width': 8}\n"
                   "try: m.predict()\nexcept graphsieve.Error as e: print(e)")
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertIn("not fitted yet", said.stdout, said.stderr)


@needs_sklearn
class ScikitLearn(EngineTest):
    """Functions of scikit-learn on the nodes of one graph."""

    def setUp(self):
        super().setUp()
        self.graph_ = graphsieve.graph_of(pyg_like(Graph()))
        self.nodes, self.y = np.arange(80), Graph().node_labels

    def test_cross_validation_and_search(self):
        from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
        folds = StratifiedKFold(2)
        scores = cross_val_score(model(graph=self.graph_), self.nodes, self.y, cv=folds)
        expected = []
        for train, test in folds.split(self.nodes, self.y):
            expected.append((model(graph=self.graph_).fit(train, self.y[train]).predict(test) == self.y[test]).mean())
        self.assertEqual(scores.tolist(), expected)
        search = GridSearchCV(model(graph=self.graph_), {"settings__network.width": [4, 8]}, cv=2).fit(self.nodes, self.y)
        self.assertEqual(len(search.cv_results_["params"]), 2)
        self.assertEqual(search.predict([0, 1]).shape, (2,))

    def test_calibration(self):
        from sklearn.calibration import CalibratedClassifierCV
        calibrated = CalibratedClassifierCV(model(graph=self.graph_), cv=2).fit(self.nodes, self.y)
        self.assertEqual(calibrated.predict_proba([1, 2, 3]).shape, (3, 3))

    def test_scores_with_weights(self):
        from sklearn.metrics import accuracy_score, r2_score
        weights = np.random.default_rng(0).random(80)
        one = model(graph=self.graph_).fit(self.nodes, self.y)
        self.assertAlmostEqual(one.score(self.nodes, self.y, weights), accuracy_score(self.y, one.predict(), sample_weight=weights), places=12)
        for numbers in (Graph().node_features[:, 0], Graph().node_features[:, :2], np.full(80, 3.0)):
            two = model(graphsieve.NodeRegressor, graph=self.graph_).fit(self.nodes, numbers)
            for given in (None, weights):
                expected = r2_score(numbers, two.predict(), sample_weight=given)
                self.assertAlmostEqual(two.score(self.nodes, numbers, given), expected, places=5)

    def test_clone_tags_and_errors(self):
        from sklearn.base import clone, is_classifier, is_regressor
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted
        one = model(graph=self.graph_, seed=4)
        twin = clone(one)
        self.assertEqual(twin.get_params(), one.get_params())
        self.assertTrue(is_classifier(one) and is_regressor(graphsieve.NodeRegressor()))
        with self.assertRaises(NotFittedError):
            check_is_fitted(one)
        with self.assertRaises(NotFittedError):
            one.predict()
        check_is_fitted(one.fit(self.nodes, self.y))

    def test_checks_of_estimators(self):
        from sklearn.utils.estimator_checks import estimator_checks_generator
        for kind in (graphsieve.NodeClassifier, graphsieve.NodeRegressor):
            seen = set()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for estimator, check in estimator_checks_generator(kind()):
                    name = getattr(check, "func", check).__name__
                    if name in CHECKS:
                        seen.add(name)
                        with self.subTest(kind=kind.__name__, check=name):
                            check(estimator)
            self.assertGreaterEqual(len(seen), 10, seen)


if __name__ == "__main__":
    unittest.main()
