# Sigill: `make run` starts the service; `make help` lists the rest.
# Needs make and Python 3.11 or newer with venv. Everything else is installed into .venv, checked by hash.

PYTHON ?= python3
PORT ?= 8000
VAR ?= var
WORKERS ?= 2
export DATABASE_URL # by the environment: an argument of a process can be read by everybody on the machine

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
CODE := adapters api audit conversations limiting policies privacy registry releases running sigill signing storage transparency verification web wiring settings wsgi.py tests benchmarks examples

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-servers faults log-faults lint format bench requirements clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do printf '  make %-14s %s\n' "$$name" "$$what"; done
	@echo "  PORT=$(PORT) and VAR=$(VAR) (the data folder) apply to make run; PYTHON=$(PYTHON) makes the environment."

run: .venv/.server ## Install what is missing, then run the service (PORT=, VAR=, DATABASE_URL=)
	@exec env PORT="$(PORT)" VAR="$(VAR)" $(BIN)/python -m running

test: lint ## Everything that needs nothing but pip: lint, then all tests with branch coverage
	$(BIN)/python -m pytest -n $(WORKERS) -m "not servers" --cov --cov-report=term

test-fast: .venv/.dev ## The quick tests only
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not servers"

test-servers: .venv/.dev ## What needs Debian packages (a browser, servers): installs them as root, or names them
	sh requirements/install-debian.sh
	@$(BIN)/python -m pytest -m servers || { code=$$?; [ $$code -eq 5 ] && echo "No test needs a Debian package yet."; }

faults: .venv/.dev ## The service under load and a thousand kills, full disks, lost databases … on both engines: hours
	sh requirements/install-debian.sh
	$(BIN)/python -m tests.faults $(FAULTS)

log-faults: .venv/.dev ## Every fault of the log, really made, and who caught it, as a table: two minutes
	@$(BIN)/python -m tests.log_faults $(FAULTS)

lint: .venv/.dev ## Formatting, lint, types and the import layers
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy $(wildcard $(CODE))
	$(BIN)/lint-imports

format: .venv/.dev ## Format the code and mend what lint can mend
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: .venv/.dev ## Measure speed and memory beside others', about ten minutes (QUICK=1: two, and nothing is kept)
	sh requirements/install-debian.sh
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

requirements: .venv/.made ## Resolve requirements/*.in anew into hash-checked *.txt (UPGRADE=1: newest versions)
	sh requirements/compile.sh "$(CURDIR)/.venv/bin/python" $(UPGRADE)

clean: ## Remove the environment and everything made by tools; the data folder stays
	rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment, once per change of requirements ---

.venv/.made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sigill needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make run PYTHON=/path/to/python3.13" >&2; exit 1; }
	@echo "Making the environment (once, about a minute) …"
	@"$(PYTHON)" -m venv .venv || { echo "$(PYTHON) cannot make an environment. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

.venv/.server: requirements/server.txt requirements/build.txt pyproject.toml .venv/.made
	@echo "Installing what the service needs …"
	@$(PIP) install --require-hashes -r requirements/server.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.server
	@echo "Installing what the tests and checks need …"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
