# Two commands matter: `make demo` starts a working telephone system, `make test` proves it. Both set everything up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOST   ?= 127.0.0.1
SOAK_SEEDS ?= 10000
COMPILED_TESTS = tests/conformance tests/simulation tests/property $(wildcard $(foreach room,app calls directory features kernel media net presence routing rtp s trunk,tests/unit/test_$(room)*.py))

.PHONY: setup compiled portal demo test test-fast test-compiled bench soak mutants lint packages clean

PORTAL = web/package-lock.json web/index.html web/vite.config.ts web/tools/seal.mjs $(shell find web/src web/public -type f 2>/dev/null)

setup: $(VENV)/.ready compiled portal

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Vorzimmer needs Python 3.11 or newer; $(PYTHON) is older."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Machine code of the hot rooms, where a C compiler is there; it is used only while it fits the sources (docs/development.md).
compiled: $(VENV)/.ready
	@$(BIN)/python tools/compile.py

# The portal's files, built anew only when its sources have changed; without Node.js one line says what is missing.
portal: web/dist/.built

web/dist/.built: $(PORTAL)
	@tools/portal.sh build

# Fresh demo state each time, in the foreground, without root. HOST=192.0.2.10 makes it reachable for phones in the LAN.
# It waits for no machine code: a demo needs no speed, and the first call is to come soon.
demo: $(VENV)/.ready portal
	$(BIN)/vorzimmer demo --host $(HOST)

# The whole proof. Real phones and a real database come from Debian packages, installed here where that is allowed.
test: test-fast test-compiled packages
	$(BIN)/pytest tests/integration tests/interop

# Unit, property, conformance and simulation: virtual time, no network socket, no Debian package.
test-fast: setup
	$(BIN)/pytest -n 2 tests/unit tests/property tests/conformance tests/simulation
	tools/portal.sh test

# The same tests with the compiled rooms, where they could be compiled.
test-compiled: setup
	@if $(BIN)/python tools/compile.py --strict; then \
	  VORZIMMER_COMPILED=1 $(BIN)/pytest -n 2 $(COMPILED_TESTS); fi

packages:
	@tools/packages.sh

bench: setup
	$(BIN)/python -m benchmarks.run

# New examples for every property, then so many seeds of simulated calls on all cores.
soak: setup
	HYPOTHESIS_PROFILE=chance $(BIN)/pytest -n 2 tests/property
	$(BIN)/python -m tests.simulation.soak --seeds $(SOAK_SEEDS)

# Breaks each row of the protocol machines in turn; the tests of that room must notice.
mutants: setup
	$(BIN)/python tools/mutate_tables.py

lint: setup
	$(BIN)/ruff check src tests tools benchmarks
	$(BIN)/ruff format --check src tests tools benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_sizes.py
	$(BIN)/python tools/check_marks.py
	tools/portal.sh lint

clean:
	rm -rf $(VENV) web/dist web/node_modules .compiled .compiled.new .demo .soak .pytest_cache .mypy_cache .ruff_cache .hypothesis
