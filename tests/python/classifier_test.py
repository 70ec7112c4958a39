# SPDX-License-Identifier: Apache-2.0
"""fit and predict: the program's bits, every form of data, the process left as it was, Ctrl-C, the program's sentences."""
import contextlib
import copy
import csv
import io
import os
import pickle
import signal
import threading
import time
import types
import unittest
import warnings

import networkx
import scipy.sparse

from python_testing import HAS_PYG, SHORT, EngineTest, Graph, np, pyg_like, settings_args, torch, without_checksums

import graphsieve
from graphsieve import _engine


def classifier(**options):
    settings = {**SHORT, **options.pop("settings", {})}
    return graphsieve.NodeClassifier(**{"settings": settings, "progress": False, **options})


def adjacency(graph):
    return scipy.sparse.csr_array((np.ones(len(graph.edges)), tuple(graph.edges.T)), shape=(80, 80))


class Fit(EngineTest):
    def test_is_the_programs_run_to_the_bit(self):
        path = self.graph()
        run = self.run_folder(path, *settings_args(SHORT), "--seed", 3, "--split", 1)
        of_path = classifier(seed=3, split=1, out=self.dir / "path").fit(path)
        self.assert_same_files(run, of_path.run_)
        of_data = classifier(seed=3, split=1, out=self.dir / "data", threads=3).fit(pyg_like(Graph()))
        self.assert_same_files(run, of_data.run_)
        for key in ("nodes", "edges", "fingerprint", "features"):
            self.assertEqual(self.result(run)["graph"][key], of_data.result_["graph"][key])

    def test_predictions_follow_the_threshold(self):
        graph = Graph(classes=4)
        graph.node_labels = (graph.node_labels == 3).astype(np.int64)
        model = classifier(settings={"data.threshold": "f1", "data.calibration": "temperature"}).fit(pyg_like(graph))
        with open(model.run_ / "predictions.csv", newline="") as file:
            predicted = [int(row["predicted"]) for row in csv.DictReader(file)]
        self.assertEqual(model.predict().tolist(), predicted)
        self.assertNotEqual(model.predict().tolist(), model.predict_proba().argmax(1).tolist())
        self.assertEqual(model.table()["predicted"].tolist(), predicted)

    @unittest.skipUnless(HAS_PYG, "PyG is not there")
    def test_takes_pygs_data(self):
        from torch_geometric.data import Data
        data = Data(**vars(pyg_like(Graph())))
        model = classifier().fit(data)
        self.assertEqual(model.predict(data).shape, (80,))

    def test_predicts_what_the_run_predicted(self):
        model = classifier().fit(pyg_like(Graph()))
        with open(model.run_ / "predictions.csv") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([int(r["predicted"]) for r in rows], model.predict().tolist())
        np.testing.assert_array_equal(np.array([[float(r[f"p_{c}"]) for c in range(3)] for r in rows], np.float32), model.predict_proba())
        self.assertEqual(model.transform().shape, (80, 8))
        path = self.dir / "embeddings.npy"
        self.call("predict", model.run_, Graph().write(self.dir / "data.npz"), "--out", self.dir / "p.csv", "--embeddings", path)
        np.testing.assert_array_equal(np.load(path), model.transform())

    def test_predicts_on_another_graph_without_labels(self):
        model = classifier().fit(pyg_like(Graph()))
        other = pyg_like(Graph(seed=1))
        del other.y, other.train_mask, other.val_mask, other.test_mask
        self.assertEqual(model.predict(other).shape, (80,))

    def test_matrices_texts_and_sparse_features(self):
        g = Graph()
        a = adjacency(g)
        names = np.array(["ant", "bee", "cat"])[g.node_labels]
        model = classifier().fit((a, g.node_features), names)
        self.assertEqual(model.classes_.tolist(), ["ant", "bee", "cat"])
        self.assertLessEqual(set(model.predict().tolist()), {"ant", "bee", "cat"})
        sparse = classifier().fit((a, scipy.sparse.csr_array(np.abs(g.node_features) * (g.node_features > 1)), names))
        self.assertEqual(sparse.predict_proba().shape, (80, 3))

    def test_networkx_with_the_users_ids(self):
        g = Graph()
        graph = networkx.Graph()
        for i in range(80):
            graph.add_node(f"node {i}", x=g.node_features[i].tolist(), y=int(g.node_labels[i]))
        graph.add_edges_from((f"node {u}", f"node {v}") for u, v in g.edges)
        model = classifier().fit(graph)
        table = model.table(embeddings=True)
        self.assertEqual(table["node"].tolist(), [f"node {i}" for i in range(80)])
        self.assertEqual(list(table), ["node", "predicted", "p_0", "p_1", "p_2", *(f"h_{i}" for i in range(8))])
        np.testing.assert_array_equal(table["h_3"], model.transform()[:, 3])
        self.assertNotIn("h_0", model.table())

    def test_several_labels_a_node(self):
        data = pyg_like(Graph())
        data.y = torch.nn.functional.one_hot(data.y, 4).float()
        data.y[:20, 3] = 1
        model = classifier().fit(data)
        self.assertEqual(model.predict().shape, (80, 4))
        self.assertLessEqual(set(model.predict().ravel().tolist()), {0, 1})
        del data.y
        self.assertEqual(model.predict(data).shape, (80, 4))
        with self.assertRaisesRegex(graphsieve.Error, "one class per node, the run was trained on several labels per node"):
            model.predict(pyg_like(Graph()))

    def test_classes_in_a_column(self):
        data = pyg_like(Graph())
        expected = classifier().fit(data).predict_proba()
        data.y = data.y[:, None]
        np.testing.assert_array_equal(classifier().fit(data).predict_proba(), expected)

    def test_saved_and_loaded(self):
        path = self.graph()
        model = classifier().fit(path)
        model.save(self.dir / "kept")
        again = graphsieve.NodeClassifier.load(self.dir / "kept")
        np.testing.assert_array_equal(again.predict_proba(), model.predict_proba())
        self.call("predict", self.dir / "kept", "--out", self.dir / "p.csv")

    def test_scikit_learns_manners(self):
        model = graphsieve.NodeClassifier("minesweeper", seed=3)
        self.assertEqual(graphsieve.NodeClassifier(**model.get_params()).get_params(), model.get_params())
        self.assertEqual(model.set_params(seed=4).seed, 4)
        self.assertEqual(repr(model), "NodeClassifier(recipe='minesweeper', seed=4)")


class Process(EngineTest):
    """What the engine changes of the process is its own only while it runs."""

    def test_torch_is_as_it_was_and_does_not_matter(self):
        graph = graphsieve.graph_of(pyg_like(Graph()))
        expected = classifier(out=self.dir / "expected").fit(graph)
        threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
        self.addCleanup(torch.set_num_threads, threads)
        self.addCleanup(torch.set_default_dtype, dtype)
        torch.set_num_threads(3)
        torch.set_default_dtype(torch.float64)
        with torch.inference_mode():
            model = classifier(out=self.dir / "changed").fit(graph)
            model.predict()
        self.assertEqual((torch.get_num_threads(), torch.get_default_dtype()), (3, torch.float64))
        seen = []
        thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        thread.start(), thread.join()
        self.assertEqual(seen, [3])
        self.assert_same_files(expected.run_, model.run_)
        counted = _engine.tensor_bytes()
        kept = torch.zeros(1 << 20)
        self.assertEqual(_engine.tensor_bytes(), counted, "torch's allocator is still the engine's")
        del kept

    def test_other_threads_run_meanwhile(self):
        turns, done = [0], threading.Event()

        def count():
            while not done.wait(0.005):
                turns[0] += 1

        thread = threading.Thread(target=count)
        thread.start()
        began = time.monotonic()
        classifier(settings={"network.epochs": 40}).fit(graphsieve.minesweeper(30))
        seconds = time.monotonic() - began
        done.set(), thread.join()
        self.assertGreater(turns[0], seconds * 20)

    def test_two_at_once_take_turns(self):
        graph = graphsieve.graph_of(pyg_like(Graph()))
        expected = classifier().fit(graph).predict_proba()
        results = [None, None]

        def fit(i):
            results[i] = classifier().fit(graph).predict_proba()

        threads = [threading.Thread(target=fit, args=(i,)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            np.testing.assert_array_equal(result, expected)

    def test_ctrl_c_stops_it_and_it_works_again(self):
        graph = graphsieve.minesweeper(40)
        out = self.dir / "interrupted"
        # A shell's background jobs begin with Ctrl-C ignored.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            classifier(out=out, settings={"estimator.epochs": 100000}).fit(graph)
        self.assertLess(time.monotonic() - began, 60)
        self.assertFalse(out.exists())
        classifier().fit(graph)

    def test_progress_is_heard_on_the_calling_thread(self):
        heard = []

        class Listener:
            def note(self, text):
                heard.append(("note", threading.get_ident()))

            information = note

            def stage(self, name, steps):
                heard.append((name, threading.get_ident()))

            def step(self, done, status):
                heard.append((done, threading.get_ident()))

        graph = graphsieve.minesweeper(20)
        settings = [f"{k}={v}" for k, v in SHORT.items()]
        _engine.run(graph.engine, graph.recipe, settings, self.dir / "run", listener=Listener())
        self.assertTrue({"estimator", "network", 3} <= {what for what, _ in heard})
        self.assertEqual({thread for _, thread in heard}, {threading.get_ident()})

        class Failing(Listener):
            def stage(self, name, steps):
                raise RuntimeError("no more")

        with self.assertRaisesRegex(RuntimeError, "no more"):
            _engine.run(graph.engine, graph.recipe, settings, self.dir / "other", listener=Failing())


class Warnings(EngineTest):
    """Notes are warnings of the package's own class, at the user's line; information is none."""

    def odd(self):
        data = pyg_like(Graph())
        data.edge_index = torch.cat([data.edge_index, torch.tensor([[3], [3]])], 1)  # a self loop
        return data

    def test_a_note_is_a_warning_with_and_without_progress(self):
        for progress in False, True:
            with self.subTest(progress=progress), warnings.catch_warnings(record=True) as caught, \
                    contextlib.redirect_stderr(io.StringIO()) as printed:
                warnings.simplefilter("always")
                model = classifier(progress=progress).fit(self.odd())
                model.predict(self.odd())
            texts = [str(w.message) for w in caught if issubclass(w.category, graphsieve.GraphsieveWarning)]
            self.assertTrue(any("join a node to itself" in text for text in texts), texts)
            self.assertEqual({w.filename for w in caught}, {__file__})
            self.assertEqual({w.category for w in caught}, {graphsieve.GraphsieveWarning})
            self.assertEqual("recipe" in printed.getvalue(), progress)
            self.assertNotIn("recipe", " ".join(texts))

    def test_a_filter_ignores_it_or_makes_it_an_error(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", category=graphsieve.GraphsieveWarning)
            classifier().fit(self.odd())
        with warnings.catch_warnings():
            warnings.filterwarnings("error", category=graphsieve.GraphsieveWarning)
            with self.assertRaisesRegex(graphsieve.GraphsieveWarning, "join a node to itself"):
                classifier(out=self.dir / "stopped", settings={"network.epochs": 5000}).fit(self.odd())  # long enough to be stopped
            self.assertFalse((self.dir / "stopped").exists())
            with self.assertRaisesRegex(graphsieve.GraphsieveWarning, "join a node to itself"):
                classifier(progress=True, trackers=[Silent()]).fit(self.odd())
        self.assertTrue(issubclass(graphsieve.GraphsieveWarning, UserWarning))

    def test_an_ordinary_run_warns_of_nothing(self):
        graph = graphsieve.graph_of(pyg_like(Graph()))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = classifier(settings={"network.epsilon": 0.9, "estimator.epochs": 40}).fit(graph)
            model.predict(graph)


class Silent:
    """A tracker that writes nothing."""

    def start(self, name, recipe): ...
    def epoch(self, number, values): ...
    def end(self, figures): ...


class Errors(EngineTest):
    def fails(self, sentence, function):
        with self.assertRaises(graphsieve.Error) as caught:
            function()
        self.assertIsInstance(caught.exception, ValueError)
        self.assertIn(sentence, str(caught.exception))
        return str(caught.exception)

    def test_are_the_command_lines_sentences(self):
        path = self.graph()

        def spoilt(graph):
            graph.edges[2, 1] = 99

        bad = self.graph(change=spoilt, name="bad.npz")
        for command, function in ((["run", path, "--set", "network.widht=3"], lambda: classifier(settings={"network.widht": 3}).fit(path)),
                                  (["run", path, "--recipe", "minesweper"], lambda: classifier(recipe="minesweper").fit(path)),
                                  (["run", path, "--set", "network.width=0"], lambda: classifier(settings={"network.width": 0}).fit(path)),
                                  (["run", bad], lambda: classifier().fit(bad)),
                                  (["run", path, "--split", 7], lambda: classifier(split=7).fit(path))):
            with self.subTest(command=command):
                with self.assertRaises(graphsieve.Error) as caught:
                    function()
                code = 2 if "--set" in command or "--recipe" in command else 1
                self.assertIn(f"error: {caught.exception}\n", self.call(*command, "--quiet", code=code).stderr)

    def test_bad_data(self):
        def with_(**changes):
            data = pyg_like(Graph())
            vars(data).update(changes)
            return lambda: classifier().fit(data)

        good = pyg_like(Graph())
        index = good.edge_index.clone()
        index[1, 5] = 80
        self.fails("data: array 'edges': row 5: node 80, expected 0 to 79", with_(edge_index=index))
        self.fails("data: edge_index: float32, expected int64", with_(edge_index=good.edge_index.float()))
        self.fails("data: edge_index: shape [3, 4], expected [2, edges]", with_(edge_index=torch.zeros(3, 4).long()))
        self.fails("data: array 'node_labels': 79 labels, expected 80, one per node", with_(y=good.y[:79]))
        self.fails("data: array 'train_masks'", with_(train_mask=torch.ones(70, dtype=torch.bool)))
        self.fails("data: no node features; expected x", with_(x=None))
        self.fails("data: no labels; expected y, one per node", with_(y=None))
        self.fails("data: no edges; expected edge_index, [2, edges]", with_(edge_index=None))
        self.fails("data: feature of node 3, column 1 is nan, expected a finite number",
                   with_(x=good.x.clone().index_put((torch.tensor(3), torch.tensor(1)), torch.tensor(float("nan")))))
        self.fails("data: list, expected a path, PyG's Data", lambda: graphsieve.graph_of([1, 2]))
        self.fails("graph nowhere.npz: no such file", lambda: graphsieve.graph_of("nowhere.npz"))

    def test_bad_arrays(self):
        good = Graph()
        a, x, y = adjacency(good), good.node_features, good.node_labels

        def of(a=a, x=x, y=y):
            return lambda: graphsieve.graph_of((a, x, y))

        def pyg(**changes):
            data = pyg_like(good)
            vars(data).update(changes)
            return lambda: graphsieve.graph_of(data)

        data = pyg_like(good)
        self.fails("data: x: complex64, expected real numbers", pyg(x=data.x.to(torch.complex64)))
        self.fails("data: y: complex64, expected real numbers", pyg(y=data.y.to(torch.complex64)))
        self.fails("data: y: torch.sparse_coo, expected a dense tensor", pyg(y=data.y.to_sparse()))
        self.fails("data: edge_index: bool, expected int64", pyg(edge_index=data.edge_index.bool()))
        self.fails("data: X: complex128, expected real numbers", of(x=x.astype(complex)))
        self.fails("data: X: complex128, expected real numbers", of(x=scipy.sparse.csr_array(x.astype(complex))))
        self.fails("data: X: could not convert string to float", of(x=[["a"]] * 80))
        self.fails("data: X has 79 rows, expected 80", of(x=x[:79].tolist()))
        self.fails("data: y: rows of unlike length", of(y=[[1], [1, 0]] * 40))
        self.fails("data: y: entry 1 is tuple, expected a number or a text", of(y=np.array([1, (2, 3)] * 40, object)))
        self.fails("data: no nodes, expected at least one", lambda: graphsieve.graph_of(networkx.Graph()))

    def test_arrays_that_would_be_misread(self):
        good = Graph()
        a, x, y = adjacency(good), good.node_features, good.node_labels

        def of(a=a, x=x, y=y):
            return lambda: graphsieve.graph_of((a, x, y))

        def spoilt(matrix, array, place, value):
            matrix = matrix.copy()
            getattr(matrix, array)[place] = value
            return matrix

        sparse = scipy.sparse.csr_array(np.abs(x))
        for bad in (-5, 5_000_000):
            self.fails("data: A: indptr, expected to ascend from 0", of(a=spoilt(a, "indptr", 3, bad)))
            self.fails("data: A: indptr, expected to ascend from 0", of(a=spoilt(a.tocsc(), "indptr", 3, bad)))
            self.fails("data: A: indices hold", of(a=spoilt(a, "indices", 3, bad)))
            self.fails("data: X: indptr, expected to ascend from 0", of(x=spoilt(sparse, "indptr", 3, bad)))
            self.fails("data: X: indices hold", of(x=spoilt(sparse, "indices", 3, bad)))
        self.assertEqual(graphsieve.graph_of((a.asformat("bsr"), x, y)).nodes, 80)
        masked = np.ma.masked_array(x, np.zeros(x.shape, bool))
        masked[7, 2] = np.ma.masked
        self.fails("data: X: row 7, column 2 is masked, expected a number", of(x=masked))
        self.assertEqual(graphsieve.graph_of((a, x, np.ma.masked_equal(y, 2))).class_values.tolist(), [0, 1])
        self.fails("data: X: datetime64[s], expected real numbers", of(x=np.zeros((80, 2), "M8[s]")))
        self.fails("data: X: could not convert", of(x=np.array([["a"]] * 80)))
        self.fails("entry 0 is 'a\\x00', expected a text without a null character", of(y=["a\0", "a"] * 40))
        self.fails("expected numbers that are not quantized",
                   lambda: graphsieve.graph_of(types.SimpleNamespace(x=torch.quantize_per_tensor(torch.ones(3, 2), .1, 0, torch.quint8),
                                                                     edge_index=torch.tensor([[0], [1]]), y=torch.tensor([0, 1, 0]))))
        nodes = networkx.path_graph(4)
        networkx.set_node_attributes(nodes, {i: {"x": torch.ones(2, requires_grad=True), "y": i % 2} for i in nodes})
        self.fails("the 'x' of its nodes are not lists of numbers", lambda: graphsieve.graph_of(nodes))

    def test_unusual_arrays_that_fit(self):
        good = Graph()
        data = pyg_like(good)
        swapped = (adjacency(good), good.node_features.astype(">f4"), good.node_labels.astype(">i8"))
        negative = types.SimpleNamespace(x=torch._neg_view(-data.x), edge_index=data.edge_index, y=data.y.bfloat16())
        listed = (adjacency(good), good.node_features.tolist(), good.node_labels.astype(object))
        expected = graphsieve.graph_of((adjacency(good), good.node_features, good.node_labels))
        for given in swapped, negative, listed:
            graph = graphsieve.graph_of(given)
            self.assertEqual((graph.features, graph.class_values.tolist()), (expected.features, [0, 1, 2]))

    def test_missing_labels_in_a_list_are_no_class(self):
        good = Graph()
        for labels, classes in ((["b", float("nan"), "a", None], ["a", "b"]), (["b", float("nan"), "a", "b"], ["a", "b"]),
                                ([0, None, 1, 1.0], [0, 1])):
            graph = graphsieve.graph_of((adjacency(good), good.node_features, labels * 20))
            self.assertEqual(graph.class_values.tolist(), classes)

    def test_the_users_matrix_stays_as_it_was(self):
        matrix = adjacency(Graph())
        matrix.data[:7] = 0
        graphsieve.graph_of((matrix, scipy.sparse.csr_array(Graph().node_features), Graph().node_labels))
        self.assertEqual((matrix.nnz, np.count_nonzero(matrix.data)), (len(matrix.data), len(matrix.data) - 7))

    def test_bad_use(self):
        self.fails("is not fitted yet", lambda: classifier().predict())
        self.fails("seed is -1, expected a whole number 0 to", lambda: classifier(seed=-1).fit(pyg_like(Graph())))
        for seed in (-1, 2**64, 1.5):
            self.fails(f"seed is {seed}, expected a whole number 0 to 18446744073709551615", lambda: graphsieve.minesweeper(10, seed=seed))
        self.fails("side is 18446744073709551616, expected a whole number", lambda: graphsieve.minesweeper(2**64))
        self.fails("seed is 1.5, expected a whole number 0 to", lambda: classifier(seed=1.5).fit(pyg_like(Graph())))
        self.fails("already exists", lambda: classifier(out=self.dir).fit(pyg_like(Graph())))
        model = classifier().fit(pyg_like(Graph()))
        self.fails("features per node, the run was trained on 6", lambda: model.predict(pyg_like(Graph(features=5))))
        self.fails("parameter 'sede': unknown", lambda: model.set_params(sede=1))
        for sentence, options in (("seed is None, expected a whole number", {"seed": None}), ("split is True, expected", {"split": True}),
                                  ("seed is 18446744073709551616, expected a whole number 0 to", {"seed": 2**64}),
                                  ("threads is '2', expected a whole number 1 to 1024", {"threads": "2"}),
                                  ("threads is 0, expected", {"threads": 0}),
                                  ("memory is '4GiB', expected a whole number", {"memory": "4GiB"}),
                                  ("device is 'gpu', expected cpu, cuda, or cuda:N", {"device": "gpu"}),
                                  ("trackers: 3, expected objects with start, epoch and end", {"trackers": [3]}),
                                  ("trackers: 3, expected objects with start, epoch and end", {"trackers": 3}),
                                  ("recipe: int, expected a text or a path", {"recipe": 3}), ("out: bytes, expected", {"out": b"run"}),
                                  ("out is 'a\\x00b', expected a text without a null character", {"out": "a\0b"}),
                                  ("overwrite is 'no', expected True or False", {"overwrite": "no"}),
                                  ("resume is 1, expected True or False", {"resume": 1})):
            self.fails(sentence, lambda: classifier(**options).fit(pyg_like(Graph())))
        for sentence, call in (("folder: int, expected a text or a path", lambda: graphsieve.NodeClassifier.load(3)),
                               ("folder: int, expected a text or a path", lambda: model.save(3)),
                               ("its parent folder cannot be made", lambda: model.save("/proc/none/run")),
                               ("folder: NoneType, expected", lambda: graphsieve.nn.from_run(None)),
                               ("side is 2.5, expected a whole number", lambda: graphsieve.minesweeper(2.5)),
                               ("seed is -1, expected a whole number", lambda: graphsieve.minesweeper(10, -1)),
                               ("labels is -1, expected a whole number", lambda: graphsieve.graph_of(pyg_like(Graph()), labels=-1)),
                               ("name: int, expected a text", lambda: graphsieve.graph_of(pyg_like(Graph()), name=3)),
                               ("a Graph is not pickled", lambda: pickle.dumps(graphsieve.minesweeper(10)))):
            self.fails(sentence, call)
        graph = graphsieve.minesweeper(10)
        self.assertIs(copy.deepcopy(graph), graph)
        listed = graphsieve.NodeClassifier(settings=["network.width=3"])
        self.fails("settings: list, expected a dict", lambda: listed.fit(pyg_like(Graph())))

    def test_a_model_that_is_not_fitted_is_pickled(self):
        self.assertEqual(repr(pickle.loads(pickle.dumps(classifier(seed=3)))), repr(classifier(seed=3)))

    def test_a_finished_run_is_resumed_by_the_same_call_alone(self):
        def again(data=None, **options):
            return lambda: classifier(out=self.dir / "run", resume=True, **options).fit(data or pyg_like(Graph()))

        expected = again()().predict_proba()
        np.testing.assert_array_equal(again()().predict_proba(), expected)
        self.fails("a finished run with seed 0, expected 4 to go on with it", again(seed=4))
        self.fails("a finished run with network.width 8, expected 16", again(settings={"network.width": 16}))
        self.fails("a finished run with graph ", again(pyg_like(Graph(seed=1))))
        chosen = {"settings": {"network.epsilon": 0.9}, "overwrite": True}
        self.assertEqual(again(**chosen)().result_["runs"], again(**{**chosen, "overwrite": False})().result_["runs"])

    def test_what_load_refuses(self):
        model = classifier(out=self.dir / "run").fit(pyg_like(Graph()))
        self.assertEqual(model.result_["graph"]["source"], "memory")
        self.fails("was trained on a graph in memory; expected it as data", lambda: graphsieve.NodeClassifier.load(model.run_))
        refused = self.call("predict", model.run_, "--out", "p.csv", code=1).stderr
        self.assertIn("its graph was in memory, not in a file; give GRAPH", refused)
        two = pyg_like(Graph())
        two.y = two.y % 2
        self.fails("was trained on 3 classes, the data has 2", lambda: graphsieve.NodeClassifier.load(model.run_, two))
        without_checksums(model.run_)
        for text in ("[]", "{}", "3", '{"runs": 3}', '{"runs": [{}], "graph": {}}', "{", ""):
            (model.run_ / "result.json").write_text(text)
            self.fails("result.json: ", lambda: graphsieve.NodeClassifier.load(model.run_, pyg_like(Graph())))

    def test_predictions_follow_the_runs_files(self):
        model = classifier(out=self.dir / "run").fit(pyg_like(Graph()))
        before = model.predict_proba()
        network = graphsieve.nn.from_run(model.run_)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(1.5)
        network.save(model.run_)
        self.assertFalse(np.array_equal(model.predict_proba(), before))

    def test_answers_are_the_callers_own(self):
        model = classifier().fit(pyg_like(Graph()))
        p, h = model.predict_proba(), model.transform()
        p[:], h[:] = -1, -1
        self.assertGreaterEqual(model.predict_proba().min(), 0)
        self.assertFalse((model.transform() == -1).any())


if __name__ == "__main__":
    unittest.main()
