# student-mobility: the short door to the `mobility` command. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LINKED := $(VENV)/.linked
ARGS ?=
# Tests on all cores: a file of tests stays with one worker, which prepares what they share once; the longest files come first.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder
export UV_NO_PROGRESS ?= 1

.PHONY: help reports test check explore data example doctor bench lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18
	@echo
	@echo '  Options go in ARGS: make reports ARGS="--subject CHN --language zh"'

# The environment: made once from the lock, brought in line again only when the lock changes. uv comes from the lock too,
# checked by its hash like everything else; modules are compiled at install, or the first run would take three times as long.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@if ! $(BIN)/uv --version >/dev/null 2>&1 || ! $(BIN)/python -c '' 2>/dev/null; then \
	  echo "Setting up .venv from requirements.lock (once; a minute or two) ..."; \
	  $(PYTHON) -m venv --clear $(VENV) || { echo "python3 cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 2; }; \
	  awk '/^uv==/ {p = 1; print; next} p && /^ +--hash/ {print; next} {p = 0}' requirements.lock > $(VENV)/uv.txt; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt; \
	else echo "Bringing .venv in line with requirements.lock ..."; fi
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	@touch $@

# The project itself, as it lies here: linked again when its metadata (commands, exporters) change. Compiled, or each process
# would compile it again where Python may not write bytecode (PYTHONDONTWRITEBYTECODE).
$(LINKED): $(READY) pyproject.toml
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	@$(BIN)/python -m compileall -q pipeline
	@touch $@

reports: $(LINKED) ## make the annual briefs (web pages and PDF, English and Chinese) in reports/
	@$(BIN)/mobility reports $(ARGS)

test: $(LINKED) ## run the tests, on all cores
	@$(BIN)/pytest $(or $(ARGS),$(PARALLEL))

check: $(LINKED) ## lint, check the format and the types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy pipeline

explore: $(LINKED) ## open JupyterLab on the notebooks
	@$(BIN)/jupyter-lab --notebook-dir=notebooks $(ARGS)

data: $(LINKED) ## clean data/raw into data/processed
	@$(BIN)/mobility clean $(ARGS)

example: $(LINKED) ## make the example university's files again (data/raw/example-university) and the truth about them
	@$(BIN)/python data/example_university $(ARGS)

doctor: $(LINKED) ## say what is missing or odd on this machine
	@$(BIN)/mobility doctor

bench: $(LINKED) ## measure speed and print a table
	@$(BIN)/python -m benchmarks $(ARGS)

# Needs no environment but uv: resolving must be possible when the old lock no longer installs.
lock: ## resolve the dependencies again into requirements.lock
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --group dev pyproject.toml --no-emit-index-url --custom-compile-command "make lock" -o requirements.lock -q

clean: ## delete what can be made again (reports, processed tables; not the environment)
	@find reports data/processed -mindepth 1 -not -name README.md -delete
