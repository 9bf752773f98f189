# A machine with Python >= 3.11 and make needs nothing else installed by hand. `make help` lists the commands.

# The first interpreter that is new enough: some systems call an older one `python3`.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
HOST ?= 127.0.0.1
PORT ?= 8000
# Further arguments for pytest and the benchmark: make test ARGS="-k roofline"
ARGS ?=

RUN := .venv/bin/python
ENVIRONMENT := .venv/.hwcalc-installed

# Material's notice about MkDocs 2 is for its own users, and known here.
export NO_MKDOCS_2_WARNING := 1
# Pins hold for what builds the package, too; older pip reads the first name, newer pip the second.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help serve build test test-models check bench clean pins
.DEFAULT_GOAL := help

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

serve: $(ENVIRONMENT) ## the blog with live reload; HOST= and PORT= change the address
	@$(RUN) -c 'import socket; socket.create_server(("$(HOST)", $(PORT))).close()' 2>/dev/null || { \
		echo "$(HOST):$(PORT) is in use or not ours; choose another port: make serve PORT=8001" >&2; exit 1; }
	@$(RUN) -m mkdocs serve --dev-addr $(HOST):$(PORT)

build: $(ENVIRONMENT) ## the blog as files, in public/
	@$(RUN) -m mkdocs build --strict --quiet

test: $(ENVIRONMENT) ## every test, with a browser
	@$(RUN) -m tests.e2e.browser
	@$(RUN) -m pytest -n auto $(ARGS)

test-models: $(ENVIRONMENT) ## the tests of models, data and calculators, without site and browser
	@$(RUN) -m pytest -n auto --ignore=src/hwcalc/web --ignore=tests/web --ignore=tests/e2e \
		--ignore=tests/bench $(ARGS)

check: $(ENVIRONMENT) ## style, types, spelling, and a strict build of the blog
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy
	@$(RUN) -m codespell_lib
	@$(RUN) -m mkdocs build --strict --quiet --site-dir .cache/check

bench: $(ENVIRONMENT) ## the README's performance figures, measured here
	@$(RUN) -m tests.e2e.browser
	@$(RUN) -m tests.bench $(ARGS)

# Hatchling and its plug-in for editable installs build the package, so they are pinned with the rest.
pins: $(ENVIRONMENT) ## renew the pinned versions in constraints.txt
	@$(RUN) -m pip install --quiet uv
	@echo '# Written by `make pins`: every Python dependency, for Python >= 3.11 on Linux, macOS and Windows.' \
		> .cache/pins.txt
	@printf 'hatchling\neditables\n' | $(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --upgrade \
		--all-extras --no-emit-package hwcalc --no-header --no-annotate --no-emit-index-url pyproject.toml - \
		>> .cache/pins.txt
	@mv .cache/pins.txt constraints.txt

clean: ## remove what the commands above made
	rm -rf .venv .cache public dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf src/hwcalc/web/assets/node_modules

# An environment whose Python is gone, after an upgrade of the system say, is made anew.
$(RUN):
	@test -n "$(PYTHON)" || { echo "hwcalc needs Python 3.11 or newer, and none was found." \
		"Install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "hwcalc needs Python 3.11 or newer; $(PYTHON) is older." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks the module venv." \
		"On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Creating the environment .venv"
	@$(PYTHON) -m venv --clear .venv

$(ENVIRONMENT): pyproject.toml constraints.txt | $(RUN)
	@echo "Installing pinned dependencies"
	@$(RUN) -m pip install --quiet --editable '.[dev]'
	@mkdir -p .cache
	@touch $@
