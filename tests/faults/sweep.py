# SPDX-License-Identifier: Apache-2.0
"""What the drivers share: their options, their processes, and the summary at the end."""

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

from judge import Tally
from program import LIBRARY, has_python
from scenarios import SCENARIOS
from workspace import Workspace

current = None  # a process's workspace


def options(description, **more):
    """The drivers' command line. more: further options with their defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--full", action="store_true", help="every case, not a sample of a few seconds")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases that hold this text")
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="processes (default: the usable cores with --full, else 1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of what is sampled")
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parsed = parser.parse_args()
    if not os.path.exists(LIBRARY):
        print(f"skipped: {LIBRARY} is not built")
        sys.exit(77)
    if parsed.jobs == 0:
        parsed.jobs = len(os.sched_getaffinity(0)) if parsed.full else 1
    return parsed


def scenarios(only=""):
    """Those whose names hold a text; Python's only where the package is built."""
    chosen = [s for s in SCENARIOS if only in s.name]
    if any(s.command[0] == "python" for s in chosen) and not has_python():
        print("note: the Python package is not built; its calls are left out")
        chosen = [s for s in chosen if s.command[0] != "python"]
    return chosen


def keyed_random(*key):
    """Random numbers that depend on nothing but the key."""
    return random.Random("/".join(map(str, key)))


def _start(base):
    global current
    current = Workspace(base)


def _work(job):
    function, case = job
    try:
        return function(current, case)
    except Exception:
        return [(str(case), "the driver failed", traceback.format_exc())]


def sweep(title, function, cases, jobs):
    """Calls function(workspace, case) for every case and returns the exit code. The function returns a list: a text for
    an outcome that passed, (case, why, detail) for a failure. Progress goes to stderr: to a terminal as one line that
    changes, else as a line per minute; failures at once."""
    told = time.monotonic()
    base = tempfile.mkdtemp(prefix="graphsieve-faults-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    tally = Tally(title)
    try:
        with multiprocessing.Pool(jobs, _start, (os.path.realpath(base),)) as pool:
            for done, results in enumerate(pool.imap_unordered(_work, [(function, case) for case in cases]), 1):
                for result in results:
                    tally.passed(result) if isinstance(result, str) else tally.failed(*result)
                terminal = sys.stderr.isatty()
                if failed := [result for result in results if not isinstance(result, str)]:
                    print(*(f"{case}: {why}" for case, why, _ in failed), sep="\n", file=sys.stderr)
                if terminal or time.monotonic() - told > 60:
                    told = time.monotonic()
                    line = f"{done} of {len(cases)} cases, {tally.count()} trials"
                    print(f"\r{line} " if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return tally.finish()
