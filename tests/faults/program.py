# SPDX-License-Identifier: Apache-2.0
"""Calls of the program and of Python code through fork servers: a call takes some ten milliseconds, since its process
is forked from one that has loaded torch. LIBRARY lets the system's calls of a run fail (failing_calls.cc has the
options)."""

import contextlib
import os
import pathlib
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("GRAPHSIEVE_PROGRAM", str(ROOT / "bin" / "graphsieve"))
LIBRARY = os.environ.get("GRAPHSIEVE_FAILING_CALLS", str(ROOT / "build/release/tests/faults/libfailing_calls.so"))
SECONDS = 200  # for a call; one that takes longer hangs


class Ended(NamedTuple):
    """How a call ended: its exit code, or minus the signal; None where it was still running after SECONDS."""

    code: int | None
    out: str
    err: str
    seconds: float


def send(process, what):
    """A signal, unless the process has just ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, what)


class Server:
    """One process that forks a child for each call."""

    def __init__(self, command, variable, base):
        """variable: name of the environment variable that tells the process its socket. base: folder for what calls
        print."""
        self.socket, theirs = socket.socketpair()
        environment = os.environ | {
            "LD_PRELOAD": LIBRARY,
            variable: str(theirs.fileno()),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.texts = tempfile.mkdtemp(dir=base)
        self.process = subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()])
        theirs.close()

    def _receive(self, seconds):
        """A number from the server; None where there is none after so many seconds."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            if not selector.select(max(0.0, seconds)):
                return None
        data = self.socket.recv(4, socket.MSG_WAITALL)
        if len(data) < 4:
            raise RuntimeError(f"{self.process.args}: the fork server has ended")
        return struct.unpack("i", data)[0]

    def call(self, arguments, folder, environment=None, kill=None):
        """kill: (seconds, signal), sent so long after the start."""
        out, err = (os.path.join(self.texts, name) for name in ("out", "err"))
        arguments = [str(a) for a in arguments]
        texts = [
            str(folder),
            out,
            err,
            str(len(arguments)),
            *arguments,
            *(f"{name}={value}" for name, value in (environment or {}).items()),
        ]
        request = b"".join(os.fsencode(text) + b"\0" for text in texts)
        begun = time.monotonic()
        self.socket.sendall(struct.pack("I", len(request)) + request)
        child = self._receive(SECONDS)
        status = None
        if kill is not None:
            status = self._receive(begun + kill[0] - time.monotonic())
            if status is None:
                send(child, kill[1])
        if status is None:
            status = self._receive(SECONDS)
        code = None
        if status is None:
            send(child, signal.SIGKILL)
            self._receive(SECONDS)
        else:
            code = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        read = [pathlib.Path(path).read_bytes().decode(errors="backslashreplace") for path in (out, err)]
        return Ended(code, *read, seconds)


class Programs:
    """The program and Python, each behind a server that is started when it is first needed."""

    def __init__(self, base):
        self.base, self.servers = base, {}

    def call(self, command, folder, environment=None, kill=None):
        """command: the program's arguments, or ["python", CODE]."""
        python = command[0] == "python"
        if python not in self.servers:
            self.servers[python] = (
                Server(
                    [sys.executable, pathlib.Path(__file__).with_name("python_server.py")],
                    "PYTHON_FORK_SERVER",
                    self.base,
                )
                if python
                else Server([PROGRAM], "FORK_SERVER", self.base)
            )
        return self.servers[python].call(command if python else [PROGRAM, *command], folder, environment, kill)


def has_python():
    """True if the Python package is built."""
    found = subprocess.run([sys.executable, "-c", "import graphsieve"], capture_output=True)
    return found.returncode == 0
