# SPDX-License-Identifier: Apache-2.0
"""The fork server of fork_server.cc for code that uses the Python package: the same requests and answers. The first
argument of a request is "python", the second the code. An Error ends the process as it ends the program: a line "error:
…", exit code 1."""

import ctypes
import os
import struct
import sys
import traceback

SOCKET = int(os.environ.pop("PYTHON_FORK_SERVER"))


def receive(size):
    data = b""
    while len(data) < size:
        part = os.read(SOCKET, size - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def redirect(path, descriptor, flags):
    opened = os.open(path, flags, 0o644)
    os.dup2(opened, descriptor)
    os.close(opened)


def run(code):
    import graphsieve

    try:
        exec(code, {"__name__": "__main__", "graphsieve": graphsieve})
    except graphsieve.Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def prepare(texts):
    """In the child: everything as the request says; returns the code."""
    folder, out, err, count, *rest = texts
    os.chdir(folder)
    redirect("/dev/null", 0, os.O_RDONLY)
    redirect(out, 1, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    redirect(err, 2, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for setting in rest[int(count) :]:
        name, _, value = setting.partition("=")
        os.environ[name] = value
    ctypes.CDLL(None).failing_calls_restart()
    return rest[1]


def call(texts):
    """Other exceptions than Error end in a traceback. The destructors of Python and torch, which would take ten times
    as long as the code, are left out."""
    try:
        code = run(prepare(texts))
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        traceback.print_exc()
        code = 1
    os._exit(code)


def serve():
    import graphsieve  # noqa: F401  loaded once, before the forks

    while True:
        request = receive(struct.unpack("I", receive(4))[0])
        child = os.fork()
        if child == 0:
            os.close(SOCKET)
            call([os.fsdecode(text) for text in request.split(b"\0")[:-1]])
        os.write(SOCKET, struct.pack("i", child))
        os.write(SOCKET, struct.pack("i", os.waitpid(child, 0)[1]))


serve()
