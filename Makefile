# The set-up and the work on Wirescope. `make` lists the targets.
#
#   PYTHON=python3.12     the Python to use; else the newest known by name (3.11 or newer)
#   WIRESCOPE_VENV=DIR    an environment elsewhere, which several clones may share; else .venv
#   ARGS="..."            arguments for `make run`, `make screenshots` and `make figures`; for `make test` and `make check` test
#                         files, folders or options of pytest: `make test ARGS=tests/core/lens` runs those alone
#   JOBS=N                parallel test processes (2)

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check unit display bench lint screenshots figures tables vscode clean python prepare prepare-run prepare-tests

JOBS ?= 2
VENV := $(if $(WIRESCOPE_VENV),$(WIRESCOPE_VENV),.venv)
BIN := $(VENV)/bin
PREPARE = $(FIND_PYTHON); "$$python" packaging/prepare.py "$(VENV)"

# A process that crashes ends the run: with another one in its place, pytest-xdist waits for ever for the tests of the first.
# One file is run by one process: others would start for nothing.
PYTEST = $(BIN)/python -m pytest -n $(if $(and $(findstring .py,$(ARGS)),$(if $(word 2,$(ARGS)),,one)),0,$(JOBS)) --dist loadfile --no-loadscope-reorder --max-worker-restart=0 --ignore=tests/display --durations=15 --durations-min=10

# Sets $python in the shell that runs it, or ends that shell with what to do.
FIND_PYTHON := python=; for candidate in $(if $(PYTHON),$(PYTHON),python3.14 python3.13 python3.12 python3.11 python3); do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
	echo 'Wirescope needs Python 3.11 or newer, and $(if $(PYTHON),$(PYTHON) is not,none was found).' >&2; \
	echo 'On Debian 12 or Ubuntu 24.04: sudo apt-get install python3 python3-venv. Another Python: make PYTHON=/path/to/python run' >&2; \
	exit 1; fi

help:
	@echo 'make run          set everything up and open the window (without a display: run the bundled example)'
	@echo 'make test         lint, types, contracts, tests, and the test of a real window'
	@echo 'make test ARGS=F  the tests of one file or folder F alone, or what else pytest takes'
	@echo 'make check        lint, types, contracts, and the tests of what is changed: less than a minute, before each commit'
	@echo 'make bench        print the tables of tests/benchmarks/'
	@echo 'make lint         lint, contracts and types alone'
	@echo 'make screenshots  make the pictures of the README anew'
	@echo 'make figures      make the gallery of figures anew, and print the command of each figure'
	@echo 'make tables      make the lists in resources/docs anew that come from tables of the program'
	@echo 'make vscode       the VS Code extension: package it and run its tests (needs node 20, npm and chromium)'
	@echo 'make clean        remove what make made, the environment .venv too; wirescope-out/ stays'

run: prepare-run
	@$(BIN)/python -m app $(ARGS)

test: $(if $(ARGS),unit,lint unit display)

# What a change may break first, nearest first, for as long as a minute has room beside the lint; `make test` says the rest.
check: lint
	@tests=$$($(BIN)/python -m tests.changed) && if [ -n "$$tests" ]; then $(PYTEST) --budget 40 $(ARGS) $$tests; fi

unit: prepare-tests
	$(PYTEST) $(ARGS)

# xcb, whatever the desktop around it speaks: the window belongs on the display that xvfb-run makes.
display: prepare-tests
	WIRESCOPE_TEST_DISPLAY=1 QT_QPA_PLATFORM=xcb \
		xvfb-run -a -s '-screen 0 1600x1000x24 -dpi 96 -nolisten tcp' $(BIN)/python -m pytest tests/display

lint: prepare-tests
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m mypy

bench: prepare-tests
	@$(BIN)/python -m tests.benchmarks $(ARGS)

screenshots: prepare-run
	@$(BIN)/python -m tests.screenshots.screenshots $(ARGS)

figures: prepare-run
	@$(BIN)/python -m tests.screenshots.gallery $(ARGS)

tables: prepare-tests
	@$(BIN)/python -m tests.doc_tables

# Apart from `make test`, which needs neither node nor a browser.
vscode:
	cd packaging/vscode && npm ci --no-audit --no-fund && npm run package && npm test && npm run test:web

prepare-run:
	@$(PREPARE) $(if $(DISPLAY)$(WAYLAND_DISPLAY),--window)

prepare-tests:
	@$(PREPARE) --tests

python:
	@$(FIND_PYTHON); echo "$$python"

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-artefacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
