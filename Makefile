# make run    install into .venv (once) and open the dashboard on this machine only
# make test   install what developers need (once) and run the tests on two cores; ARGS="-k cells" narrows it
# make slow   the few tests that take a minute each: an analyst's whole day, training that loses a worker
# make lint   ruff and mypy
# make bench  measured ratios of one run, a few minutes
# make doctor what is wrong with this installation; ARGS="--url http://host:8501" asks a running one
# make fuzz   100,000 spoilt photos through the photo door, about ten minutes of one core; ARGS="--n 5000 --seed 7"
# make chaos  200 kills at random moments and full disks (root), each gone on from; ARGS="--kills case=20 clean=10" takes only some
# make load   20 analysts at once in real sessions for 10 minutes; ARGS="--analysts 5 --minutes 1" takes less
# make audit  what is installed (sbom.json), and whether weaknesses of it are known
# make install [GPU=1]
#
# PYTHON=… chooses the interpreter, VENV=… the environment's folder, PORT=… the dashboard's port.

VENV ?= .venv
PORT ?= 8501
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
IS_SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: help install run test slow lint bench doctor fuzz chaos load audit
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,13p'

install: $(INSTALLED)

$(INSTALLED): requirements.txt pyproject.toml
	@python=""; \
	for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if "$$candidate" -c '$(IS_SUPPORTED)' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "geocore needs Python 3.11, 3.12 or 3.13; $(or $(PYTHON),python3) is: \
	$$($(or $(PYTHON),python3) --version 2>&1). Install one of them, then name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	"$$python" -m venv $(VENV) || { \
	  echo "Python cannot make a virtual environment here. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet -r requirements.txt -e .
	$(if $(GPU),$(BIN)/python -m pip uninstall --quiet --yes tensorflow-cpu)
	$(if $(GPU),$(BIN)/python -m pip install --quiet -e ".[gpu]")
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	@touch $@

run: $(INSTALLED)
	$(BIN)/python -m streamlit run dashboard/Home.py --server.address 127.0.0.1 --server.port $(PORT) \
	  --server.headless $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),false,true) --server.showEmailPrompt false

test: $(INSTALLED_DEV)
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" $(ARGS)

slow: $(INSTALLED_DEV)
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow $(ARGS)

lint: $(INSTALLED_DEV)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

bench: $(INSTALLED_DEV)
	$(BIN)/python scripts/benchmark.py $(ARGS)

audit: $(INSTALLED_DEV)
	$(BIN)/python scripts/audit.py $(ARGS)

doctor:
	@test -x $(BIN)/python || { echo "Nothing is installed in $(VENV). Run make install." >&2; exit 1; }
	@$(BIN)/python scripts/doctor.py --port $(PORT) $(ARGS)

fuzz: $(INSTALLED_DEV)
	nice -n 5 $(BIN)/python scripts/fuzz.py $(ARGS)

chaos: $(INSTALLED_DEV)
	nice -n 5 $(BIN)/python scripts/chaos.py $(ARGS)

load: $(INSTALLED_DEV)
	$(BIN)/python scripts/load.py $(ARGS)
