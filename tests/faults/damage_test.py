#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file of a graph folder, a run folder, an unfinished folder and a study is damaged: a bit is flipped, the file
is cut at a byte, emptied, removed, doubled, replaced by that of another folder. Each call that reads the file either
says so with a clean error or ends with the same result."""

import shutil
import sys

from judge import unclean
from program import has_python
from subjects import SUBJECTS, outcome, same
from sweep import keyed_random, options, sweep


def flipped(data, at, bit):
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def damages(size, stale, every, random):
    """(name, damage) for a file of so many bytes: of every byte if there are at most `every`, else of so many. stale:
    what another folder of this kind has under the name, if it has."""
    whole = [
        ("empty", lambda data: b""),
        ("removed", None),
        ("doubled", lambda data: data + data),
        ("zeros at its end", lambda data: data[:-16] + bytes(min(16, len(data)))),
    ]
    if stale is not None:
        whole.append(("that of another", lambda data: stale))
    offsets = range(size) if size <= every else sorted(random.sample(range(size), every))
    flips = [
        (f"bit {bit} of byte {at} flipped", lambda data, at=at, bit=bit: flipped(data, at, bit))
        for at in offsets
        for bit in [random.randrange(8)]
    ]
    cuts = [(f"cut at byte {at}", lambda data, at=at: data[:at]) for at in offsets[::4]]
    return whole + flips + cuts


class Trials:
    """A subject in the working folder, and what undisturbed calls of its readers come to."""

    def __init__(self, workspace, subject):
        self.workspace, self.subject = workspace, subject
        self.source = subject.make(workspace)
        self.other = subject.other(workspace) if subject.other else None
        self.files = sorted(str(p.relative_to(self.source)) for p in self.source.rglob("*") if p.is_file())
        self.expected, self.reads = {}, {}
        for reader in subject.readers:
            self.look_at(reader)

    def prepare(self):
        self.workspace.fresh()
        shutil.copytree(self.source, self.workspace.work / self.subject.at)

    def look_at(self, reader):
        """The reader's outcome, twice, and which files it opens."""
        log = self.workspace.folder / "reads.log"
        outcomes = []
        for _ in range(2):
            self.prepare()
            ended = self.workspace.call(
                reader.command,
                {"FAILING_CALLS_ROOT": self.workspace.work, "FAILING_CALLS_LOG": log, "FAILING_CALLS_KINDS": "open"},
            )
            if ended.code != 0:
                raise RuntimeError(f"{self.subject.name}, {reader.name} fails undisturbed: {ended.err}")
            outcomes.append(outcome(self.workspace, reader, ended))
        self.expected[reader.name] = outcomes
        opened = {line.split(" ", 2)[2].replace("/./", "/") for line in log.read_text().splitlines()}
        log.unlink()
        at = f"{self.workspace.work}/{self.subject.at}/"
        self.reads[reader.name] = {file for file in self.files if at + file in opened}

    def stale(self, file):
        path = self.other / file if self.other else None
        return path.read_bytes() if path and path.is_file() else None

    def most(self, file, every):
        """Number of bytes of a file that are damaged. Files that nothing reads and nothing takes over need few."""
        unread = not any(file in reads for reads in self.reads.values()) and not self.subject.at.startswith(".")
        return 50 if unread else every if self.subject.whole else every // 20

    def readers_of(self, file):
        found = [r for r in self.subject.readers if file in self.reads[r.name]]
        return found or self.subject.readers[:1]

    def trial(self, file, damage, reader):
        self.prepare()
        path = self.workspace.work / self.subject.at / file
        data = path.read_bytes()
        if damage is None:
            path.unlink()
        else:
            changed = damage(data)
            if changed == data:
                return "without effect", "", ""
            path.unlink()  # it may have a second name
            path.write_bytes(changed)
        ended = self.workspace.call(reader.command)
        if ended.code == 0:
            found = outcome(self.workspace, reader, ended)
            noted = "passed over" in ended.err or "begins anew" in ended.err
            right = same(found, self.expected[reader.name], (self.subject.at, file))
            if f"{path.name}: " in ended.err and "it is left out" in ended.err:
                noted = right = True  # what is damaged is named, and not used
            said = ended.out + ended.err
            if any(f"{name} is gone: " in said for name in (path.name, path.parent.name)):
                noted = right = True  # of what may be deleted
            if file == "report.json" and "its degrees and homophily are left out" in ended.out:
                noted = right = True  # it may be deleted, and the next report says what it lacks
            return "noted" if noted else "without effect", "" if right else "SILENT: another result", ended.err
        return "detected", unclean(ended), ended.err


def run(workspace, case):
    index, part, parts, chosen = case
    trials = Trials(workspace, SUBJECTS[index])
    jobs = []
    for file in trials.files:
        readers = trials.readers_of(file)
        random = keyed_random("damage", trials.subject.name, file, chosen.seed)
        size = (trials.source / file).stat().st_size
        for i, (name, damage) in enumerate(damages(size, trials.stale(file), trials.most(file, chosen.every), random)):
            # Damage of the whole file by every reader, the bytes in turn, and by all readers from time to time.
            for reader in readers if i < 5 or i % 32 == 0 else [readers[i % len(readers)]]:
                jobs.append((file, name, damage, reader))
    if not chosen.full:
        jobs = keyed_random("damage", trials.subject.name, chosen.seed).sample(jobs, min(chosen.samples, len(jobs)))
    outcomes = []
    for file, name, damage, reader in jobs[part::parts]:
        told, why, error = trials.trial(file, damage, reader)
        case_name = f"{trials.subject.name}, {file}: {name}, {reader.name}"
        outcomes.append((case_name, why, error) if why else told)
    return outcomes


def main():
    chosen = options(__doc__, every=3000, samples=12)
    python = has_python()
    for subject in SUBJECTS:
        subject.readers[:] = [r for r in subject.readers if python or r.command[0] != "python"]
    parts = 8 if chosen.full else 1
    cases = [(i, part, parts, chosen) for i, s in enumerate(SUBJECTS) if chosen.only in s.name for part in range(parts)]
    sys.exit(sweep("flips and cuts of files", run, cases, chosen.jobs))


if __name__ == "__main__":
    main()
