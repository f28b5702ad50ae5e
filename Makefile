# Every target sets up what it needs; only Python >= 3.11 and make must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES = $(wildcard human_wm_env world_model agents human_wm_cli scripts tests)
TYPED = $(foreach room,human_wm_env world_model agents human_wm_cli scripts,$(if $(shell find $(room) -name '*.py' 2>/dev/null),$(room)))

PIP = $(BIN)/python -m pip install --disable-pip-version-check

# Linux without an NVIDIA GPU: torch's CPU build, from where pip looks or else, with uv, from
# where torch publishes it. The usual build brings 5 GB of CUDA libraries.
ifeq ($(shell uname -s),Linux)
ifeq ($(shell command -v nvidia-smi),)
TORCH_VERSION = $(shell sed -n 's/^torch==//p' constraints.txt)
TORCH = $(PIP) 'torch==$(TORCH_VERSION)+cpu' || { $(PIP) uv && \
	$(BIN)/uv pip install --python $(BIN)/python --torch-backend cpu 'torch==$(TORCH_VERSION)'; } || \
	echo "torch's CPU build was not found: the usual one follows." >&2
endif
endif

# Two processes with two BLAS threads each stall one another on two cores.
ONE_THREAD = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
WORKERS ?= 2
RUNS ?= runs
SEED ?= 0
SAMPLE ?= 100

.DEFAULT_GOAL := help
.PHONY: help install demo dashboard pretrain test test-slow mutate check format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): setup.cfg constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "HumanWM needs Python >= 3.11; $(PYTHON) is older or missing." \
			"Name another one: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(TORCH)
	$(PIP) -c constraints.txt -e '.[test,dev]'
	@touch $@

install: $(STAMP) ## create .venv with everything in it

demo: $(STAMP) ## pretrain, imagine, train two agents in the dream, judge them in the simulator
	$(BIN)/humanwm demo

dashboard: $(STAMP) ## open TensorBoard on the runs of the demo and of all other commands
	@[ -d $(RUNS) ] || { echo "No runs in $(RUNS)/ yet: make demo, or name others: RUNS=..." >&2; exit 1; }
	$(BIN)/tensorboard --logdir $(RUNS) --host 127.0.0.1

pretrain: $(STAMP) ## train the world model (see configs/pretrain.yaml)
	$(BIN)/humanwm pretrain

test: $(STAMP) ## the fast tests
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS)

test-slow: $(STAMP) ## the tests that train for minutes
	$(BIN)/python -m pytest -m slow

mutate: $(STAMP) ## change a sample of source lines, see whether their tests notice
	@$(PIP) --quiet -c constraints.txt 'cosmic-ray==8.7.0'
	@$(ONE_THREAD) $(BIN)/python tests/mutation/run.py --seed $(SEED) --lines $(SAMPLE) $(if $(AGAIN),--again)

check: $(STAMP) ## format, lint, types, and who may import whom
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy $(TYPED)
	$(BIN)/python -m pytest -q tests/test_imports.py

format: $(STAMP) ## format and sort imports in place
	$(BIN)/ruff check --fix-only $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

clean: ## remove the virtual environment, caches and build leftovers (keeps runs/)
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name '*.egg-info' -type d -prune -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
