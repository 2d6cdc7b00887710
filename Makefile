# README's two commands: `make demo` and `make test`. Everything happens inside .venv.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(abspath $(VENV))/bin

INSTALLED_FROM := pyproject.toml setup.py $(shell find csrc -name '*.cpp' -o -name '*.hpp')

.PHONY: demo test test-slow install dev docs clean

demo: $(VENV)/.user
	$(BIN)/disentlib train --gin_file runs/demo.gin --run_dir runs/demo
	$(BIN)/disentlib evaluate runs/demo
	$(BIN)/disentlib report runs/demo

test: $(VENV)/.dev
	PATH="$(BIN):$$PATH" tools/check.sh

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

docs: $(VENV)/.dev
	PATH="$(BIN):$$PATH" tools/check.sh docs

install: $(VENV)/.user

dev: $(VENV)/.dev

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.user: $(BIN)/pip $(INSTALLED_FROM)
	@echo "Installing disentlib and TensorFlow into $(VENV): minutes, the first time"
	$(BIN)/pip install --quiet --editable '.[report]'
	touch $@

$(VENV)/.dev: $(BIN)/pip $(INSTALLED_FROM)
	@echo "Installing disentlib, TensorFlow and the developers' tools into $(VENV): minutes, the first time"
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.user

clean:
	rm -rf build dist site *.egg-info disentlib/*.so
