# Every target does one real thing; `make` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check
EXTRAS := dev,fast,plots,parquet,pdf,postgres,browser,drive
JOBS ?= 2

.PHONY: help install demo gallery demo-requests test lint fix types layers check bench validate notebooks wheel data approve clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

$(VENV)/core: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("adequacy needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/all: pyproject.toml constraints.txt | $(VENV)/core
	$(PIP) install --quiet -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@ $(VENV)/core

install: $(VENV)/all  ## set up a working copy with everything a contributor needs
	-$(BIN)/pre-commit install

demo: $(VENV)/core  ## set up, and answer a real check on the embedded demo network
	$(BIN)/adequacy check --service SAIOP --zip 27546

gallery: $(VENV)/all  ## draw the pictures of docs/gallery anew, from the demo network
	$(PY) docs/make_gallery.py

demo-requests: $(VENV)/core  ## work the twelve sample requests end to end into reports/
	$(PY) data/demo/work_requests.py

test: $(VENV)/all  ## set up, and run all tests (offline)
	$(PY) -m pytest -n $(JOBS) --dist loadfile

lint: $(VENV)/all  ## style, spelling, policy files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell adequacy tests data/demo docs notebooks benchmarks *.md
	$(BIN)/yamllint -s adequacy tests .pre-commit-config.yaml

fix: $(VENV)/all  ## repair style where a machine can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/all  ## mypy, strict
	$(BIN)/mypy

layers: $(VENV)/all  ## imports point down
	$(BIN)/lint-imports

check: test lint types layers notebooks wheel  ## everything CI runs

bench: $(VENV)/all  ## side by side with peers, in one run
	$(PY) -m benchmarks

validate: $(VENV)/all  ## every NC ZIP x every demo service against a slow independent oracle
	$(PY) -m tests.validate.oracle

notebooks: $(VENV)/all  ## run the notebooks
	$(PY) -m notebooks

wheel: $(VENV)/all  ## build the wheel, install it in an empty environment, answer one check from there
	$(PY) .ci/wheel.py

data: $(VENV)/all  ## rebuild compiled policy, help page, demo files and demo network from their committed sources
	$(PY) -m adequacy.policy
	$(PY) -m adequacy.cli.app
	$(PY) data/demo/make_demo.py
	$(PY) data/demo/build_demo.py

approve: $(VENV)/all  ## show how golden files differ, then accept the new ones
	-$(PY) -m pytest tests/golden -q
	$(PY) -m pytest tests/golden -q --snapshot-update

clean:  ## remove what these targets made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
