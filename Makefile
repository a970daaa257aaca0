# Two commands do everything: `make drill` and `make test`. Plain `make` lists the others.
# On a fresh machine they need Python 3.13 and make; the browser tests also need Debian's
# chromium and chromium-driver, and say so when they are missing.

SHELL := /bin/bash
PYTHON ?= python3.13
VENV := .venv
BIN := $(VENV)/bin
SCAN := .venv-scan
PEERS := .venv-bench
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup drill bench test unit prove lint types scan secrets audit check build sizes docs validate deploy lock clean

help: ## List what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Make the virtual environment, from the pinned requirements

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.13 is needed: 'python3.13' was not found. Set PYTHON=/path/to/python3.13."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' || { echo "$(PYTHON) is not Python 3.13. Set PYTHON=/path/to/python3.13."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

drill: setup ## Watch a stolen key being found, cut, preserved, clocked and reported; no AWS account
	$(BIN)/responder drill

test: setup ## All tests: lint, types, templates, weaknesses, packages, unit, workflow, replay
	@$(MAKE) --no-print-directory -j3 --output-sync=line check unit

unit: setup
	$(BIN)/pytest -n $(JOBS) --dist worksteal -q

prove: setup ## Every scenario with a fault at every AWS call, by schedules, and what we rely on taken away; hours
	$(BIN)/python -m tests.proof
	$(BIN)/python -m tests.proof --schedules 40 --seed $$RANDOM
	$(BIN)/python -m tests.proof --mutations
	$(BIN)/responder drill --account old
	HOSTILE_EXAMPLES=2000 $(BIN)/pytest -q tests/hostile
	$(BIN)/pytest -n $(JOBS) -q -m prove

bench: setup $(PEERS)/.ready ## Race our readers of logs against others; cold start; the burst, an attacker, killed readers; 20 minutes
	SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build --build-dir .aws-sam/bench --parameter-overrides Architecture=$$(uname -m | sed s/aarch64/arm64/) > /dev/null 2>&1
	$(BIN)/python layers/lighten.py .aws-sam/bench
	$(BIN)/python -m compileall -q -f --invalidation-mode unchecked-hash .aws-sam/bench
	PYTHONPATH=. $(BIN)/python bench/cold_contain.py .aws-sam/bench
	PYTHONPATH=. $(BIN)/python bench/scan_principal.py
	PYTHONPATH=. $(BIN)/python bench/second_question.py
	PYTHONPATH=. $(BIN)/python bench/scan_edges.py
	PYTHONPATH=. $(BIN)/python bench/scan_memory.py
	PYTHONPATH=. $(BIN)/python bench/terabyte.py
	PYTHONPATH=. $(BIN)/python bench/scan_flows.py
	PYTHONPATH=. $(BIN)/python bench/burst.py
	PYTHONPATH=. $(BIN)/python bench/race.py
	PYTHONPATH=. $(BIN)/python bench/analysis.py

$(PEERS)/.ready: requirements/bench.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/bench.txt
	@touch $@

check: lint types validate scan secrets ## Style, import rules, types, templates, weaknesses, secrets

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy layers/responder cli localcloud functions tests docs bench

validate: setup
	$(BIN)/cfn-lint template.yaml stacks/*.yaml
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-west-2 $(BIN)/sam validate --lint

scan: setup $(SCAN)/.ready ## Look for weaknesses in the templates and policies, with checkov and parliament
	$(BIN)/python -m tests.scan $(SCAN)/bin/checkov
	$(BIN)/python -m tests.scan.policies $(SCAN)/bin/python

secrets: setup ## Look for credentials in every file, with detect-secrets
	$(BIN)/python -m tests.scan.credentials

audit: setup $(SCAN)/.ready ## Ask which pinned packages have a known vulnerability; needs the network
	@$(BIN)/python -m tests.scan.audit $(SCAN)/bin/pip-audit

$(SCAN)/.ready: requirements/scan.txt
	$(PYTHON) -m venv $(SCAN)
	$(SCAN)/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/scan.txt
	@touch $@

build: setup ## Build every function and layer for deployment, with bytecode
	SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build
	$(BIN)/python layers/lighten.py .aws-sam/build
	$(BIN)/python -m compileall -q -f --invalidation-mode unchecked-hash .aws-sam/build

sizes: build ## Print the size of each function and layer as it is deployed, unzipped
	@$(BIN)/python -m tests.packaging.sizes .aws-sam/build

docs: setup ## Write docs/catalog and docs/functions.md anew from the code
	$(BIN)/python docs/write.py

deploy: build ## Deploy to the account your shell is signed in to; asks before it changes anything
	SAM_CLI_TELEMETRY=0 $(BIN)/sam deploy --guided --config-env prod

lock: setup ## Pin newer versions of everything
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.13 requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.13 requirements/scan.in -o requirements/scan.txt
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.13 requirements/bench.in -o requirements/bench.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.13 -c requirements/dev.txt layers/dependencies/requirements.in -o layers/dependencies/requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.13 -c requirements/dev.txt layers/scan/requirements.in -o layers/scan/requirements.txt

clean:
	rm -rf build .aws-sam .mypy_cache .ruff_cache .pytest_cache
