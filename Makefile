# student-mobility: the short door to the `mobility` command. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

.PHONY: help reports test check explore data example doctor bench lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

# The environment: built once from the lock, and again only when the lock or the package's own metadata changes.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Setting up .venv from requirements.lock (once; a minute or two) ..."
	@$(PYTHON) -m venv --clear $(VENV) || { echo "python3 cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -nE 's/^(uv==[^ ]+) .*/\1/p' requirements.lock)"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes --compile-bytecode -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	@touch $@

reports: $(READY) ## make the annual briefs (HTML and PDF, English and Chinese) in reports/
	@$(BIN)/mobility reports $(ARGS)

test: $(READY) ## run the tests
	@$(BIN)/pytest $(ARGS)

check: $(READY) ## lint, check types, and check that notebooks carry no outputs
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy pipeline

explore: $(READY) ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

data: $(READY) ## clean data/raw into data/processed
	@$(BIN)/mobility clean $(ARGS)

example: $(READY) ## make the example university's files again (data/raw/example-university) and the truth about them
	@$(BIN)/python data/example_university $(ARGS)

doctor: $(READY) ## say what is missing or odd on this machine
	@$(BIN)/mobility doctor

bench: $(READY) ## measure speed and print a table
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(READY) ## resolve the dependencies again into requirements.lock
	@$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --group dev pyproject.toml --no-emit-index-url --custom-compile-command "make lock" -o requirements.lock -q

clean: ## delete what can be made again (reports, processed tables; not the environment)
	rm -rf reports/* data/processed/*
