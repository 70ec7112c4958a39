# SPDX-License-Identifier: Apache-2.0
"""Commands that are part of the Python package: python -m graphsieve tune."""
from __future__ import annotations

import argparse
import json
import pathlib
import sys

from graphsieve._check import Error
from graphsieve.tune import DEFAULT_SPACE, Search, parse_space, tune


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}', expected numbers of splits, such as 0,1,2") from None


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}, expected at least 1")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m graphsieve",
                                     description="Commands of the Python package; all others: graphsieve --help")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "tune", help="search for a recipe by validation alone, with Optuna", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Searches for the values of a recipe's keys with the best validation value, then trains that recipe on several\n"
                    "splits. The same command with more trials goes on; an interrupted one is repeated.\n\n"
                    "keys that are searched without --search:\n" +
                    "\n".join(f"  {key}  {space}" for key, space in DEFAULT_SPACE.items()))
    command.add_argument("graph", metavar="GRAPH", help="a graph file or folder, as for graphsieve run")
    command.add_argument("--out", required=True, metavar="FOLDER", help="folder of the search")
    command.add_argument("--trials", type=_count, default=30, metavar="N", help="number of trials in all (default: 30)")
    command.add_argument("--recipe", metavar="NAME|FILE", help="where the search starts (default: the recipe that fits the graph)")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe for all trials")
    command.add_argument("--search", action="append", default=[], metavar="KEY=VALUES",
                         help="search this key: LOW..HIGH, LOW..HIGH:log or A,B,…; replaces the default keys")
    command.add_argument("--split", type=_numbers, default=[0], metavar="I,J,…", help="splits of a trial (default: 0)")
    command.add_argument("--final", type=_numbers, metavar="I,J,…", help="splits of the best recipe (default: 0,1,2, or those there are)")
    command.add_argument("--seed", type=int, default=0, help="of the search and of all runs (default: 0)")
    command.add_argument("--threads", type=_count, help="default: the usable cores")
    command.add_argument("--json", action="store_true", help="print tune.json")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0, 1 for an error, 2 for a wrong command line, 130 after Ctrl-C."""
    args = _parser().parse_args(arguments)
    try:
        search = Search(pathlib.Path(args.out), args.recipe, args.set, parse_space(args.search) or dict(DEFAULT_SPACE), args.split,
                        args.final, args.trials, args.seed, args.threads, lambda text: print(text, file=sys.stderr, flush=True))
        found = tune(args.graph, search)
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"best: trial {found['best'] + 1}, validation {found['best_value']:.5g}; {args.out}/best.yaml, {args.out}/report.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
