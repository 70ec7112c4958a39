# SPDX-License-Identifier: Apache-2.0
"""Commands under a limit of memory that the kernel keeps: pages of mapped files count, and may be dropped."""
import contextlib
import os
import pathlib
import subprocess
import time

ROOT_V1 = pathlib.Path("/sys/fs/cgroup/memory")
ROOT_V2 = pathlib.Path("/sys/fs/cgroup")


class NoCgroup(Exception):
    """Control groups of memory cannot be made here."""


class MemoryGroup:
    def __init__(self, limit):
        version_1 = (ROOT_V1 / "memory.limit_in_bytes").exists()
        self.folder = (ROOT_V1 if version_1 else ROOT_V2) / f"graphsieve-bench-{os.getpid()}"
        names = ("memory.limit_in_bytes", "memory.max_usage_in_bytes") if version_1 else ("memory.max", "memory.peak")
        try:
            self.folder.mkdir(exist_ok=True)
            (self.folder / names[0]).write_text(str(limit))
        except OSError as error:
            raise NoCgroup(f"{self.folder}: {error.strerror}; limits of memory need root and a memory control group") from error
        self.peak_file = self.folder / names[1]
        self.anonymous_name = "total_rss" if version_1 else "anon"

    def enter(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        return int(self.peak_file.read_text())

    def anonymous(self):
        """Bytes that cannot be dropped, now."""
        fields = dict(line.split() for line in (self.folder / "memory.stat").read_text().splitlines())
        return int(fields[self.anonymous_name])

    def close(self):
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def run_within(command, limit, cwd):
    """Runs it under `limit` bytes: its stdout and {seconds, peak_bytes with pages of files, anonymous_bytes at most}; None, None
    and its stderr where it leaves with another exit code than 0 (the kernel's -9 where it needs more)."""
    group = MemoryGroup(limit)
    try:
        start, anonymous = time.perf_counter(), 0
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
                                   preexec_fn=group.enter)
        while process.poll() is None:
            anonymous = max(anonymous, group.anonymous())
            time.sleep(0.05 if time.perf_counter() - start < 5 else 0.5)
        out, told = process.communicate()
        if process.returncode:
            return None, None, f"left with {process.returncode}: {told.strip()[-500:]}"
        return out, {"seconds": time.perf_counter() - start, "peak_bytes": group.peak(), "anonymous_bytes": anonymous}, told
    finally:
        group.close()
