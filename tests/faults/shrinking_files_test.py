#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file that a run has mapped loses its bytes while the run goes on: the run says which file became shorter and leaves
what a failed run leaves, or it ends with the same result."""

import shutil
import sys

from outcome import Expected, wrong_end
from sweep import keyed_random, options, scenarios, sweep


def trial(workspace, scenario, expected, k):
    """One run in which the file of the k-th mapping is cut before it is mapped, and after its size was taken."""
    kept = workspace.folder / "kept"
    shutil.copytree(workspace.stock, kept)
    workspace.fresh(scenario)
    ended = workspace.failing_call(expected.command, "map", k, "CUT")
    why = wrong_end(workspace, scenario, expected, ended)
    if any(f"error: {name}/" in ended.err for name in expected.results) and "half a result" in why:
        why = ""  # the file that was cut is one of the finished result's, which the run reads after it is complete
    shutil.rmtree(workspace.stock)
    kept.rename(workspace.stock)
    return "same result" if ended.code == 0 else "clean error", why, ended.err


def run(workspace, case):
    scenario, chosen = case
    expected = Expected(workspace, scenario)
    every = list(range(1, expected.calls["map"] + 1))
    if not chosen.full:
        every = keyed_random("shrinking", scenario.name, chosen.seed).sample(every, min(1, len(every)))
    outcomes = []
    for k in every:
        outcome, why, error = trial(workspace, scenario, expected, k)
        outcomes.append((f"{scenario.name}, mapping {k}", why, error) if why else outcome)
    return outcomes


def main():
    chosen = options(__doc__)
    sys.exit(
        sweep(
            "files that become shorter",
            run,
            [(s, chosen) for s in scenarios(chosen.only)],
            chosen.jobs,
        )
    )


if __name__ == "__main__":
    main()
