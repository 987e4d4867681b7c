# What can be done here. Needs Python >= 3.11, make and the package index; `make` alone prints this list.

# Make takes a path with a space for two.
ifneq ($(words $(CURDIR)),1)
$(error The path of this folder has a space in it ($(CURDIR)), which make cannot work with. Move the folder)
endif

VENV := .venv
BIN := $(VENV)/bin
# Named after the lock's content: a new lock makes a new environment, a mere checkout does not.
READY := $(VENV)/.ready-$(firstword $(shell cksum < requirements.lock))
COMMAND := $(BIN)/cliploop
PYTHON ?= $(shell for p in python3 python3.13 python3.14 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# For what Lambda the packages of `make build` are made.
ARCH ?= arm64
RUNTIME ?= python3.13

export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test faults bench bench-check bench-store load check fmt reference build lock clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(COMMAND) ## make .venv from the lock (the other targets do it when needed)

$(READY):
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 on PATH. Install one, or name it: make setup PYTHON=/path/to/python" >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "Making $(VENV) with $$($(PYTHON) --version) (about a minute, once) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements.lock
	@$(BIN)/python -c 'import site, pathlib; pathlib.Path(site.getsitepackages()[0], "cliploop.pth").write_text(str(pathlib.Path("src").resolve()) + "\n")'
	@touch $@

# What pip would make of pyproject's [project.scripts]: the lock has nothing that builds packages. -P: a file in the
# user's folder is not taken for a module.
$(COMMAND): $(READY)
	@printf '%s\n' '#!/bin/sh' 'exec "$(abspath $(BIN))/python" -P -m cliploop "$$@"' > $@.new
	@chmod +x $@.new
	@mv $@.new $@

demo: $(READY) ## turn a video into a GIF and a WebP on a local AWS (VIDEO=path takes yours)
	@$(BIN)/python -m local.demo $(if $(VIDEO),"$$VIDEO")

serve: $(READY) ## keep the stack up on a local AWS until Ctrl-C
	@$(BIN)/python -m local.serve $(PARAMETERS)

test: $(COMMAND) ## run the tests
	$(BIN)/python -m pytest

faults: $(READY) ## kill workers, fail every call, lose messages, and look that each task ends once (a quarter of an hour; SEED=n replays one)
	@$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(FAULTS)

bench: $(COMMAND) ## our encoders beside others (gifski with npm; 40 minutes, then it keeps; ONLY=bunny QUICK=1 FRESH=1)
	$(BIN)/python -m benchmarks.encoders $(if $(ONLY),--only "$(ONLY)") $(if $(QUICK),--quick) $(if $(FRESH),--fresh)

bench-check: $(COMMAND) ## what of the bench a minute can tell: fails when a ratio has regressed
	$(BIN)/python -m benchmarks.encoders.check

load: $(COMMAND) ## many uploads at once on a local AWS: nothing lost, nothing twice (20 minutes; OPTIONS="--burst 1000")
	$(BIN)/python -m benchmarks.load $(OPTIONS)

bench-store: $(READY) ## what the store costs, with a million tasks (needs npm and Java 17; a quarter of an hour)
	$(BIN)/python -m benchmarks.store

check: $(READY) ## format, lint, types, import contract, template
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sam validate --lint --template infra/template.yaml
	$(BIN)/python -m local.reference --check

reference: $(READY) ## write the pages that the code writes about itself (docs/reference, tables of docs/compatibility.md)
	@$(BIN)/python -m local.reference

fmt: $(READY) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: $(READY) ## build for AWS with SAM, without Docker (ARCH=arm64|x86_64 RUNTIME=python3.13)
	ARCH=$(ARCH) RUNTIME=$(RUNTIME) PYTHON=$(abspath $(BIN))/python $(BIN)/sam build \
		--parameter-overrides Architecture=$(ARCH) PythonRuntime=$(RUNTIME)

# `--universal` and one version of each library for every Python that we support; the functions take the same ones.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: $(READY) ## resolve the libraries anew (needs uv; UPGRADE=--upgrade takes the newest)
	$(LOCK) $(UPGRADE) pyproject.toml --extra aws --group dev --output-file requirements.lock
	echo "aws-lambda-powertools" | $(LOCK) - --constraint requirements.lock \
		--output-file functions/query_tasks/requirements.txt
	for door in on_task_change send_callback manage_tasks; do \
		cp functions/query_tasks/requirements.txt functions/$$door/requirements.txt; done
	printf '%s\n' aws-lambda-powertools numpy pillow | $(LOCK) - --constraint requirements.lock \
		--output-file functions/on_upload/requirements.txt

clean: ## delete everything that was made
	rm -rf $(VENV) .local .build .aws-sam out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
