# `make demo` and `make test` need Python 3.11 or newer and make; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test lint bench torture docs clean help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED)  ## plan and send an example to the local sandbox; run again, it sends nothing
	$(BIN)/sendspec plan specs/order-shipped.yaml
	$(BIN)/sendspec send specs/order-shipped.yaml --yes

test: $(INSTALLED)  ## run the tests
	$(BIN)/python -m pytest

lint: $(INSTALLED)  ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(INSTALLED)  ## write the generated pages and schemas anew
	$(BIN)/python -m runner.reading.authoring
	$(BIN)/python docs/generate.py

bench: $(INSTALLED)  ## measure planning and sending beside a plain script
	$(BIN)/python benchmarks/run.py

KILLS ?= 20000
CUTS ?= 10000
SEED ?= 1

torture: $(INSTALLED)  ## try to break the promise: KILLS, CUTS, SEED
	$(BIN)/python tests/protocol/torture.py --kills $(KILLS) --cuts $(CUTS) --seed $(SEED)

clean:  ## remove what the targets made
	rm -rf .venv .sendspec .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
