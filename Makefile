# The front door. Every target sets up what it needs; a second call finds it there and starts at once.
PRESET ?= release
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
SECONDS ?= 60
BUILD := build/$(PRESET)
CMAKE := .venv/bin/cmake
.DEFAULT_GOAL := help
.PHONY: help setup build program test fuzz faults demo bench install wheel docs lint format clean

help:            ## show this list
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

setup:           ## system packages (as root, or says what is missing) and .venv with the pinned torch
	@scripts/setup.sh

build: setup     ## the native program at bin/graphsieve
	@scripts/build.sh $(PRESET) $(JOBS)

program: setup   ## the native program alone, without tests and benchmarks
	@scripts/build.sh $(PRESET) $(JOBS) graphsieve-cli

test: build      ## every test
	@scripts/test.sh $(PRESET) $(JOBS)

fuzz: setup      ## SECONDS=60: fuzz each reader of files so long (READERS="npy csv": those alone); installs clang
	@scripts/fuzz.sh $(SECONDS) $(JOBS) $(READERS)

faults: build    ## the full sweeps of failing calls, kills, full disks, damaged files and hostile folders: an hour
	@scripts/faults.sh $(PRESET) $(JOBS)

demo: setup      ## both training stages on a generated graph; builds the program alone, with vector code for AVX2 alone
	@scripts/demo.sh $(JOBS)

bench: build     ## kernel benchmarks; tables of docs/benchmarks.md come from bench/figures.py
	@scripts/bench.sh $(PRESET)

install: build   ## PREFIX=/usr/local: program, libraries, headers, CMake package
	@$(CMAKE) --install $(BUILD) --prefix "$(PREFIX)" >/dev/null
	@echo "installed to $(PREFIX)"

wheel: build     ## the Python package as dist/*.whl, tested in a fresh environment
	@scripts/wheel.sh

docs: build      ## the documentation as a site, build/site/index.html
	@scripts/docs.sh

lint: build      ## clang-tidy, ruff, mypy
	@scripts/lint.sh $(BUILD)

format:          ## clang-format in place (make lint fails where it would change a file)
	@scripts/format.sh

clean:           ## remove build trees and bin/ (keeps .venv)
	@rm -rf build bin dist
