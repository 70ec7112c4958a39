#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the build tree GRAPHSIEVE_BUILD into a temporary prefix and uses it as someone without the checkout would.
GRAPHSIEVE_CMAKE and GRAPHSIEVE_MAKE name cmake and ninja; this script's own Python is the user's Python with torch."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CMAKE = os.environ.get("GRAPHSIEVE_CMAKE", "cmake")
NINJA = os.environ.get("GRAPHSIEVE_MAKE", "ninja")
BUILD = os.environ.get("GRAPHSIEVE_BUILD", str(ROOT / "build" / "release"))


def run(command, code=0, cwd=None, **env):
    """Runs in an environment without variables that could help to find the checkout."""
    clean = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, cwd=cwd,
                            env={**clean, **env})
    if result.returncode != code:
        raise AssertionError(f"{command}: exit {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.dir = pathlib.Path(cls.folder.name)
        cls.prefix = cls.dir / "prefix"
        run([CMAKE, "--install", BUILD, "--prefix", cls.prefix])
        cls.program = cls.prefix / "bin" / "graphsieve"

    def test_no_file_names_the_checkout(self):
        found = [p for p in self.prefix.rglob("*") if p.is_file() and str(ROOT).encode() in p.read_bytes()]
        self.assertEqual(found, [])

    def test_the_python_package_is_none_of_it(self):
        self.assertEqual([p.name for p in self.prefix.rglob("*_engine*")], [])

    def installed_headers(self):
        include = self.prefix / "include"
        return sorted(str(path.relative_to(include)) for path in include.rglob("*.h"))

    def test_the_installed_headers_are_the_public_ones(self):
        text = re.sub(r"#.*", "", (ROOT / "cmake" / "public_headers.cmake").read_text())
        listed = re.search(r"set\(public_headers\s+([^)]*)\)", text)[1].split()
        self.assertEqual(self.installed_headers(), sorted(f"graphsieve/{name}" for name in listed))

    def test_each_header_compiles_alone(self):
        source, build = self.dir / "headers", self.dir / "headers-build"
        source.mkdir()
        for number, header in enumerate(self.installed_headers()):
            (source / f"{number}.cc").write_text(f'#include "{header}"\n#include "{header}"\n')
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(headers CXX)\nfind_package(graphsieve REQUIRED)\n"
            "file(GLOB sources *.cc)\nadd_library(headers OBJECT ${sources})\n"
            "target_link_libraries(headers PRIVATE graphsieve::graphsieve)\n"
            "target_compile_options(headers PRIVATE -Wall -Wextra -Werror)\n")
        self.build(source, build)

    def test_the_library_shows_public_functions_alone(self):
        (library,) = self.prefix.rglob("libgraphsieve.so")
        shown = run(["nm", "--dynamic", "--demangle", "--defined-only", library]).stdout
        functions = {line.split(" ", 2)[2] for line in shown.splitlines() if " T graphsieve::" in line}
        self.assertIn("graphsieve::generate_minesweeper(unsigned long, long)", functions)
        marked = "".join((self.prefix / "include" / header).read_text() for header in self.installed_headers())
        for_tables = {"AtomicFile", "GraphFolderWriter", "InputFile", "NpzFile", "NpzReader", "check_split", "did_you_mean",
                      "option", "path_text", "quoted_words", "split_part_named", "split_parts"}
        for function in functions:
            name = re.match(r"graphsieve::(?:ops::)?(\w+)", function)[1]
            self.assertTrue(name in for_tables or re.search(rf"\b{name}\b", marked), function)

    def test_version(self):
        shown = run([self.program, "--version"], PYTHON=sys.executable).stdout
        self.assertRegex(shown, r"^graphsieve \d+\.\d+\.\d+\n$")

    def test_run(self):
        out = self.dir / "run"
        run([self.program, "run", "minesweeper:12", "--set", "estimator.epochs=2", "--set", "network.epochs=2", "--out",
             out], PYTHON=sys.executable)
        self.assertEqual(json.loads((out / "result.json").read_text())["graph"]["nodes"], 144)

    def test_tables_where_the_python_has_arrow(self):
        import torch
        (self.dir / "nodes.csv").write_text("id,x,label\na,1,0\nb,2,1\nc,3,0\n")
        (self.dir / "edges.csv").write_text("source,destination\na,b\nb,c\n")
        command = [self.program, "convert", "--nodes", self.dir / "nodes.csv", "--edges", self.dir / "edges.csv", "--out"]
        self.assertIn("3 nodes, 2 undirected edges", run([*command, self.dir / "graph"], PYTHON=sys.executable).stdout)
        lib = pathlib.Path(torch.__file__).parent / "lib"
        shown = run([*command, self.dir / "none"], code=1, GRAPHSIEVE_TORCH_LIB=str(lib), PYTHON="/bin/false").stderr
        self.assertIn("error: tables need Apache Arrow (pip install pyarrow==", shown)

    def test_program_is_found_through_a_link(self):
        link = self.dir / "linked"
        link.symlink_to(self.program)
        run([link, "--version"], PYTHON=sys.executable)

    def test_torch_lib_folder_may_be_named(self):
        import torch
        lib = pathlib.Path(torch.__file__).parent / "lib"
        run([self.program, "--version"], GRAPHSIEVE_TORCH_LIB=str(lib), PYTHON="/bin/false")

    def test_exit_code_is_the_programs(self):
        self.assertIn("error: ", run([self.program, "walk"], code=2, PYTHON=sys.executable).stderr)

    def test_missing_torch_is_one_clear_line(self):
        for env, word in (({"PYTHON": "/bin/false"}, "/bin/false"), ({"PYTHON": "/no/python"}, "/no/python"),
                          ({"GRAPHSIEVE_TORCH_LIB": "/no/lib"}, "/no/lib")):
            result = run([self.program, "--version"], code=1, **env)
            self.assertEqual(result.stdout, "")
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertTrue(result.stderr.startswith(f"error: no torch in {word}; set PYTHON"), result.stderr)

    def build(self, source, build):
        run([CMAKE, "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={NINJA}",
             f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug"], PYTHON=sys.executable)
        run([CMAKE, "--build", build])

    def test_the_documentation_s_program(self):
        text = (ROOT / "docs" / "cpp.md").read_text()
        source, build = self.dir / "page", self.dir / "page-build"
        source.mkdir()
        for language, file in (("cmake", "CMakeLists.txt"), ("cpp", "main.cc")):
            (block,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)
            (source / file).write_text(block)
        self.build(source, build)
        run([build / "mine"], cwd=self.dir)
        self.assertTrue((self.dir / "runs" / "mine" / "predictions.csv").is_file())

    def test_consumer_project_builds_and_runs(self):
        source, build = self.dir / "consumer", self.dir / "consumer-build"
        shutil.copytree(HERE / "consumer", source)
        self.build(source, build)
        self.assertEqual(run([build / "consumer", self.dir / "consumer-run"]).stdout, "7.000 144\n")
        self.assertTrue((self.dir / "consumer-run" / "predictions.csv").is_file())


if __name__ == "__main__":
    unittest.main()
