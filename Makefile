# Two commands a newcomer needs: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV   := .venv
MINUTES ?= 10
BIN    := $(VENV)/bin

# Tests that need no compiler, no browser and no server of their own.
FAST := tests/test_layers.py tests/helpdesk tests/sandbox_child/wasm tests/sandbox_child/wire \
  tests/supervisor/manifest tests/supervisor/secrets tests/supervisor/egress tests/supervisor/calls \
  tests/webapp/rendering tests/webapp/security tests/cli/control

.PHONY: help run test test-fast lint docs texts bench soak security release vendor lock clean

help:            ## list the targets
	@grep -E '^[a-z-]+:.* ##' Makefile | sed 's/:.*##/\t/'

run: $(VENV)/.run-ready    ## start a demo help desk on http://127.0.0.1:8000
	@$(BIN)/python packaging/vendor/fetch.py --optional
	$(BIN)/ohd serve --demo

test: $(VENV)/.dev-ready   ## install what the tests need, then run all of them
	$(BIN)/python tests/setup/prepare.py
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

test-fast: $(VENV)/.dev-ready  ## the tests that take half a minute: no compiler, browser or server
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m "not slow" $(FAST)

lint: $(VENV)/.dev-ready   ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/.dev-ready   ## the manual as a site in build/site; a broken link is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --jobs auto docs build/site
	@echo "The manual is in build/site/index.html"

texts: $(VENV)/.dev-ready  ## bring the catalogues up to date; LANGUAGE=fr begins one
	$(BIN)/python -m docs.tools.texts $(LANGUAGE)

bench: $(VENV)/.dev-ready  ## the benchmark table, every figure beside its peer
	$(BIN)/python -m benchmarks.prepare
	$(BIN)/python -m benchmarks

soak: $(VENV)/.dev-ready   ## 10 minutes of tickets against plugins that misbehave: MINUTES=1 for less
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

security: $(VENV)/.dev-ready  ## attack the sandbox; write the results into docs/security.md
	$(BIN)/python docs/tools/security.py

vendor: $(VENV)/.run-ready  ## fetch Chart.js, pinned, for widgets of plugins (needs npm)
	$(BIN)/python packaging/vendor/fetch.py

release: $(VENV)/.dev-ready vendor  ## sdist, wheel, checksums and container of what is committed
	$(BIN)/python packaging/release.py

lock:            ## write requirements/*.txt anew (needs uv)
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
	  --group build -o requirements/run.txt pyproject.toml
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header \
	  --group build --group test --group browser --group lint --group docs --group bench \
	  -c requirements/run.txt -o requirements/dev.txt pyproject.toml

clean:           ## remove the environment and everything built
	rm -rf $(VENV) .cache build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Open Help Desk needs Python 3.11 or later; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev-ready: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run-ready
