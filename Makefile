# Two commands matter to a learner: `make lab` and `make test`. The environment is made by setup_env.py.
# Works with GNU make 3.81 (macOS) and newer.

PYTHON ?=
VENV ?= .venv
LAB_ARGS ?=
PYTEST_ARGS ?=
# Parallel test processes; a notebook stays whole in one of them.
JOBS ?= 2
# What to test: a word of a test's, an exercise's or a notebook's name, or an expression of them (T="neuron or relu").
T ?=
# 1: with the tests that take long, as CI does.
THOROUGH ?=
# On how many draws each known mistake of an exercise is tried.
SEEDS ?= 1
# What `course mutants` is told; by default a sample, as in CI.
MUTANTS ?=
# auto: with the CUDA build of jax where an NVIDIA GPU is found; yes; no.
CUDA ?= auto
UV ?= $(or $(shell command -v uv),$(wildcard .uv/bin/uv),uv)

# What a learner needs; and what tests, site, grading and authors need, which is added to it.
EXTRAS_LAB = lab
EXTRAS = lab,test,browser,site,instructor,cluster,toolchain
# nbgrader can't be installed beside Colab's IPython, so `instructor` is `author` here.
EXTRAS_OLDEST = lab,test,author,cluster,toolchain
OLDEST = .venv-oldest
# Colab's twin: what the notebooks use of Colab's image, without the course, which their first cell brings.
EXTRAS_COLAB = colab
COLAB_TWIN = .venv-colab
# The course's peers are heavy (PyTorch, TensorFlow), and need an environment of their own.
BENCH = .venv-bench
BENCH_ARGS ?=
RECORD_ARGS ?=
WAIT_ARGS ?=
# JAX's newest needs Python 3.12; PyTorch and TensorFlow have wheels for all of these.
BENCH_PYTHON = 3.13,3.12,3.11
# Other Pythons, in environments of their own.
SMOKE = .venv-smoke-$(notdir $(or $(PYTHON),3.12))
# What lies at hand: a machine with a GPU may have JAX and PyTorch, and no way to install anything.
GPU_PYTHON ?= $(firstword $(wildcard $(BENCH)/bin/python $(BIN)/python) python3)
BIN = $(VENV)/bin
PYTEST_FLAGS = -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS) $(if $(T),-k "$(T)")
# The notebooks run in this environment's kernel, whatever kernel of that name the user has installed elsewhere.
NBVAL = --nbval --nbval-current-env --nbval-cell-timeout=900
# Deque's accessibility checker, used by the browser tests; npm checks the package against the registry's hash.
AXE = axe-core@4.14.1

# Any Python 3 that runs can drive setup_env.py, which then looks for one that the course supports. Without any, uv may have one.
DRIVER := $(shell for p in python3 python3.13 python3.12 python3.11 python $(PYTHON); do \
	"$$p" -c "import sys; sys.exit(sys.version_info < (3, 6))" >/dev/null 2>&1 && { echo "\"$$p\" -I"; exit; }; done; \
	command -v $(UV) >/dev/null && echo $(UV) run --quiet --no-project --python 3.13 python -I)
SETUP = $(or $(DRIVER),echo "No Python was found. Install Python 3.13, or uv."; false) setup_env.py
# JupyterLab refuses to run as root unless told so; in a container the learner often is root.
ROOT_FLAG = $(if $(filter 0,$(shell id -u)),--allow-root)

comma := ,
EACH_EXTRA = $(addprefix --extra ,$(subst $(comma), ,$(1)))

# Without it every kernel on Python 3.12 and newer warns about its debugger.
export PYDEVD_DISABLE_FILE_VALIDATION = 1
export COURSE_SEEDS = $(SEEDS)
# uv installs no bytecode: it is written when a library is first imported. A shell that forbids this (as many containers do) would
# have each of the many processes that the tests and JupyterLab start compile all of JAX again: 5 s in place of 1.5.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help lab test test-oldest mutants smoke lint format colab site axe lesson release house ways bench bench-gpu wait gpu-record pins clean
.PHONY: env env-lab env-oldest env-smoke env-colab env-bench

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

lab: env-lab ## Make the environment, open JupyterLab at lesson 00 (LAB_ARGS="--no-browser --port 8899")
	$(BIN)/python -m jupyterlab --ServerApp.root_dir="$(CURDIR)" \
		--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(ROOT_FLAG) $(LAB_ARGS)

test: env ## Make the environment, run every test and every notebook (T=neuron: those of a lesson, room or exercise)
	$(BIN)/python -m pytest --ignore=tests/colab $(if $(THOROUGH)$(T),,-m "not thorough") $(NBVAL) $(PYTEST_FLAGS)

test-oldest: env-oldest ## The tests under the oldest supported versions, which are Colab's (Python 3.13); `make colab` has the notebooks
	$(OLDEST)/bin/python -m pytest tests --ignore=tests/colab --ignore=tests/browser -m "not one_set and (not thorough or every_set)" $(PYTEST_FLAGS)

smoke: env-smoke ## Each lesson and solution once under another Python (PYTHON=3.11)
	$(SMOKE)/bin/python -m pytest notebooks solutions tests/test_lowering.py $(NBVAL) $(PYTEST_FLAGS)

lint: env ## ruff (rules and layout), mypy, and import-linter (the floors of the house)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache --no-logo

format: env ## Lay out the code (ruff) and bring every notebook into its stored form: runs them all
	$(BIN)/python -m ruff check --fix-only .
	$(BIN)/python -m ruff format .
	$(BIN)/course format

colab: env env-colab ## Every notebook alone in Colab's twin (Python 3.13), the course installed by its set-up cell
	COURSE_COLAB_PYTHON="$(abspath $(COLAB_TWIN))/bin/python" $(BIN)/python -m pytest $(PYTEST_FLAGS) --dist load tests/colab

site: env ## Build the pages (build/site) from the stored notebooks, offline
	$(BIN)/course site

axe: ## Fetch axe-core with npm: without it the tests of accessibility in the browser are skipped
	@mkdir -p build && cd build && rm -f axe-core-*.tgz && npm pack --silent "$(AXE)"

lesson: env ## Run, format, release and test one lesson (N=the_neuron)
	@test -n "$(N)" || { echo "Which lesson? For example: make lesson N=the_neuron"; exit 1; }
	$(BIN)/course lesson "$(N)"

mutants: env ## Change each reference answer a little, a sample of the places: `check` must refuse it (MUTANTS="relu --seeds 50")
	$(BIN)/course mutants $(or $(MUTANTS),--sample 4 --seeds 3)

house: env ## Draw docs/images/house.svg, the rooms of course/ and their imports
	$(BIN)/python -m course.authoring.house

release: env ## Write exercises/ from solutions/
	$(BIN)/course release

ways: env ## Go each way of installing that the README names, from a fresh clone to lesson 00, and time it
	$(BIN)/python -m benchmarks.set_up

bench: env-bench ## Measure how fast the networks train beside PyTorch and Keras, on the CPU (BENCH_ARGS="--quick")
	$(BENCH)/bin/python -m benchmarks.training $(BENCH_ARGS)

bench-gpu: ## The same on a GPU, with the Python at hand and what it has (GPU_PYTHON=python3); installs nothing
	"$(GPU_PYTHON)" -m benchmarks.training --gpu $(BENCH_ARGS)

wait: env ## Measure how long a learner waits, from the start of a kernel to the first trained step (WAIT_ARGS="--quick")
	$(BIN)/python -m benchmarks.wait $(WAIT_ARGS)

gpu-record: ## Record what the lessons measure on a GPU, to be shown beside a learner's own numbers (GPU_PYTHON=python3); installs nothing
	"$(GPU_PYTHON)" -m benchmarks.lessons $(RECORD_ARGS)

pins: ## Resolve constraints/ again, with uv (COLAB=path: Colab's list, for oldest.txt and colab.txt)
	@command -v $(UV) >/dev/null || { echo "make pins needs uv: python3 -m pip install uv"; exit 1; }
	@{ echo "# The newest versions that the course is tested with, for Python 3.11 and newer, on every platform."; \
	  echo "# Made from pyproject.toml by 'make pins' (uv pip compile --universal); don't edit."; \
	  $(UV) pip compile pyproject.toml $(call EACH_EXTRA,$(EXTRAS)) --universal \
	  --python-version 3.11 --no-header --no-annotate --quiet; } > constraints/latest.new
	@mv constraints/latest.new constraints/latest.txt
	@{ echo "# The versions that 'make bench' compares: those of latest.txt, and the course's peers."; \
	  echo "# Made from pyproject.toml by 'make pins' (uv pip compile --universal); don't edit."; \
	  $(UV) pip compile pyproject.toml --extra bench -c constraints/latest.txt --universal \
	  --python-version 3.11 --no-header --no-annotate --quiet; } > constraints/bench.new
	@mv constraints/bench.new constraints/bench.txt
ifdef COLAB
	@{ echo "# The oldest versions that the course is tested with: those of a Colab runtime (Python 3.13) where Colab has"; \
	  echo "# the package. Made from pyproject.toml and Colab's list by 'make pins COLAB=constraints.txt'; don't edit."; \
	  $(UV) pip compile pyproject.toml $(call EACH_EXTRA,$(EXTRAS_OLDEST)) -c "$(COLAB)" \
	  --python-version 3.13 --no-header --no-annotate --quiet; } > constraints/oldest.new
	@mv constraints/oldest.new constraints/oldest.txt
	@{ echo "# Colab's twin: what a Colab runtime (Python 3.13) has of what the notebooks use, and nothing else."; \
	  echo "# Made from pyproject.toml and Colab's list by 'make pins COLAB=constraints.txt'; don't edit."; \
	  $(UV) pip compile pyproject.toml $(call EACH_EXTRA,$(EXTRAS_COLAB)) -c "$(COLAB)" \
	  --python-version 3.13 --allow-unsafe --no-header --no-annotate --quiet; } > constraints/colab.new
	@mv constraints/colab.new constraints/colab.txt
else
	@echo "constraints/oldest.txt and colab.txt are left as they are (COLAB=path to Colab's constraints.txt makes them)."
endif

clean: ## Remove the environments and all caches; notebooks stay as they are
	rm -rf $(VENV) $(OLDEST) $(COLAB_TWIN) $(BENCH) .venv-smoke-* .uv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

env: ## Make the environment with all that tests, grading and authors need
	@$(SETUP) --extras $(EXTRAS) --venv "$(VENV)" --constraints constraints/latest.txt --cuda $(CUDA) --python "$(PYTHON)"

env-lab:
	@$(SETUP) --extras $(EXTRAS_LAB) --venv "$(VENV)" --constraints constraints/latest.txt --cuda $(CUDA) --python "$(PYTHON)"

env-smoke:
	@$(SETUP) --extras lab,test --venv "$(SMOKE)" --constraints constraints/latest.txt --python "$(or $(PYTHON),3.12)"

env-oldest:
	@$(SETUP) --extras $(EXTRAS_OLDEST) --venv "$(OLDEST)" --constraints constraints/oldest.txt --python "$(or $(PYTHON),3.13)"

env-colab:
	@$(SETUP) --bare --venv "$(COLAB_TWIN)" --constraints constraints/colab.txt --python "$(or $(PYTHON),3.13)"

env-bench:
	@$(SETUP) --extras bench --venv "$(BENCH)" --constraints constraints/bench.txt --python "$(or $(PYTHON),$(BENCH_PYTHON))"
