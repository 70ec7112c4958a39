# SPDX-License-Identifier: Apache-2.0
"""Runs the program, the C++ benchmarks and the peers, and remembers the command."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from measure.rows import ROOT, Rows

CACHE = ROOT / "build" / "bench"       # graphs that benchmarks read; ignored by git
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"
PEER_VENV = ROOT / ".venv-bench"

FILES = {"minesweeper": "minesweeper.npz", "tolokers": "tolokers.npz", "photo": "amazon_electronics_photo.npz",
         "computers": "amazon_electronics_computers.npz", "cs": "ms_academic_cs.npz"}


class Failed(Exception):
    pass


def run(command, **options):
    """stdout of a command; Failed with the end of its stderr otherwise."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=ROOT, **options)
    if done.returncode:
        raise Failed(f"{command[0]} left with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Bench:
    def __init__(self, args):
        self.args = args
        self.only = [n for n in args.only.split(",") if n]
        self._versions = None
        self.build_folder = pathlib.Path(args.build).resolve()
        self.binary = self.build_folder / "graphsieve"
        if self.build_folder == ROOT / "build" / "release":
            self.binary = ROOT / "bin" / "graphsieve"

    def wants(self, name):
        return not self.only or name in self.only

    def names(self, *names):
        return [n for n in names if self.wants(n)]

    def versions(self):
        if self._versions is None:
            code = "import torch, numpy; print(torch.__version__, numpy.__version__)"
            torch, numpy = run([VENV_PYTHON, "-c", code]).split()
            compiler = run(["c++", "-dumpfullversion"]).strip()
            self._versions = {"torch": torch, "numpy": numpy, "c++": compiler, "python": sys.version.split()[0]}
        return self._versions

    def file(self, name):
        """The data set's .npz, or Failed."""
        if not self.args.data:
            raise Failed("no data folder; give --data FOLDER or set GRAPHSIEVE_DATA")
        path = pathlib.Path(self.args.data) / FILES[name]
        if not path.exists():
            raise Failed(f"{path.name} is not in the data folder")
        return path.resolve()

    def row(self, rows: Rows, key, measure):
        """The row of `key`; `measure()` -> (values, command) is called where there is none, or with --again."""
        found = rows.get(key)
        if found and not self.args.again:
            return found
        label = " ".join(str(v) for v in key.values())
        print(f"{rows.path.stem}: {label} …", flush=True)
        start = time.perf_counter()
        values, command = measure()
        found = rows.put(key, values, self.readable(command), self.versions())
        print(f"{rows.path.stem}: {label}: {short(values)}  ({time.perf_counter() - start:.0f} s)", flush=True)
        return found

    def readable(self, command):
        """The command as one would type it: relative to the checkout, data from $GRAPHSIEVE_DATA."""
        words = []
        for word in map(str, command):
            word = word.replace(str(self.binary), "bin/graphsieve")
            if self.args.data:
                word = word.replace(str(pathlib.Path(self.args.data).resolve()), "$GRAPHSIEVE_DATA")
            words.append(word.replace(str(ROOT) + "/", ""))
        return " ".join(words)

    def graphsieve(self, *arguments, command="run", threads="any", keep=None):
        """(result.json, wall seconds, command) of a training command; `keep(folder)` may look at the run folder."""
        if not self.binary.exists():
            raise Failed("bin/graphsieve is missing; make build")
        words = [self.binary, command, *arguments, "--no-report"]
        count = self.args.threads if threads == "any" else threads
        if count:
            words += ["--threads", count]
        with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as folder:
            out = pathlib.Path(folder) / "run"
            start = time.perf_counter()
            run([*words, "--quiet", "--out", out])
            wall = time.perf_counter() - start
            result = json.loads((out / "result.json").read_text())
            kept = keep(out) if keep else None
        return (result, wall, words, kept) if keep else (result, wall, words)

    def build(self, *targets):
        env = dict(os.environ, PATH=f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}")
        run(["ninja", "-C", self.build_folder, *targets], env=env)

    def program(self, target, *arguments):
        """(rows, command) of a whole-graph benchmark."""
        self.build(target)
        words = [self.build_folder / "bench" / target, *arguments]
        return json_lines(run([*words, "--json"])), words

    def attention_graph(self, name, *settings, again=False):
        """A run folder of one epoch whose scores/ holds the data set's attention graph; made once, or `again`."""
        folder = CACHE / (name + "".join("-" + s.replace("=", "-") for s in settings))
        if again or not (folder / "result.json").exists():
            sets = [w for s in ("estimator.epochs=1", "network.epochs=1", *settings) for w in ("--set", s)]
            run([self.binary, "run", self.file(name), *sets, "--threads", 1, "--quiet", "--overwrite", "--out", folder])
        return folder

    def peer_python(self):
        """A Python with torch and PyG: this one, else .venv-bench, made from requirements-bench.txt on top of .venv."""
        probe = "import torch, torch_geometric"
        for python in (sys.executable, VENV_PYTHON, PEER_VENV / "bin" / "python"):
            if pathlib.Path(python).exists() and subprocess.run([python, "-c", probe], capture_output=True).returncode == 0:
                return python
        print("setting up .venv-bench (requirements-bench.txt)", flush=True)
        shutil.rmtree(PEER_VENV, ignore_errors=True)
        run([VENV_PYTHON, "-m", "venv", PEER_VENV])
        (PEER_VENV / ".gitignore").write_text("*\n")
        python = PEER_VENV / "bin" / "python"
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        torch_in, site = (run([p, "-c", where]).strip() for p in (VENV_PYTHON, python))
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", ROOT / "requirements-bench.txt"])
        (pathlib.Path(site) / "torch_of_the_build.pth").write_text(torch_in + "\n")
        return python


def short(values):
    return ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in values.items() if not isinstance(v, (dict, list)))


def stage_max(run_row, field):
    return max(run_row[s][field] for s in ("estimator", "network") if run_row[s])
