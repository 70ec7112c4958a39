# SPDX-License-Identifier: Apache-2.0
"""What a disturbed call and the call after it leave: nothing half, nothing lost, and then the undisturbed result."""

import collections

from judge import unclean
from scenarios import proceeding, replacing
from workspace import difference, leftovers, printed, snapshot


class Expected:
    """An undisturbed run: its results, what it prints, how long it takes, and its calls of the system by kind."""

    def __init__(self, workspace, scenario, replaced=False):
        workspace.need(*scenario.needs)
        self.command = replacing(scenario) if replaced else scenario.command
        self.next = self.command if replaced else proceeding(scenario)
        self.replaced = replaced
        log = workspace.folder.with_suffix(".log")
        log.unlink(missing_ok=True)
        workspace.fresh(scenario, replaced)
        self.before = workspace.results(scenario)
        ended = workspace.call(self.command, {"FAILING_CALLS_ROOT": workspace.folder, "FAILING_CALLS_LOG": log})
        if ended.code != 0:
            raise RuntimeError(f"{scenario.name} fails undisturbed: {ended.err}")
        self.results, self.out, self.seconds = workspace.results(scenario), printed(ended.out), ended.seconds
        self.calls = collections.Counter(line.split()[1] for line in log.read_text(errors="replace").splitlines())
        log.unlink(missing_ok=True)
        self.stock = snapshot(workspace.stock)
        if left := leftovers(workspace.work):
            raise RuntimeError(f"{scenario.name} leaves {left} undisturbed")


NO_REPORT = 3  # exit code of a run that is complete but for its page


def lacks_report(found, wanted):
    """True if a result is whole but for its page, which a run writes last."""
    if not found or difference(found, wanted) == "":
        return False
    return all(
        name in found and found[name] == data or name in ("report.html", "report.json") for name, data in wanted.items()
    )


def standing(workspace, scenario):
    """The results without the folder `checkpoint`, which goes last, when the result has its name: the next call removes
    the folder where this one could not."""
    found = workspace.results(scenario)
    return {
        name: files and {file: data for file, data in files.items() if "checkpoint" not in file.split("/")}
        for name, files in found.items()
    }


def half_result(workspace, scenario, expected):
    """What stands under the final names though it is neither the old result nor the whole new one; empty where nothing
    does."""
    if scenario.readable and (read := workspace.call(scenario.readable)).code != 0:
        return read.err
    found = standing(workspace, scenario)
    for name, wanted in expected.results.items():
        why = difference(found[name], wanted)
        if not why or not difference(found[name], expected.before[name]):
            continue
        if scenario.command[0] == "study" and ("lacks" in why or "missing" in why):
            continue  # each of its points is whole by itself
        if lacks_report(found[name], wanted):
            continue  # --resume writes it
        return f"{name} {why}"
    return ""


def wrong_end(workspace, scenario, expected, ended, reasons=()):
    """Why a disturbed call's end is not as it should be; empty where it is."""
    if ended.code == 0:
        found = standing(workspace, scenario)
        for name, wanted in expected.results.items():
            if why := difference(found[name], wanted):
                return f"success, but {name} {why}"
        return "success, but it prints something else" if not found and printed(ended.out) != expected.out else ""
    if ended.code == NO_REPORT and not any(
        lacks_report(workspace.results(scenario)[name], wanted) for name, wanted in expected.results.items()
    ):
        return "exit code 3, but it is not the report that is missing"
    if why := unclean(ended, reasons, (1, 2, NO_REPORT)):
        return why
    half = half_result(workspace, scenario, expected)
    return f"an error, but half a result: {half}" if half else ""


def wrong_after(workspace, scenario, expected):
    """Why the next, undisturbed call in the same folder does not end as it should, and what it says; empty where it
    does."""
    if snapshot(workspace.stock) != expected.stock:
        return "an input is changed", ""
    done = not any(difference(workspace.results(scenario)[name], wanted) for name, wanted in expected.results.items())
    command = expected.next
    if done and expected.results and not any(scenario.proceed) and scenario.command[0] != "study":
        if not scenario.replaces:  # would be refused, rightly
            return "", ""
        command = replacing(scenario)
    again = workspace.call(command)
    if again.code != 0:
        return "the next run fails", again.err
    if why := wrong_end(workspace, scenario, expected, again):
        return f"the next run: {why}", again.err
    for name, wanted in expected.results.items():
        if why := difference(workspace.results(scenario)[name], wanted):
            return f"the next run: {name} {why}", again.err
    left = leftovers(workspace.work)
    return (f"the next run leaves {', '.join(left)}", again.err) if left else ("", "")
