#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every call of the system in a short run of every command fails once: the run ends with a clean error and leaves what
stood there before, or it ends with the result of an undisturbed run; and the next run works."""

import sys

from outcome import Expected, wrong_after, wrong_end
from sweep import keyed_random, options, scenarios, sweep

# What each kind of call may meet in a working system.
ACTIONS = {
    "open": ["EACCES", "EMFILE", "EIO", "ENOSPC"],
    "write": ["ENOSPC", "EIO", "EDQUOT", "SHORT", "EINTR"],
    "read": ["EIO", "SHORT", "EINTR"],
    "sync": ["EIO", "ENOSPC"],
    "rename": ["EIO", "EACCES", "ENOSPC"],
    "map": ["ENOMEM", "EACCES"],
    "truncate": ["ENOSPC", "EIO"],
    "mkdir": ["ENOSPC", "EACCES"],
    "link": ["EPERM", "EMLINK"],
    "lock": ["ENOLCK", "EINTR"],
    "close": ["EIO"],
    "remove": ["EACCES", "EIO"],
    "stat": ["EACCES", "EIO"],
    "list": ["EACCES", "EMFILE"],
}
REASONS = {
    "EACCES": "Permission denied",
    "EMFILE": "Too many open files",
    "EIO": "Input/output error",
    "ENOSPC": "No space left on device",
    "EDQUOT": "Disk quota exceeded",
    "EINTR": "Interrupted system call",
    "ENOMEM": "Cannot allocate memory",
    "EPERM": "Operation not permitted",
    "EMLINK": "Too many links",
    "ENOLCK": "No locks available",
    "SHORT": "",
}


def trial(workspace, scenario, expected, kind, k, action):
    """One run in which the k-th call of a kind fails, and the run after it: an outcome, and why it is wrong and the
    error's text."""
    workspace.fresh(scenario, expected.replaced)
    ended = workspace.failing_call(expected.command, kind, k, action)
    if why := wrong_end(workspace, scenario, expected, ended, [REASONS[action]]):
        return "", why, ended.err
    why, error = wrong_after(workspace, scenario, expected)
    return "same result" if ended.code == 0 else "clean error", why, error


def check_library(workspace):
    """The library lets the call fail that it is told to: without it every sweep would pass."""
    workspace.fresh()
    command = ["generate", "--nodes", "50", "--degree", "3", "--out", "out"]
    failed, done = (workspace.failing_call(command, "write", k, "ENOSPC") for k in (1, 100000))
    right = failed.code == 1 and "No space left on device" in failed.err and done.code == 0
    return [] if right else [("the library", "no call fails", failed.err + done.err)]


def run(workspace, case):
    if case is None:
        return check_library(workspace)
    scenario, replaced, samples, chosen = case
    expected = Expected(workspace, scenario, replaced)
    every = [
        (kind, k, action)
        for kind, count in expected.calls.items()
        for k in range(1, count + 1)
        for action in (ACTIONS[kind] if chosen.actions else [ACTIONS[kind][k % len(ACTIONS[kind])]])
    ]
    if samples:
        every = keyed_random("failing calls", scenario.name, chosen.seed).sample(every, min(samples, len(every)))
    outcomes = []
    for kind, k, action in every:
        outcome, why, error = trial(workspace, scenario, expected, kind, k, action)
        name = f"{scenario.name}{' --overwrite' if replaced else ''}, {kind} {k} {action}"
        outcomes.append((name, why, error) if why else outcome)
    return outcomes


def all_cases(chosen):
    """Which runs, and how many of their calls fail (0: all). In the full sweep: each call of one run of each command, and of each
    kind of input of `convert`; the same with --overwrite; and of the other scenarios `variants` calls."""
    if not chosen.full:
        return [(s, False, chosen.samples, chosen) for s in scenarios(chosen.only)]
    cases, seen = [], set()
    for s in scenarios(chosen.only):
        command = s.name if s.command[0] in ("convert", "python") else s.command[0]
        first, replacing = command not in seen, f"{s.command[0]} --overwrite"
        seen.add(command)
        cases.append((s, False, 0 if first else chosen.variants, chosen))
        if s.replaces and replacing not in seen:
            seen.add(replacing)
            cases.append((s, True, 0, chosen))
    return cases


def main():
    # --actions 1: each call fails in every way, not in one
    chosen = options(__doc__, samples=2, variants=0, actions=0)
    sys.exit(sweep("failing system calls", run, [None, *all_cases(chosen)], chosen.jobs))


if __name__ == "__main__":
    main()
