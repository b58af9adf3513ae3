# `make search` and `make test` each set everything up on a fresh machine
# (Python 3.11 or newer, make and a C compiler; nothing else).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: search train test slow-test lint wheel clean-build
search: $(VENV)/.installed          ## run a search: make search ARGS="search=gp_neat task=ptb"
	$(BIN)/python -m archsearch $(ARGS)

train: $(VENV)/.installed           ## train one cell: make train ARGS="cell=zoo/lstm task=ptb"
	$(BIN)/python -m archsearch.train $(ARGS)

test: lint                          ## everything a commit must pass
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 $(ARGS)

slow-test: $(VENV)/.installed       ## checks on real data that take minutes
	$(BIN)/python -m pytest -q -m slow $(ARGS)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: $(VENV)/.installed           ## build dist/*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else \
	  f"archsearch needs Python 3.11 or newer, this is {sys.version.split()[0]}; try: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@
