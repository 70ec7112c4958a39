# SPDX-License-Identifier: Apache-2.0
"""Saved models and the Hugging Face Hub, for which a module stands in that keeps repositories as folders; no network."""
import json
import pathlib
import shutil
import sys
import types
import unittest
import unittest.mock

from python_testing import SHORT, EngineTest, Graph, np, pyg_like

import graphsieve


def classifier(**options):
    return graphsieve.NodeClassifier(settings=SHORT, progress=False, **options)


class StandIn:
    """huggingface_hub's calls that are used, on folders below `root`. It notes what it was asked."""

    def __init__(self, root):
        self.root, self.asked = root, []
        self.module = types.SimpleNamespace(HfApi=self.api, snapshot_download=self.snapshot_download)

    def api(self, token=None):
        self.asked.append(("token", token))
        return self

    def create_repo(self, *, repo_id, private=None, exist_ok=False):
        self.asked.append(("create", repo_id, private))
        (self.root / repo_id).mkdir(parents=True, exist_ok=exist_ok)
        return types.SimpleNamespace(repo_id=repo_id)

    def upload_folder(self, *, repo_id, folder_path, revision=None, commit_message=None):
        self.asked.append(("upload", repo_id, revision, commit_message))
        shutil.copytree(folder_path, self.root / repo_id, dirs_exist_ok=True)
        return f"stand-in://{repo_id}"

    def snapshot_download(self, repo_id, **options):
        self.asked.append(("download", repo_id, options))
        return str(self.root / repo_id)


class Saved(EngineTest):
    def setUp(self):
        super().setUp()
        self.data = pyg_like(Graph())

    def test_a_folder_there_and_back(self):
        fitted = classifier().fit(self.data)
        fitted.save_pretrained(self.dir / "saved")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir() if p.name.startswith(".")), [])
        self.assertFalse({"predictions.csv", "quality.json", "scores"} & {p.name for p in (self.dir / "saved").iterdir()})
        back = graphsieve.NodeClassifier.from_pretrained(self.dir / "saved")
        np.testing.assert_array_equal(back.predict_proba(self.data), fitted.predict_proba())
        self.assertEqual((back.classes_.tolist(), back.n_features_in_), (fitted.classes_.tolist(), fitted.n_features_in_))
        with self.assertRaisesRegex(graphsieve.Error, "has not kept the graph"):
            back.predict()
        self.call("predict", self.dir / "saved", Graph().write(self.dir / "data.npz"), "--out", self.dir / "p.csv")
        with self.assertRaisesRegex(graphsieve.Error, "already exists"):
            fitted.save_pretrained(self.dir / "saved")
        again = graphsieve.NodeClassifier.from_pretrained(self.dir / "saved")
        again.save_pretrained(self.dir / "again")
        self.assertEqual((self.dir / "again" / "config.json").read_text(), (self.dir / "saved" / "config.json").read_text())

    def test_classes_that_are_texts_or_numbers(self):
        for names in (np.array(["ant", "bee", "cat"]), np.array([-1, 5, 9])):
            fitted = classifier(graph=self.data).fit(np.arange(80), names[self.data.y.numpy()])
            fitted.save_pretrained(self.dir / f"saved-{names[0]}")
            back = graphsieve.NodeClassifier.from_pretrained(self.dir / f"saved-{names[0]}")
            self.assertEqual(back.classes_.tolist(), names.tolist())
            self.assertEqual(back.predict(self.data).tolist(), fitted.predict().tolist())

    def test_numbers_to_predict(self):
        numbers = np.stack([self.data.x[:, 0].numpy(), self.data.x[:, 1].numpy()], 1)
        fitted = graphsieve.NodeRegressor(settings=SHORT, progress=False, graph=self.data).fit(np.arange(80), numbers)
        fitted.save_pretrained(self.dir / "saved")
        back = graphsieve.NodeRegressor.from_pretrained(self.dir / "saved")
        np.testing.assert_array_equal(back.predict(self.data), fitted.predict())
        with self.assertRaisesRegex(graphsieve.Error, "a NodeRegressor, expected a NodeClassifier"):
            graphsieve.NodeClassifier.from_pretrained(self.dir / "saved")

    def test_the_card_tells_the_run(self):
        fitted = classifier().fit(self.data)
        fitted.save_pretrained(self.dir / "saved")
        card = (self.dir / "saved" / "README.md").read_text()
        run = fitted.result_["runs"][0]
        self.assertTrue(card.startswith("---\nlibrary_name: graphsieve\n"))
        for text in (f"value: {run['test']}", "node-classification", "80, ", f"{run['network']['parameters']:,}", "from_pretrained("):
            self.assertIn(text, card)
        try:
            import yaml
        except ImportError:
            return
        front = yaml.safe_load(card.split("---")[1])
        self.assertEqual(front["model-index"][0]["results"][0]["metrics"][1]["value"], run["test"])

    def test_what_is_no_saved_model(self):
        fitted = classifier(out=self.dir / "run").fit(self.data)
        (self.dir / "empty").mkdir()
        (self.dir / "odd").mkdir()
        (self.dir / "odd" / "config.json").write_text("[1]")
        (self.dir / "torn").mkdir()
        (self.dir / "torn" / "config.json").write_text("{")
        fitted.save_pretrained(self.dir / "cut")
        (self.dir / "cut" / "network.safetensors").unlink()
        for folder, message in (("run", "expected a folder of save_pretrained"), ("empty", "No such file"), ("odd", "no model of graphsieve"),
                                ("torn", "not JSON")):
            with self.subTest(folder=folder), self.assertRaisesRegex(graphsieve.Error, message):
                graphsieve.NodeClassifier.from_pretrained(self.dir / folder)
        with self.assertRaisesRegex(graphsieve.Error, "network.safetensors"):
            graphsieve.NodeClassifier.from_pretrained(self.dir / "cut").predict(self.data)
        with self.assertRaisesRegex(graphsieve.Error, "not fitted yet"):
            classifier().save_pretrained(self.dir / "none")
        self.assertFalse((self.dir / "none").exists())

    def test_the_hub(self):
        stand_in = StandIn(self.dir / "hub")
        fitted = classifier().fit(self.data)
        with unittest.mock.patch.dict(sys.modules, {"huggingface_hub": stand_in.module}):
            self.assertEqual(fitted.push_to_hub("me/fraud", private=True, token="secret", branch="new"), "stand-in://me/fraud")
            self.assertEqual(stand_in.asked, [("token", "secret"), ("create", "me/fraud", True),
                                              ("upload", "me/fraud", "new", "A model of graphsieve")])
            back = graphsieve.NodeClassifier.from_pretrained("me/fraud", revision="new")
            self.assertEqual(stand_in.asked[-1], ("download", "me/fraud", {"revision": "new"}))
            np.testing.assert_array_equal(back.predict_proba(self.data), fitted.predict_proba())
            fitted.save_pretrained(self.dir / "other", push_to_hub=True, repo_id="me/other")
            self.assertTrue((self.dir / "hub" / "me" / "other" / "config.json").exists())
        for file in (self.dir / "hub").rglob("*"):
            if file.is_file():
                self.assertNotIn(b"secret", file.read_bytes())
        with unittest.mock.patch.dict(sys.modules, {"huggingface_hub": None}), self.assertRaisesRegex(graphsieve.Error, "pip install huggingface_hub"):
            fitted.push_to_hub("me/fraud")

    def test_config_names_no_path(self):
        fitted = classifier(out=self.dir / "run").fit(self.data)
        fitted.save_pretrained(self.dir / "saved")
        config = json.loads((self.dir / "saved" / "config.json").read_text())
        self.assertEqual(set(config), {"features", "label_kind", "columns", "classes", "library_name", "kind"})
        self.assertNotIn(str(pathlib.Path(self.dir)), (self.dir / "saved" / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
