# Every target makes the environment that it needs; the first one takes a minute or two.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Every command starts several processes: without compiled modules each of them would compile mlp again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test lint format bench bench-operator soak e2e clean
help:            ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

demo: $(VENV)/.all  ## install mlp and run the main job: train, push, deploy, predict
	$(BIN)/mlp demo --target local

test: $(VENV)/.dev  ## run the tests, four files at a time: they mostly wait for processes
	$(BIN)/python -m pytest -m "not soak" -n 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev  ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## write files the way `make lint` wants them
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## measure, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks

bench-operator: $(VENV)/.dev  ## measure the operator on a real API server, for 15 to 20 minutes
	$(BIN)/python -m benchmarks.controller

soak: $(VENV)/.dev  ## long counts: minutes of load, thousands of cases
	$(BIN)/python -m pytest -m soak --timeout 3600

e2e: $(VENV)/.dev  ## the stories of the README; with CONTEXT=NAME on that cluster too, whose platform is purged
	MLP_E2E_CONTEXT=$(CONTEXT) $(BIN)/python -m pytest tests/e2e -m "not soak" --timeout 900

clean:           ## remove the environment and every cache
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mlp needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 3; }
	@echo "installing into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.all: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PIP) --editable '.[all]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.all
