# SPDX-License-Identifier: Apache-2.0
"""How well a run uses several threads: seconds at each number of threads, and the time in which one thread works alone."""
import json
import os
import pathlib
import statistics
import tempfile

from measure.rows import Rows

DATA = ("tolokers", "minesweeper", "photo")
ROUNDS = 3
THREADS = (1, 2, 4, 8)
PROJECTED = 16


def parallel(bench):
    rows = Rows("parallel")
    for name in bench.names(*DATA):
        bench.row(rows, {"data": name}, lambda: one(bench, name))


def one(bench, name):
    words = [bench.file(name), "--split", 0]
    seconds, shares, command = {count: [] for count in THREADS}, [], None
    for _ in range(ROUNDS):  # in turn, so that a busy neighbour meets all
        for count in THREADS:
            _, wall, said = bench.graphsieve(*words, threads=count)
            seconds[count].append(wall)
            command = said if count == 2 else command
        shares.append(work_times(bench, words, 2))
    median = {count: statistics.median(found) for count, found in seconds.items()}
    shares.sort(key=lambda times: times["alone_share"])
    middle = shares[len(shares) // 2]
    return {"seconds": {str(count): value for count, value in median.items()}, "times_faster": median[1] / median[2], **middle}, command


def work_times(bench, words, threads):
    """Of a run: the share of the wall time in which one thread works alone, the speed at PROJECTED threads by Amdahl's law from it,
    and the operations in which that time is spent."""
    with tempfile.TemporaryDirectory(prefix="graphsieve-bench-") as folder:
        file = pathlib.Path(folder) / "times.json"
        os.environ["GRAPHSIEVE_WORK_TIMES"] = str(file)
        try:
            bench.graphsieve(*words, threads=threads)
        finally:
            del os.environ["GRAPHSIEVE_WORK_TIMES"]
        found = json.loads(file.read_text())
    by_count = found["seconds_by_threads_at_work"]
    wall, alone = sum(by_count), by_count[1]
    work = sum(count * seconds for count, seconds in enumerate(by_count))
    serial = alone / work
    return {"alone_share": alone / wall, "idle_share": by_count[0] / wall, "projected": 1 / (serial + (1 - serial) / PROJECTED),
            "alone_operations": {name: seconds / wall for name, seconds in found["alone_seconds"][:12]}}
