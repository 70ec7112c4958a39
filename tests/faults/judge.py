# SPDX-License-Identifier: Apache-2.0
"""What may come of a disturbed call, and how it is told."""

import re
import signal

# Texts of libraries and of the run-time system that must not reach a user as they are.
RAW = [
    "terminate called",
    "Traceback (most recent call last)",
    "basic_filebuf",
    "basic_ios",
    "iostream error",
    "[json.exception",
    "filesystem error",
    "cannot iterate",
    "c10::",
    "Exception raised from",
    "std::",
    "bad_alloc",
    "yaml-cpp:",
    "Segmentation fault",
    "AddressSanitizer",
    "UnicodeDecodeError",
    "Arrow error",
    "IOError:",
    "unknown failure",
]

# A path with a slash, a file with one of our endings, or one of the names that the drivers' calls write to.
PATH = re.compile(
    r"[\w.-]+/[\w.-]+|\b\w+\.(json|npy|npz|csv|yaml|html|parquet|safetensors)\b|^error: (out|run|graph|two|small|x): "
)


def unclean(ended, reasons=(), codes=(1, 2)):
    """Why a call that failed did not end with a clean error; empty where it did. reasons: texts, one of which must be
    shown."""
    if ended.code is None:
        return "hangs"
    if ended.code < 0:
        return f"signal {signal.Signals(-ended.code).name}"
    for text in RAW:
        if text in ended.err:
            return f"raw text: {text}"
    if ended.code not in codes:
        return f"exit code {ended.code}"
    errors = [line for line in ended.err.splitlines() if line.startswith("error:")]
    if len(errors) != 1:
        return f"{len(errors)} lines begin with error:"
    said = ended.err[ended.err.index("error:") :]
    if ended.code != 2 and not PATH.search(said):  # a wrong command line names its options
        return "the error names no path"
    if reasons and not any(reason in said for reason in reasons):
        return "the error gives no reason"
    return ""


class Tally:
    """Counts outcomes, keeps what failed, and prints the summary."""

    def __init__(self, title):
        self.title = title
        self.outcomes, self.failures = {}, []

    def passed(self, outcome):
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def failed(self, case, why, detail=""):
        self.failures.append((case, why, detail.strip().splitlines()[-1][:200] if detail.strip() else ""))

    def count(self):
        """Trials so far."""
        return sum(self.outcomes.values()) + len(self.failures)

    def finish(self):
        """Prints failures, a row of the table in docs/reliability.md and the closing line; the exit code."""
        by_why = {}
        for case, why, detail in self.failures:
            by_why.setdefault(re.sub(r"\d+", "N", why), []).append((case, detail))
        for why, cases in sorted(by_why.items(), key=lambda item: -len(item[1])):
            case, detail = cases[0]
            print(f"FAILED: {why}: {len(cases)}, such as {case}" + (f"\n    {detail}" if detail else ""))
        passed = sum(self.outcomes.values())
        parts = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()))
        print(f"| {self.title} | {self.count()} | {parts or 'none'} | {len(self.failures)} failed |")
        print(f"{passed} passed, {len(self.failures)} failed")
        return 1 if self.failures else 0
