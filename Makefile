# `make book` and `make test` need Python 3.11 or newer and make; they set up the rest themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEB    := book/_web
SHELL  := bash
NBVAL  := --nbval-sanitize-with tests/nbval.cfg --ignore book/templates --override-ini addopts= --override-ini filterwarnings=default book
export PATH := $(abspath $(BIN)):$(PATH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help book strict outputs test unit compare coverage nbval browser bench bench-check lint lab notebooks tables sheet figures lock mutants test-lowest links-outside wheels everything plain-sphinx release-check clean

help: ## say what each target does
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

book: _build/.web outputs ## build the HTML book and print where it is
	jupyter-book build . --quiet
	@echo "The book is ready: open $(CURDIR)/_build/html/index.html"

strict: _build/.web outputs ## build the book's pages from scratch, every warning an error
	rm -rf _build/html _build/.doctrees
	jupyter-book build . -W --keep-going -n

outputs: $(BIN)/.installed ## run the chapters whose outputs are not kept or are old
	python -m tools.execute

test: compare unit ## every chapter against its stored outputs, then unit tests and doctests

unit: $(BIN)/.installed
	pytest -n auto --dist loadfile -m "not browser and not wheel"

compare: outputs ## the outputs of the chapters' runs against those stored in them
	pytest -p tools.replay -p no:cacheprovider $(NBVAL)

coverage: $(BIN)/.installed ## which lines and branches of the library no test reaches
	pytest -n auto --dist loadfile -m "not browser and not wheel" --cov --cov-report=term-missing:skip-covered --cov-fail-under=95

nbval: $(BIN)/.installed ## the same by the plugin nbval alone, which runs each chapter in a kernel of its own
	pytest -n auto --dist loadfile -p no:cacheprovider --nbval --nbval-cell-timeout 300 $(NBVAL)

browser: $(BIN)/.installed ## open every built page in headless Chromium with the network blocked
	pytest -m browser tests/browser

bench: $(BIN)/.installed ## time the library beside the textbook way and a double grid, and write the table as JSON
	@mkdir -p _build
	pytest -q benchmarks --rounds 50 --benchmark-timer=time.process_time --benchmark-json=_build/benchmarks.json --benchmark-quiet
	python -m tools.benchmarks _build/benchmarks.json --write

bench-check: $(BIN)/.installed ## the benchmarks with few rounds: do all ways still agree?
	@mkdir -p _build
	pytest -q benchmarks --rounds 3 --benchmark-timer=time.process_time --benchmark-json=_build/benchmarks.json --benchmark-quiet
	python -m tools.benchmarks _build/benchmarks.json

lint: $(BIN)/.installed ## ruff (lint and format), mypy, and who imports from whom
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo

lab: $(BIN)/.installed ## open the chapters in JupyterLab
	jupyter lab --ip=127.0.0.1 book

notebooks: $(BIN)/.installed ## run every chapter and write it in its canonical form
	python -m tools.execute --write
	python -m tools.tables --sheets-only

tables: $(BIN)/.installed ## run every experiment's sheet and write the table of limits
	python -m tools.tables $(if $(PARAMETERS),--parameters "$(PARAMETERS)")

sheet: $(BIN)/.installed ## the sheet of your own experiment: make sheet CONFIG=my.toml
	@test -n "$(CONFIG)" || { echo "Say which file: make sheet CONFIG=my.toml"; exit 2; }
	python -m tools.tables --config "$(CONFIG)" $(if $(PARAMETERS),--parameters "$(PARAMETERS)")

figures: $(BIN)/.installed ## make the README's picture
	python -m tools.readme_figure

wheels: $(BIN)/.installed ## install the wheel for each Python of this machine and try it (needs PyPI)
	pytest -n auto -m wheel tests/test_wheel.py

everything: wheels nbval test-lowest ## the weekly checks: all of the gate but the browser, on each Python of this machine
	set -e; for python in $$(python -m tests.interpreters); do \
	    version=$$($$python -c 'import sys; print("{}.{}".format(*sys.version_info))'); \
	    $(MAKE) test lint strict PYTHON=$$python VENV=.venv-$$version; \
	done

PLAIN := sphinx myst-nb sphinx-book-theme sphinx-external-toc sphinx-exercise sphinx-reredirects sphinxcontrib-bibtex sphinx-togglebutton \
    sphinx-copybutton sphinx-thebe sphinx-comments sphinx-design sphinx-multitoc-numbering

plain-sphinx: _build/.web outputs ## the same pages with plain Sphinx of today, for the day on which Jupyter Book 1 breaks
	rm -rf _build/plain && mkdir -p _build/plain
	uv venv --quiet --clear --python $(BIN)/python .venv-sphinx
	uv pip install --quiet --python .venv-sphinx/bin/python $(PLAIN) '.[plot]'
	jupyter-book config sphinx . >/dev/null
	sed "s/'\(jupyter_book\|sphinx_jupyterbook_latex\)'\(, \)\?//g; s|'\(book/\|_build/\)|'$(CURDIR)/\1|g" conf.py >_build/plain/conf.py
	rm conf.py
	PYTHONPATH=book/_ext .venv-sphinx/bin/sphinx-build -q -c _build/plain . _build/plain/html

release-check: $(BIN)/.installed ## build what is released, and check that PyPI would take it
	rm -rf _build/dist && mkdir -p _build/dist
	python -c "from flit_core.buildapi import *; build_wheel('_build/dist'); build_sdist('_build/dist')"
	uv tool run twine check --strict _build/dist/*

lock: $(BIN)/.installed ## pin every package again, with hashes, from pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	    --custom-compile-command "make lock" --extra dev --upgrade --output-file requirements.lock pyproject.toml

mutants: $(BIN)/.installed ## make fifty small mistakes in the library, one at a time: do the tests notice?
	python -m tools.mutants

test-lowest: $(BIN)/.installed ## the unit tests with the lowest versions that pyproject.toml allows
	uv venv --quiet --clear --python $(BIN)/python $(VENV)-lowest
	uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct --editable '.[dev]'
	$(VENV)-lowest/bin/python -m pytest -n auto --dist loadfile -m "not browser and not wheel" --override-ini filterwarnings=default

links-outside: _build/.web outputs ## ask every outside address that the book names (needs the network)
	jupyter-book build . --builder linkcheck

clean: ## remove what the targets above have made
	rm -rf _build $(VENV) .venv-* $(WEB)/node_modules $(WEB)/static/vendor

# The environment: uv, at the version that the lock names, then exactly the locked packages, then the library.
$(BIN)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"cevnslib needs Python 3.11 or newer; {sys.executable} is {v[0]}.{v[1]} (choose another with make PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ;]*\).*/\1/p' requirements.lock)"
	uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# MathJax, require.js and the widget manager, so that the pages need no network.
_build/.web: $(WEB)/package-lock.json $(BIN)/.installed
	npm ci --prefix $(WEB) --silent --no-audit --no-fund --ignore-scripts
	python -m tools.vendor
	@mkdir -p _build && touch $@
