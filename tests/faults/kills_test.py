#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command is killed at random moments by SIGKILL, SIGTERM or SIGINT, and in the full sweep before each of its
calls that changes a file: the same command, with --resume where there is one, then ends in the bits of an undisturbed
run and leaves nothing beside them."""

import signal
import sys

from outcome import Expected, half_result, wrong_after
from sweep import keyed_random, options, scenarios, sweep

SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
CHANGES = ["write", "sync", "rename", "truncate", "mkdir", "link", "lock", "close", "remove"]


def ended_well(ended, sent):
    """True if the process ended by the signal that was sent, or told it by its exit code."""
    return ended.code in (-sent, 128 + sent)


def killed(workspace, scenario, expected, random):
    """One or two kills at random moments, the second one of the call that goes on: how the first call ended, and its
    signal. Where a call is over before its moment another one is killed a little earlier."""
    for attempt in range(100):
        workspace.fresh(scenario, expected.replaced)
        sent = random.choice(SIGNALS)
        ended = workspace.call(expected.command, kill=(random.random() * expected.seconds * 0.95**attempt, sent))
        if ended.code != 0:
            break
    if ended.code != 0 and random.random() < 0.3:
        workspace.call(expected.next, kill=(random.random() * expected.seconds, signal.SIGKILL))
    return ended, sent


def judged(workspace, scenario, expected, ended, sent):
    """Why a kill and the call after it are not as they should be, and what was said."""
    if not ended_well(ended, sent):
        return f"ends with code {ended.code} after {sent.name}", ended.err
    if half := half_result(workspace, scenario, expected):
        return f"half a result: {half}", ended.err
    return wrong_after(workspace, scenario, expected)


def at_random_moments(workspace, scenario, expected, chosen, kills):
    outcomes = []
    for i in range(kills):
        ended, sent = killed(workspace, scenario, expected, keyed_random("kill", scenario.name, chosen.seed, i))
        why, error = judged(workspace, scenario, expected, ended, sent)
        outcomes.append((f"{scenario.name}, kill {i} {sent.name}", why, error) if why else "same bits after a kill")
    return outcomes


def before_every_call(workspace, scenario, expected):
    outcomes = []
    for kind in CHANGES:
        for k in range(1, expected.calls[kind] + 1):
            workspace.fresh(scenario, expected.replaced)
            ended = workspace.failing_call(expected.command, kind, k, "SIGKILL")
            if ended.code == 0:
                continue
            why, error = judged(workspace, scenario, expected, ended, signal.SIGKILL)
            name = f"{scenario.name}{' --overwrite' if expected.replaced else ''}, killed before {kind} {k}"
            outcomes.append((name, why, error) if why else "same bits after a kill before a call")
    return outcomes


def run(workspace, case):
    scenario, replaced, kills, chosen = case
    expected = Expected(workspace, scenario, replaced)
    outcomes = at_random_moments(workspace, scenario, expected, chosen, kills)
    return outcomes + (before_every_call(workspace, scenario, expected) if chosen.full else [])


def main():
    chosen = options(__doc__, kills=0)
    run_scenarios = scenarios(chosen.only)
    kills = chosen.kills or (200 if chosen.full else len(run_scenarios))
    cases = [(s, False, -(-kills // len(run_scenarios)), chosen) for s in run_scenarios]
    if chosen.full:
        cases += [(s, True, 1, chosen) for s in run_scenarios if s.replaces]
    sys.exit(sweep("kills", run, cases, chosen.jobs))


if __name__ == "__main__":
    main()
