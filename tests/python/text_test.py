# SPDX-License-Identifier: Apache-2.0
"""Texts between the engine and Python: bytes that are no text, of paths and damaged files, are never a UnicodeError."""
import os
import pathlib
import shutil
import subprocess
import time
import unittest
import warnings

from python_testing import SHORT, EngineTest, Graph, np, pyg_like, settings_args

import graphsieve
from graphsieve import _engine
from graphsieve.runs import Run

ODD = os.fsdecode(b"gr\xff\xe9ph")  # a name in Latin 1, and a byte that no encoding has


class Texts(EngineTest):
    def fails(self, sentence, function):
        with self.assertRaises(graphsieve.Error) as caught:
            function()
        self.assertIn(sentence, str(caught.exception))
        str(caught.exception).encode()
        return str(caught.exception)

    def test_messages_show_the_bytes_of_a_path(self):
        shown = r"gr\xff\xe9ph"
        self.fails("no such file", lambda: graphsieve.graph_of(self.dir / f"{ODD}.npz"))
        (self.dir / f"{ODD}.npz").write_bytes(b"no archive")
        self.assertIn(shown, self.fails(shown, lambda: graphsieve.graph_of(self.dir / f"{ODD}.npz")))
        self.fails(shown, lambda: _engine.read_tensors(self.dir / ODD))
        self.fails(shown, lambda: _engine.read_scores(self.dir / ODD))
        self.fails("not a run folder", lambda: Run(self.dir / ODD))
        self.fails(shown, lambda: _engine.recipe_values(str(self.dir / ODD)))

    def test_a_graph_a_recipe_and_a_run_folder_at_odd_paths(self):
        graph = self.graph(name=f"{ODD}.npz")
        recipe = self.dir / f"{ODD}.yaml"
        recipe.write_text("estimator: {epochs: 2}\nnetwork: {epochs: 2, width: 8}\n")
        data = graphsieve.graph_of(graph)
        self.assertIn(r"gr\xff\xe9ph", repr(data))
        self.assertEqual(_engine.recipe_values(str(recipe))["network.width"], 8)
        model = graphsieve.NodeClassifier(recipe, out=self.dir / f"{ODD} run", progress=False).fit(pyg_like(Graph()))
        expected = model.predict_proba(data)
        model.save(self.dir / f"{ODD} saved")
        again = graphsieve.NodeClassifier.load(self.dir / f"{ODD} saved", data)
        np.testing.assert_array_equal(again.predict_proba(), expected)

    def test_texts_with_lone_surrogates_are_refused_in_words(self):
        data = pyg_like(Graph())

        def fit(**options):
            return lambda: graphsieve.NodeClassifier(progress=False, **options).fit(data)

        for odd, shown in (("\udcff", r"\xff"), ("\ud800", r"\ud800")):
            self.fails(shown, fit(settings={f"network.{odd}": 3}))
            self.fails(shown, fit(settings={"network.norm": odd}))
            self.fails(shown, fit(recipe=odd))
            self.fails(shown, fit(device=odd))
            data.edge_index[0, 0], kept = 1000, int(data.edge_index[0, 0])
            self.fails(shown, lambda: graphsieve.graph_of(data, name=odd))  # noqa: B023
            data.edge_index[0, 0] = kept

    def test_damaged_checkpoints_are_passed_over_with_a_warning(self):
        graph = self.graph()
        settings = {**SHORT, "network.epochs": 2000}
        unfinished = self.dir / ".cut.unfinished"
        process = subprocess.Popen([os.environ["GRAPHSIEVE_PROGRAM"], "run", graph, "--out", "cut", "--checkpoint", "0", "--quiet",
                                    *settings_args(settings)], cwd=self.dir)
        files = [unfinished / "checkpoint" / f"checkpoint-{i}.safetensors" for i in (0, 1)]
        while process.poll() is None and not all(f.exists() for f in files):
            time.sleep(0.01)
        self.assertIsNone(process.poll(), "the run ended before its second checkpoint")
        process.kill(), process.wait()
        kept = self.dir / "kept"
        shutil.copytree(unfinished, kept)

        class Enough(Exception):
            pass

        class Stopping:  # as soon as it goes on
            def start(self, name, recipe): ...
            def end(self, figures): ...

            def epoch(self, number, values):
                if number > 0:
                    raise Enough

        def resume():
            model = graphsieve.NodeClassifier(settings=settings, out=self.dir / "cut", resume=True, progress=False, trackers=[Stopping()])
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    model.fit(graph)
                except Enough:
                    pass
            return [str(w.message) for w in caught if w.category is graphsieve.GraphsieveWarning]

        random = np.random.default_rng(0)
        for place in [0, 7, 8, 9, *(int(p) for p in random.integers(12, 2000, 6)), -1]:
            with self.subTest(place=place):
                shutil.rmtree(unfinished, ignore_errors=True)
                shutil.copytree(kept, unfinished)
                for file in files:
                    data = bytearray(file.read_bytes())
                    data[place] ^= 0xFF
                    file.write_bytes(data)
                notes = resume()
                self.assertTrue(any("a damaged checkpoint is passed over" in note for note in notes), notes)
                for note in notes:
                    note.encode()

    def test_a_damaged_result_is_an_error(self):
        run = pathlib.Path(self.run_folder(self.graph(), *settings_args(SHORT)))
        whole = (run / "result.json").read_bytes()
        for damaged in (whole.replace(b'"runs"', b'"r\xffns"'), b"\xff\xfe" + whole, b"[" * 100_000, whole[:100], b"", b"\x00" * 10,
                        whole.replace(b"{", b"[", 1)):
            (run / "result.json").write_bytes(damaged)
            self.fails("result.json", lambda: Run(run))


if __name__ == "__main__":
    unittest.main()
