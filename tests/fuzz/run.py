#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the libFuzzer programs of a build with the preset fuzz, and says how many lines of each reader they have covered.

usage: run.py BUILD [--seconds S | --runs N] [--jobs J] [--markdown] [READER…]

Inputs that were found to be worth keeping stay in BUILD/corpus/READER; an input that fails is kept in build/fuzz/findings.
Exits with 1 where there is a finding.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
# The files that make up a reader, and the functions in them that are no part of it: writers, and what computes.
WRITERS = r"::write|_bytes\(|header_text|data_order|NpyWriter|npy_descr|product\("
READERS = {
    "npy": (["files/npy.cc", "files/npy_header.cc"], WRITERS),
    "map_npy": (["files/npy_file.cc", "files/npy_header.cc", "files/mapped_file.cc"], WRITERS),
    "npz": (["files/npz.cc", "datasets/layouts.cc"], "read_linkx"),
    "mat": (["files/mat.cc"], ""),
    "safetensors": (["files/safetensors.cc"], WRITERS),
    "graph_folder": (["datasets/graph_folder.cc"], WRITERS),
    "split": (["data/splits.cc"], WRITERS +
              "|random_split|stratified_split|deal|part_of\\(|check_fractions|shuffled_labelled"),
    "schema": (["data/schema.cc", "data/match_schema.cc"],
               "apply_schema|rearranged|each_row|rows_with|unknown_notes|match_edge_types|listed"),
    "recipe": (["recipe/load_yaml.cc", "recipe/recipe_io.cc", "recipe/recipe_value.cc"], "apply_setting"),
    "settings": (["recipe/load_yaml.cc", "recipe/recipe_io.cc", "recipe/recipe_value.cc"], "parse_recipe|parse_nested|base_recipe|find_embedded|MapReader"),
    "result": (["run/result_file.cc", "files/json_file.cc"], "read_json_lines|operator\\+\\+\\(int\\)|binary"),
    "metrics": (["report/curves.cc"], ""),
    "checkpoint": (["run/checkpoint.cc"], "::write|::add|::due|::any"),
    "csv": (["tables/csv_table.cc", "tables/csv_records.cc", "tables/table_content.cc", "tables/convert_tables.cc",
             "tables/feature_columns.cc", "tables/label_columns.cc"], ""),
    "parquet": (["tables/parquet_table.cc", "tables/table_content.cc", "tables/convert_tables.cc", "tables/feature_columns.cc",
                 "tables/label_columns.cc"],
                "not_csv|wide_characters|first_line|other_delimiter|without_margin"),
}
MOST_BYTES = {"metrics": 600}  # a few lines; hundreds of them try the same again, hundreds of times slower
LIMITS = ["-timeout=30", "-rss_limit_mb=3000", "-malloc_limit_mb=1000", "-print_final_stats=1", "-verbosity=0",
          "-entropic=0"]  # choosing inputs by how rare their features are takes a sixth of the time


def run(command, **options):
    return subprocess.run([str(part) for part in command], text=True, errors="replace", capture_output=True, **options)


class Reader:
    def __init__(self, name, build, findings, temporary):
        self.name, self.build, self.findings = name, build, findings
        self.program = build / "tests/fuzz" / f"{name}_fuzz"
        self.corpus = build / "corpus" / name
        self.seeds = temporary / name / "seeds"
        self.environment = {**os.environ, "TMPDIR": str(temporary / name), "LLVM_PROFILE_FILE": str(temporary / name / "%p.profraw")}

    def fuzz(self, limit):
        """Returns executions, executions per second, what was said of a finding (or nothing), and the share of lines."""
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.seeds.parent.mkdir(parents=True, exist_ok=True)
        made = run([self.program, f"--seeds={self.seeds}"], env=self.environment)
        if made.returncode != 0:
            return 0, 0, made.stderr, (0, 0)
        length = [f"-max_len={MOST_BYTES[self.name]}"] if self.name in MOST_BYTES else []
        done = run([self.program, *limit, *LIMITS, *length, f"-dict={self.seeds}.dict", f"-artifact_prefix={self.findings}/{self.name}-",
                    self.corpus, self.seeds], env=self.environment)
        numbers = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
        executions, speed = (int(numbers.get(key, 0)) for key in ("number_of_executed_units", "average_exec_per_sec"))
        return executions, speed, done.stderr if done.returncode != 0 else "", self.coverage()

    def coverage(self):
        """Lines of the reader that the corpus runs, and all of them."""
        files, excluded = READERS[self.name]
        profile = self.seeds.parent / "merged.profdata"
        for old in self.seeds.parent.glob("*.profraw"):
            old.unlink()
        run([self.program, "-runs=0", "-verbosity=0", self.corpus, self.seeds], env=self.environment)
        run(["llvm-profdata-16", "merge", "-o", profile, *self.seeds.parent.glob("*.profraw")], check=True)
        export = ["llvm-cov-16", "export", f"-instr-profile={profile}", self.program]
        covered = total = 0
        for file in files:
            path = SOURCE / "src/graphsieve" / file
            left_out = self.lines_of(run([*export, path], check=True).stdout, path, excluded) if excluded else set()
            for line, count in re.findall(r"^DA:(\d+),(\d+)", run([*export, "-format=lcov", path], check=True).stdout, re.M):
                if int(line) not in left_out:
                    total += 1
                    covered += count != "0"
        return covered, total

    @staticmethod
    def lines_of(exported, path, pattern):
        """The lines of the functions of a file whose names match."""
        functions = [f for f in json.loads(exported)["data"][0]["functions"] if str(path) in f["filenames"]]
        names = run(["llvm-cxxfilt-16"], input="\n".join(f["name"].split(":")[-1] for f in functions)).stdout.splitlines()
        lines = set()
        for function, name in zip(functions, names):
            if re.search(pattern, name):
                lines.update(line for r in function["regions"] if function["filenames"][r[5]] == str(path)
                             for line in range(r[0], r[2] + 1))
        return lines


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("build", type=Path)
    options.add_argument("readers", nargs="*")
    options.add_argument("--seconds", type=int, default=60, help="for each reader")
    options.add_argument("--runs", type=int, help="executions of each reader, in place of a time")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="readers at once")
    options.add_argument("--markdown", action="store_true", help="the lines as a table of Markdown")
    given = options.parse_intermixed_args()
    built = [name for name in READERS if (given.build / "tests/fuzz" / f"{name}_fuzz").exists()]
    for name in given.readers:
        if name not in built:
            options.error(f"no reader is called '{name}', expected one of {', '.join(built)}")
    findings = SOURCE / "build/fuzz/findings"
    findings.mkdir(parents=True, exist_ok=True)
    limit = [f"-runs={given.runs}"] if given.runs else [f"-max_total_time={given.seconds}"]
    temporary = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    line = "| {} | {} | {} | {} | {} |" if given.markdown else "{:<14} {:>14} {:>12} {:>9} {:>14}"
    print(line.format("reader", "executions", "per second", "findings", "lines covered"), flush=True)
    if given.markdown:
        print("|---|---|---|---|---|")
    failed, sum_of_executions = [], 0
    try:
        with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
            readers = [Reader(name, given.build, findings, temporary) for name in given.readers or built]
            for reader, (executions, speed, said, (covered, total)) in zip(readers, pool.map(lambda r: r.fuzz(limit), readers)):
                share = f"{100 * covered / total:.1f} %" if total else "-"
                print(line.format(reader.name, f"{executions:,}", f"{speed:,}", 1 if said else 0, share), flush=True)
                sum_of_executions += executions
                if said:
                    failed.append(reader.name)
                    print(said[-6000:], file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    if failed:
        print(f"findings in {', '.join(failed)}; the inputs are in {findings}")
        sys.exit(1)
    print(f"{len(readers)} readers, {sum_of_executions:,} executions, no finding")


if __name__ == "__main__":
    main()
