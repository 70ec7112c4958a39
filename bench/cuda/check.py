#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole check of the GPU's code, on a machine that has an NVIDIA GPU for a few minutes.

    check.py pack [--data FOLDER]          beforehand, where `make setup` has run: what the build needs, to build/gpu-pack
    check.py run OUT [--seconds 470]       on the machine with the GPU: builds and checks; rows to OUT/rows.jsonl

The second machine needs this checkout with build/gpu-pack, a C++ compiler, CMake, ninja, CUDA's nvcc, and a python3 with torch 2.11 or
later; nothing is fetched. Each step writes its rows as soon as it has them, and its output to OUT/STEP.log. A step that fails does not
stop the others; a step that could not end in time is left out, by name. Without a GPU, the steps that need one are left out, and the
training steps compare the CPU with itself.

  build      operators, kernels, their tests, and the program, with vector code for AVX2 alone
  kernels    tests/cuda: every kernel and operator against the CPU's reference
  memcheck   compute-sanitizer over a short list of these tests: memcheck, then racecheck
  attention  attention forward and backward against the bare gather, PyG and plain torch (attention.py)
  losses     the loss of each of 100 steps against the CPU's (training.py)
  repeats    two runs, byte by byte
  epoch      an epoch of stage 2 on a graph of the size of ogbn-products
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACK = ROOT / "build" / "gpu-pack"
BUILD = ROOT / "build" / "gpu-check"
HERE = pathlib.Path(__file__).resolve().parent
# The packages of packages.txt whose headers or CMake files this build does not need.
NOT_NEEDED = {"g++", "python3-dev", "python3-venv", "libbenchmark-dev"}
OF_THE_SYSTEM = re.compile(r"/(ld-linux|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+))[.-]")
SHORT_LIST = "*SparseAttentionOfEveryShape:*TheSameEdgesAsOnTheCpu:*ExpandBlockNumbersAlike:*DropoutHasTheSameBits"


def pack(data):
    """Copies the packages' files, and the libraries that they load, to PACK."""
    shutil.rmtree(PACK, ignore_errors=True)
    wanted = set()
    packages = {line for line in (ROOT / "packages.txt").read_text().splitlines() if not line.startswith("#")}
    for package in sorted(packages - NOT_NEEDED):
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True)
        if listed.returncode:
            sys.exit(f"error: the package {package} is not installed (make setup)")
        wanted |= {path for path in listed.stdout.split("\n")
                   if re.match(r"/usr/(include|lib|share/(cmake|eigen3|javascript))/", path) and not os.path.isdir(path)}
    for library in [path for path in wanted if ".so" in path]:
        loaded = subprocess.run(["ldd", library], capture_output=True, text=True).stdout
        name = re.search(r"SONAME.*\[(.*)\]", subprocess.run(["readelf", "-d", library], capture_output=True, text=True).stdout)
        own = [library, *([os.path.join(os.path.dirname(library), name[1])] if name else [])]
        for path in own + [path for path in re.findall(r"=> (/\S+)", loaded) if not OF_THE_SYSTEM.search(path)]:
            wanted |= set(links_of(path))
    for path in sorted(wanted):
        to = PACK / path.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        # A link that leads out of the pack, such as one to /lib, becomes the file.
        inside = os.path.islink(path) and not os.path.isabs(os.readlink(path)) and os.path.realpath(path) in wanted
        shutil.copy2(path, to, follow_symlinks=not inside)
    if data:
        shutil.copy2(data / "tolokers.npz", PACK)
    size = sum(file.stat().st_size for file in PACK.rglob("*") if file.is_file() and not file.is_symlink())
    print(f"{PACK.relative_to(ROOT)}: {size / 2**20:.0f} MiB")


def links_of(path):
    """The path, and what it leads to link by link, below /usr (of which /lib is a part)."""
    path = re.sub(r"^/lib", "/usr/lib", path)
    return [path] + (links_of(os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))) if os.path.islink(path) else [])


def torch_of_python():
    import torch
    return {"torch": torch.__version__, "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None}


class Check:
    def __init__(self, out, seconds):
        self.out, self.end, self.start = out, time.monotonic() + seconds, time.monotonic()
        out.mkdir(parents=True, exist_ok=True)
        usr = PACK / "usr"
        libraries = sorted({str(file.parent) for file in usr.rglob("*.so*")})
        joined = lambda name, paths: os.pathsep.join([*map(str, paths), *filter(None, [os.environ.get(name)])])
        self.environment = {**os.environ, "CPLUS_INCLUDE_PATH": joined("CPLUS_INCLUDE_PATH", [usr / "include", usr / "include/eigen3"]),
                            "LIBRARY_PATH": joined("LIBRARY_PATH", libraries),
                            "LD_LIBRARY_PATH": joined("LD_LIBRARY_PATH", libraries)}
        self.machine = torch_of_python()
        self.failed = False
        self.row("machine", **self.machine)

    def row(self, step, **values):
        text = json.dumps({"step": step, "after_s": round(time.monotonic() - self.start, 1), **values})
        print(text, flush=True)
        with open(self.out / "rows.jsonl", "a") as file:
            file.write(text + "\n")

    def left_out(self, step, why):
        self.row(step, left_out=why)

    def call(self, step, *command, least=5, most=float("inf")):
        """Runs a command and adds its output to OUT/STEP.log. Returns whether it succeeded. The command ends after `most` seconds, or when
        no time is left for the whole check, and is left out if less than `least` seconds are left."""
        left = self.end - time.monotonic()
        if left < least:
            self.left_out(step, f"{left:.0f} s are left, it needs {least} s")
            return False
        begun = time.monotonic()
        with open(self.log(step), "a") as log:
            print("+", *command, file=log, flush=True)
            try:
                code = subprocess.run([*map(str, command)], cwd=ROOT, env=self.environment, stdout=log, stderr=log, timeout=min(left, most)).returncode
            except subprocess.TimeoutExpired:
                code = "out of time"
        self.seconds = round(time.monotonic() - begun, 1)
        if code:
            self.row(step, failed=code, seconds=self.seconds, end=self.log(step).read_text()[-1500:])
            self.failed = True
        return not code

    def log(self, step):
        return self.out / f"{step}.log"

    def build(self):
        options = {"CMAKE_BUILD_TYPE": "Release", "CMAKE_UNITY_BUILD": "ON", "CMAKE_UNITY_BUILD_BATCH_SIZE": 10, "GRAPHSIEVE_CUDA": "ON",
                   "GRAPHSIEVE_AVX2_ALONE": "ON", "GRAPHSIEVE_BENCH": "OFF", "Python3_EXECUTABLE": sys.executable,
                   "CMAKE_PREFIX_PATH": PACK / "usr", "CHART_JS": PACK / "usr/share/javascript/chart.js/chart.min.js"}
        if not self.call("build", "cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", *(f"-D{k}={v}" for k, v in options.items())):
            return False
        if not self.call("build", "ninja", "-C", BUILD, "cuda_tests", "graphsieve-cli", "src/graphsieve/libgraphsieve.so"):
            return False
        self.row("build", seconds=self.seconds)
        return True

    def tests(self):
        program = BUILD / "tests/cuda/cuda_tests"
        report = self.out / "kernels.json"
        passed = self.call("kernels", program, f"--gtest_output=json:{report}")
        if report.exists():
            found = json.loads(report.read_text())
            skipped = sum(test.get("result") == "SKIPPED" for suite in found["testsuites"] for test in suite["testsuite"])
            self.row("kernels", tests=found["tests"], failures=found["failures"], skipped=skipped, passed=passed)
        if not self.machine["gpu"]:
            return self.left_out("memcheck", "no GPU")
        if not shutil.which("compute-sanitizer"):
            return self.left_out("memcheck", "no compute-sanitizer")
        for tool in ("memcheck", "racecheck"):
            if self.call("memcheck", "compute-sanitizer", "--tool", tool, "--error-exitcode", 9, program, f"--gtest_filter={SHORT_LIST}",
                         least=20, most=60):
                self.row("memcheck", tool=tool, errors=0, seconds=self.seconds)

    def rows_of(self, step, *command, least=20, most=120):
        """Runs a command and keeps the JSON lines that it prints as rows, also those of a command that fails later."""
        before = self.log(step).stat().st_size if self.log(step).exists() else 0
        self.call(step, sys.executable, *command, least=least, most=most)
        if self.log(step).exists():
            for line in self.log(step).read_bytes()[before:].decode().splitlines():
                if line.startswith("{"):
                    self.row(step, **json.loads(line))

    def measures(self):
        data = ["--data", PACK] if (PACK / "tolokers.npz").exists() else []
        if self.machine["gpu"]:
            self.rows_of("attention", HERE / "attention.py", BUILD, *data, "--only", "tolokers,products", "--repeats", 10)
        else:
            self.left_out("attention", "no GPU")
        device = ["--device", "cuda" if self.machine["gpu"] else "cpu"]
        for name in ("losses", "repeats"):
            self.rows_of(name, HERE / "training.py", BUILD / "graphsieve", *data, *device, "--only", name)
        if self.machine["gpu"]:
            self.rows_of("epoch", HERE / "training.py", BUILD / "graphsieve", *device, "--only", "epoch", least=90)
        else:
            self.left_out("epoch", "no GPU")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="what the build needs, to build/gpu-pack")
    packing.add_argument("--data", type=pathlib.Path, help="folder with tolokers.npz, which is packed too")
    running = commands.add_parser("run", help="build and check")
    running.add_argument("out", type=pathlib.Path)
    running.add_argument("--seconds", type=float, default=470, help="that all steps may take together")
    given = parser.parse_args()
    if given.command == "pack":
        return pack(given.data)
    if not PACK.exists():
        sys.exit("error: build/gpu-pack is missing; make it with `check.py pack` where `make setup` has run")
    check = Check(given.out.resolve(), given.seconds)
    if check.build():
        check.tests()
        check.measures()
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
