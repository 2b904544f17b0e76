# `make demo` and `make test` need Python 3.11 or newer and make; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
ORACLES := tests/oracles/node_modules/.installed
BENCH := .venv-bench/bin
BENCH_INSTALLED := .venv-bench/.installed

.PHONY: demo test test-long test-fast coverage lint audit docs pictures bench bench-delivery bench-ledger bench-micro bench-report budgets profile torture torture-shared vanish storm equality sweep model fuzz try-action clean help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# What the tests compare with comes from npm; they install it themselves where node is there.
$(ORACLES): tests/oracles/package-lock.json
	cd tests/oracles && npm ci && cp package-lock.json node_modules/.installed

demo: $(INSTALLED)  ## plan and send an example to the local sandbox; run again, it sends nothing
	$(BIN)/sendspec plan specs/order-shipped.yaml
	$(BIN)/sendspec send specs/order-shipped.yaml --yes

test: $(INSTALLED)  ## run the tests, without those marked long
	$(BIN)/python -m pytest --numprocesses 3 -m "not long and not registry"

test-long: $(INSTALLED)  ## run the tests marked long: whole tables and campaigns, of which the others run a part
	$(BIN)/python -m pytest --numprocesses 3 -m "long and not registry"

test-fast: $(INSTALLED)  ## run the tests that start no process, with few generated examples: half a minute
	HYPOTHESIS_PROFILE=fast $(BIN)/python -m pytest --numprocesses 3 -m "not process and not long and not registry"

# Without the wire: which of its branches run depends on the machine's certificates, and on how fast a server reads.
coverage: $(INSTALLED)  ## run every branch of the ledger and of sending by their own tests, or fail
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests/ledger tests/provider tests/sending
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='runner/sendspec/ledger/*,runner/sendspec/provider/*,runner/sendspec/sending/*' --omit=runner/sendspec/sending/connection.py --fail-under=100

lint: $(INSTALLED)  ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The wheel is only downloaded, and data read from it. Where that fails, the audit says so, and fails unless pip-audit answers.
audit: $(INSTALLED)  ## hold the lock files against known vulnerabilities, or fail
	@rm -rf build/audit && mkdir -p build/audit
	-@$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
	  --dest build/audit -r requirements-audit.txt
	@$(BIN)/python .ci/audit.py --snapshot build/audit requirements-dev.txt requirements-action.txt requirements-bench.txt requirements-audit.txt

docs: $(INSTALLED)  ## regenerate pages, schemas and the number plan
	$(BIN)/python -m sendspec.reading.contacts.number_plan_source
	$(BIN)/python -m sendspec.reading.schema.editor_schema
	$(BIN)/python -m sendspec.cli.completion_words
	$(BIN)/python docs/generate.py

pictures: $(INSTALLED)  ## make the pictures of README and docs from the real program; needs chromium
	PYTHONPATH=docs $(BIN)/python -m picturing

$(BENCH_INSTALLED): requirements-bench.txt pyproject.toml
	$(PYTHON) -m venv .venv-bench
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	$(BENCH)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

bench-ledger: $(INSTALLED)  ## measure a shared ledger beside a file; LEDGER_ARGS="--messages 8000 --held 20000" for a look
	$(BIN)/python -m benchmarks.shared_ledger $(LEDGER_ARGS)

bench-delivery: $(INSTALLED)  ## measure a sweep for what became of 1,000,000 messages, and what is kept of it; DELIVERY_ARGS="--messages 20000" for a look
	$(BIN)/python -m benchmarks.delivery_sweep $(DELIVERY_ARGS)
	$(BIN)/python -m benchmarks.delivery_store $(DELIVERY_ARGS)

bench-report: $(INSTALLED)  ## measure the report of 20 and of 1,000,000 messages, its page too; REPORT_ARGS="--messages 20000" for a look
	$(BIN)/python -m benchmarks.report_page $(REPORT_ARGS)

bench: $(BENCH_INSTALLED)  ## measure planning and sending beside a plain script and others; QUICK=1 takes a minute
	@benchmarks/install_servers
	$(BENCH)/python -m benchmarks.run $(if $(QUICK),--quick)

bench-micro: $(BENCH_INSTALLED)  ## the CPU of each stage of one message
	$(BENCH)/python -m benchmarks.micro $(if $(QUICK),--quick)

budgets: $(INSTALLED)  ## count each stage's instructions again, and note them as its budget
	$(BIN)/python -m benchmarks.counted --write tests/performance/budgets.json

profile: $(BENCH_INSTALLED)  ## where the time of a command goes; WHAT=plan, validate, broken or send
	$(BENCH)/python -m benchmarks.hot_spots $(or $(WHAT),plan)

KILLS ?= 20000
MESSAGES ?= 150
CUTS ?= 10000
SEED ?= 1

torture: $(INSTALLED)  ## try to break the promise: KILLS, MESSAGES a send, CUTS, SEED; an hour
	$(BIN)/python tests/protocol/torture.py --kills $(KILLS) --messages $(MESSAGES) --cuts $(CUTS) --seed $(SEED)

torture-shared: KILLS = 2000
torture-shared: $(INSTALLED)  ## the same on PostgreSQL: two senders, and its server killed, too; KILLS, MESSAGES, SEED
	$(BIN)/python tests/protocol/torture.py --kills $(KILLS) --messages $(MESSAGES) --seed $(SEED) --ledger postgres --server-kills

vanish: $(INSTALLED)  ## cut a host off in the middle of a send: when its lock on a shared ledger is back; needs root and iproute2
	PYTHONPATH=tests/support $(BIN)/python tests/protocol/vanished_host.py

MINUTES ?= 120

storm: KILLS = 5000
storm: $(INSTALLED)  ## all that can go wrong with sends at once, killed again and again: KILLS, SEED, MINUTES at most
	$(BIN)/python tests/protocol/storm.py --kills $(KILLS) --seed $(SEED) --minutes $(MINUTES)

equality: $(INSTALLED)  ## hold compiled specs against composing, over 10,000 generated specs; SEED
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest tests/composing/compiled/test_equality.py --hypothesis-seed=$(SEED)

SWEEP ?= 500

sweep: $(INSTALLED)  ## kill at every write, sync and send up to the SWEEPth
	$(BIN)/python -m pytest --numprocesses 2 tests/faults/test_sweep.py --sweep $(SWEEP)

model: $(INSTALLED) $(ORACLES)  ## hold the request model against the vendor's definition, with every instance through three validators
	$(BIN)/python -m pytest --numprocesses 2 tests/hostile/test_request_model.py --model-every 1

try-action: $(INSTALLED)  ## install what the action installs, as it does, from the package registry
	$(BIN)/python -m pytest tests/gitops -m registry

FUZZ_SECONDS ?= 300

fuzz: $(INSTALLED)  ## fuzz every reader for FUZZ_SECONDS each
	mkdir -p build/fuzz
	for target in spec table template answer project list plan ledger sandbox; do \
	  (cd build/fuzz && ../../$(BIN)/python ../../tests/fuzz/fuzz.py $$target -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1) || exit 1; \
	done

clean:  ## remove what the targets made
	rm -rf .venv .venv-bench tests/oracles/node_modules .sendspec .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
