# README's two commands: `make demo` and `make test`. Everything happens inside .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

SOURCES := pyproject.toml setup.py $(shell find csrc -name '*.cpp' -o -name '*.hpp')

.PHONY: demo test test-slow install dev docs clean

demo: $(VENV)/.user
	$(BIN)/disentlib train --gin_file runs/demo.gin --run_dir runs/demo
	$(BIN)/disentlib evaluate runs/demo
	$(BIN)/disentlib report runs/demo

test: $(VENV)/.dev
	PATH="$(abspath $(BIN)):$$PATH" tools/check.sh

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --strict

install: $(VENV)/.user

dev: $(VENV)/.dev

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.user: $(BIN)/pip $(SOURCES)
	$(BIN)/pip install --quiet --editable '.[report]'
	touch $@

$(VENV)/.dev: $(BIN)/pip $(SOURCES)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.user

clean:
	rm -rf build dist site *.egg-info disentlib/*.so
