# `make reproduce` and `make test` are the two commands; each does all of its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
MADE := $(VENV)/.made
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
CLUSTER := $(VENV)/.extra-cluster
# Pages execute exports of SBML.
DOCS := $(VENV)/.extra-docs $(VENV)/.extra-sbml
TESTED := $(CLUSTER) $(VENV)/.extra-report $(VENV)/.extra-explore $(VENV)/.extra-sbml
# A worker that is done takes tests from another; neighbours stay together, for what the tests of a file share.
PYTEST := $(BIN)/python -m pytest -q --numprocesses=auto --maxprocesses=4 --dist=worksteal
PYTHONS := python3 python3.13 python3.12 python3.11
RESOLVER := build/lock/bin/uv
OUT := reproduced
BENCH := build/benchmarks.json
STUDY := build/study.json

.PHONY: help docs wheel install reproduce test types tests chance thorough fuzz bench amici study coverage format lock clean

help:
	@echo "make reproduce   fit, compare with the published values, predict, draw; results in $(OUT)/"
	@echo "make test        linters, type checker, then all tests"
	@echo "make chance      the property tests with other, and more, random examples"
	@echo "make thorough    cases that make test leaves out, of what other cases test too"
	@echo "make fuzz        an hour of hostile expressions and files; ARGS=\"--seed 2 --minutes 10\" for other ones, or fewer"
	@echo "make bench       time the engines against their peers; tables, and $(BENCH); ARGS=--quick for a short run"
	@echo "make amici       AMICI in build/amici, a peer of make bench; compiles for some minutes"
	@echo "make study       200 synthetic replicates of 36 patients, refitted: bias and coverage; goes on where it was interrupted"
	@echo "make coverage    how often 95 % intervals hold the truth: docs/coverage.md; goes on where it was interrupted"
	@echo "make docs        the documentation as a site, in build/docs; executes every block"
	@echo "make wheel       the package with its documentation, in dist/"
	@echo "make format      sort imports, mend what the linter can, lay out the code"
	@echo "make lock        resolve requirements.lock anew from pyproject.toml"
	@echo "make clean       remove the environment, caches and results"

install: $(INSTALLED)

# An environment with the first interpreter that runs and is new enough.
$(MADE):
	@rm -rf $(VENV)
	@for python in $(PYTHON) $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV); \
	    exit; \
	  fi; \
	done; \
	echo "make: no Python 3.11 or later among: $(PYTHON) $(PYTHONS)" >&2; \
	echo "      Install one, or name it: make PYTHON=/path/to/python ..." >&2; \
	exit 1
	@touch $@

# The packages of the lock file, exact versions and hashes.
$(LOCKED): $(MADE) requirements.lock
	@echo "Installing the packages of requirements.lock"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

# The project itself, editable.
$(INSTALLED): $(LOCKED) pyproject.toml
	@echo "Installing the project"
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# An optional extra, from a lock file of its own: cluster is Dask, report writes documents, explore is Panel, sbml is libsbml, docs is Sphinx.
$(VENV)/.extra-%: requirements-%.lock $(INSTALLED)
	@echo "Installing the packages of $<"
	@$(PIP) install --require-hashes -r $<
	@touch $@

reproduce: $(INSTALLED)
	$(BIN)/kinetics reproduce --out $(OUT)

test: $(TESTED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs=2 types tests

# One after the other they would leave a core idle, as Pyright uses one.
types: $(TESTED)
	$(BIN)/pyright

tests: $(TESTED)
	$(PYTEST) --durations=10

# The properties with examples drawn by chance, to be run from time to time: `make test` draws the same ones every time.
chance: $(INSTALLED)
	$(PYTEST) --hypothesis-profile=chance tests/properties tests/unit $(ARGS)

# More cases of what `make test` tests, to be run from time to time.
thorough: $(INSTALLED)
	$(PYTEST) -m thorough

# A million expressions and ten thousand files; what fails is kept in build/fuzz/ and can be run again alone.
fuzz: $(INSTALLED)
	$(BIN)/python tests/fuzz $(ARGS)

# The peer is no dependency of the project: without it the benchmark says so and goes on.
bench: $(CLUSTER)
	@$(PIP) install --require-hashes --no-deps -r requirements-bench.lock || echo "make: CasADi cannot be installed" >&2
	$(BIN)/python tests/benchmarks --out $(BENCH) $(ARGS)

# Another peer, in an environment of its own, as it is compiled here: it needs a C++ compiler and BLAS with its headers.
amici:
	$(PYTHON) -m venv build/amici
	build/amici/bin/pip install amici==1.0.1 petab==0.8.2 scipy

study: $(INSTALLED)
	@mkdir -p $(dir $(STUDY))
	$(BIN)/kinetics refit tests/study/recovery.toml --replicates 200 --seed 1 --out $(STUDY) --resume \
	  --set cd4.phi="0.6 1" --set cd8.phi="0.6 1" --set b_cells.phi="0.4 1" \
	  --set cd4.phi.spread=0.6 --set cd8.phi.spread=0.6 --set b_cells.phi.spread=0.6

# What is computed is kept in build/coverage.jsonl: remove it, and every case is computed anew.
coverage: $(INSTALLED)
	$(BIN)/python tests/coverage $(ARGS)

# A warning is an error. Results of blocks are kept in build/notebooks until the package changes.
docs: $(DOCS)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m sphinx -W --keep-going -b html -d build/doctrees docs build/docs

wheel: docs
	$(BIN)/python -m hatchling build -t wheel

format: $(LOCKED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The resolver has an environment of its own, so that it never becomes a dependency.
# It writes no address, and one version of each package for every Python.
$(RESOLVER): $(MADE)
	@$(BIN)/python -m venv $(@D)/..
	@$(@D)/python -m pip install --quiet --disable-pip-version-check uv

lock: $(RESOLVER)
	$(RESOLVER) pip compile pyproject.toml --extra test --group build --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock
	sed -n 's/^bench = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(RESOLVER) pip compile - --constraint requirements.lock --no-deps --upgrade \
	  --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet \
	  --output-file requirements-bench.lock
	sed -n 's/^cluster = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(RESOLVER) pip compile - --constraint requirements.lock --upgrade \
	  --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --no-annotate --quiet --output-file requirements-cluster.lock
	sed -n 's/^report = \[\(.*\)\]$$/\1/p; s/^pages = \[\(.*\)\]$$/\1/p' pyproject.toml | tr -d '" ' | tr ',' '\n' | \
	  $(RESOLVER) pip compile - --constraint requirements.lock --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet --output-file requirements-report.lock
	$(RESOLVER) pip compile pyproject.toml --extra docs --constraint requirements.lock --upgrade --universal --python-version 3.11 \
	  --fork-strategy fewest --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet \
	  --output-file requirements-docs.lock
	sed -n 's/^\(explore\|browser\) = \["\(.*\)"\]$$/\2/p' pyproject.toml | sed 's/", "/\n/g' | $(RESOLVER) pip compile - \
	  --constraint requirements.lock --upgrade --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet --output-file requirements-explore.lock
	sed -n 's/^\(sbml\|peers\) = \["\(.*\)"\]$$/\2/p' pyproject.toml | sed 's/", "/\n/g' | $(RESOLVER) pip compile - \
	  --constraint requirements.lock --upgrade --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	  --no-header --no-emit-index-url --no-emit-find-links --no-annotate --quiet --output-file requirements-sbml.lock
	@if grep -nE '://|^--' requirements*.lock; then echo "make: an address in a lock file" >&2; exit 1; fi

clean:
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
