# SPDX-License-Identifier: Apache-2.0
"""A forked child computes like its parent: operators, whole runs, workers of a DataLoader; and nothing that is its parent's goes."""
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import unittest

from python_testing import SHORT, EngineTest, Graph, np, pyg_like, random_edges, torch

import graphsieve
from graphsieve import _engine
from graphsieve.nn import SparseAttention

SECONDS = 60  # after which a child counts as one that hangs


def in_child(function):
    """Whether a forked child that calls `function` ended well, with something true."""
    pid = os.fork()
    if pid == 0:
        try:
            code = 0 if function() else 1
        except BaseException:
            traceback.print_exc()
            code = 2
        sys.stderr.flush()
        os._exit(code)
    return ended(pid)


def ended(pid):
    """Whether the process comes to its end by itself, with exit code 0."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the child hangs")


def classifier(**options):
    return graphsieve.NodeClassifier(**{"settings": SHORT, "progress": False, **options})


class Work:
    """A layer on a graph, forwards and backwards, and what it came to in this process."""

    def __init__(self):
        torch.manual_seed(0)
        self.x = torch.randn(4000, 64)
        self.edges, _ = random_edges(4000, 4000, 60000)
        self.layer = SparseAttention(64, 16, heads=4)
        self.expected = self.forward()

    def forward(self, edges=None):
        with torch.no_grad():
            return self.layer(self.x, self.edges if edges is None else edges)

    def same(self):
        return torch.equal(self.forward(), self.expected)


def forward_in_pool(number):
    return WORK.forward().numpy(), number


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        return WORK.forward()[i]


class Forked(EngineTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(graphsieve.set_num_threads, graphsieve.num_threads())
        self.addCleanup(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(3)

    def each(self):
        for threads in 1, 2, 4:
            graphsieve.set_num_threads(threads)
            assert WORK.same()
            with self.subTest(threads=threads):
                yield threads

    def test_an_operator(self):
        for threads in self.each():
            self.assertTrue(in_child(lambda: WORK.same() and graphsieve.num_threads() == threads))
            self.assertTrue(in_child(lambda: WORK.same() and in_child(WORK.same) and WORK.same()), "a fork of a fork")

    def test_torchs_own_operations_around_it(self):
        new, _ = random_edges(4000, 4000, 400000, seed=1)
        (torch.randn(3000, 300) @ torch.randn(300, 3000)).relu_().sort(1)  # starts torch's threads
        expected = WORK.forward(new)
        for _ in self.each():
            self.assertTrue(in_child(lambda: torch.equal(WORK.forward(graphsieve.ops.edges_of(new, 4000)), expected)))

    def test_while_another_thread_uses_the_pool(self):
        for _ in self.each():
            stop = threading.Event()

            def work():
                while not stop.is_set():
                    WORK.forward()

            thread = threading.Thread(target=work)
            thread.start()
            try:
                for _ in range(40):
                    self.assertTrue(in_child(WORK.same))
            finally:
                stop.set(), thread.join()

    def test_multiprocessing(self):
        for _ in self.each():
            with multiprocessing.get_context("fork").Pool(2) as pool:
                results = pool.map_async(forward_in_pool, range(4)).get(SECONDS)
            for result, _ in results:
                np.testing.assert_array_equal(result, WORK.expected.numpy())

    def test_workers_of_a_data_loader(self):
        for _ in self.each():
            loader = torch.utils.data.DataLoader(Rows(), batch_size=2, num_workers=2, multiprocessing_context="fork", timeout=SECONDS)
            torch.testing.assert_close(torch.cat(list(loader)), WORK.expected[:6], rtol=0, atol=0)

    def test_a_run_before_and_in_the_child(self):
        graph = graphsieve.graph_of(pyg_like(Graph()))
        for _ in self.each():
            model = classifier().fit(graph)
            expected = model.predict_proba()
            self.assertTrue(in_child(lambda: np.array_equal(classifier().fit(graph).predict_proba(), expected)))
            self.assertTrue(in_child(lambda: np.array_equal(model.predict_proba(), expected)))

    def test_while_a_run_goes_on_in_another_thread(self):
        graph = graphsieve.graph_of(pyg_like(Graph()))
        expected = classifier().fit(graph).predict_proba()
        graphsieve.set_num_threads(2)
        dtype = torch.get_default_dtype()
        stop = threading.Event()

        def work():
            while not stop.is_set():
                classifier(settings={**SHORT, "network.epochs": 200}, memory=1 << 30).fit(graph)

        def child():
            kept, counted = torch.zeros(1 << 20), _engine.tensor_bytes()
            torch.zeros(1 << 20)
            fine = _engine.tensor_bytes() == counted and torch.get_default_dtype() == dtype
            return fine and WORK.same() and np.array_equal(classifier().fit(graph).predict_proba(), expected) and len(kept) > 0

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for _ in range(5):
                time.sleep(0.3)
                self.assertTrue(in_child(child))
        finally:
            stop.set(), thread.join()

    def test_a_listener_that_forks(self):
        graph = graphsieve.graph_of(pyg_like(Graph()))
        long = {**SHORT, "network.epochs": 300}  # the run goes on when the listener hears of it
        codes = []

        class Forking:
            def start(self, name, recipe): ...
            def end(self, figures): ...

            def epoch(self, number, values):
                if not codes:
                    codes.append(os.fork())

        parent = os.getpid()
        try:
            expected = classifier(trackers=[Forking()], out=self.dir / "run", settings=long).fit(graph).predict_proba()
            fine = os.getpid() == parent
        except graphsieve.Error as error:
            fine = os.getpid() != parent and "was forked while the engine ran" in str(error)
        if os.getpid() != parent:
            os._exit(0 if fine else 1)
        self.assertTrue(fine)
        self.assertTrue(ended(codes[0]))
        np.testing.assert_array_equal(expected, classifier(settings=long).fit(graph).predict_proba())

    def test_the_childs_end_leaves_the_parents_temporary_folder(self):
        model = classifier().fit(pyg_like(Graph()))

        def child():
            nonlocal model
            del model
            gc.collect()
            return True

        self.assertTrue(in_child(child))
        pid = os.fork()
        if pid == 0:
            try:
                sys.exit(0)  # runs what is registered for the interpreter's end
            finally:
                import atexit
                atexit._run_exitfuncs()
                os._exit(0)
        self.assertTrue(ended(pid))
        self.assertTrue((model.run_ / "result.json").exists())
        model.predict()


if __name__ == "__main__":
    WORK = Work()
    unittest.main()
