# Everything a developer runs. Each target sets up what it needs in .venv first; nothing outside this folder is touched.
#
#   make setup      the environment with all parts
#   make demo       fit the example, predict the new customers
#   make test       the whole suite            make test-fast   without the slow tests
#   make lint       every machine-checked rule make fix         repair what can be repaired
#   make test-mlflow  the flavor and the tracker against a real MLflow server, in an environment of their own (1 GB)
#   make test-kubeflow  the pipeline read and run by Kubeflow's own SDK, in an environment of its own (1 GB)
#   make test-node  the file in Node and in a browser (npm installs 430 MB below .bench)
#   make bench      speed and size, peers beside us
#   make bench-suite BUDGET=60s                every public data set (needs MODELWRIGHT_DATA)
#   make bench-energy                       the meter beside CodeCarbon and RAPL on the same load
#   make bench-serve                        the server beside FastAPI, MLflow and BentoML
#   make bench-serve-safety                 20,000 generated requests, then ten minutes of mixed ones
#   make docs       run every block of README.md and docs/

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
  $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
# LightGBM looks for the system's OpenMP library, which slim images lack; scikit-learn brings one under another name.
OPENMP := $(VENV)/openmp
export LD_LIBRARY_PATH := $(CURDIR)/$(OPENMP)$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))
BUDGET ?= 60s
JOBS ?= 2
FIND_OPENMP = $(BIN)/python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || \
  { mkdir -p $(OPENMP) && ln -sf $(CURDIR)/$(VENV)/lib/python3.*/site-packages/scikit_learn.libs/libgomp-*.so* $(OPENMP)/libgomp.so.1; }

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-mlflow test-kubeflow test-node lint fix bench bench-energy bench-serve bench-serve-safety bench-suite docs

help:
	@sed -n 's/^#   //p' Makefile

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed; name one with: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The stamps are older than what they were made from after every change of a dependency, so pip runs again then only.
$(VENV)/.fit: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[fit]"
	@$(FIND_OPENMP)
	@touch $@

# torch comes first and in the pinned version, which the package index may hold as a build without a gigabyte of CUDA.
$(VENV)/.all: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) torch==2.13.0
	$(PIP) -e ".[fit,excel,neural,sql,test,lint,bench]"
	@$(FIND_OPENMP)
	@touch $@ $(VENV)/.fit

setup: $(VENV)/.all

demo: $(VENV)/.fit
	$(BIN)/modelwright fit examples/churn.csv --target Churn --budget 30s -o churn.onnx
	$(BIN)/modelwright predict churn.onnx examples/churn_new.csv -o churn_predictions.csv
	@echo && head -n 6 churn_predictions.csv

test: $(VENV)/.all
	$(BIN)/python -m pytest -n $(JOBS)

test-fast: $(VENV)/.all
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

# MLflow pins other versions than we test with, and weighs a gigabyte: it gets an environment of its own.
MLFLOW := .bench/mlflow

$(MLFLOW)/.made: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed; name one with: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(MLFLOW)
	$(MLFLOW)/bin/python -m pip --disable-pip-version-check install --quiet -e ".[mlflow,read]" "onnx>=1.19" "pytest>=8.4"
	@touch $@

test-mlflow: $(MLFLOW)/.made
	MLFLOW_DISABLE_TELEMETRY=true $(MLFLOW)/bin/python -m pytest -p no:cacheprovider tests/flow/test_mlflow.py

# Kubeflow's SDK holds protobuf and kubernetes at older versions.
KUBEFLOW := .bench/kubeflow

$(KUBEFLOW)/.made: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed; name one with: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(KUBEFLOW)
	$(KUBEFLOW)/bin/python -m pip --disable-pip-version-check install --quiet -e ".[fit,report]" "kfp>=2.14" "onnx>=1.19" "pytest>=8.4"
	@touch $@

test-kubeflow: $(KUBEFLOW)/.made
	$(KUBEFLOW)/bin/python -m pytest -p no:cacheprovider tests/flow/test_kubeflow.py

# Their scripts would fetch libraries for graphics cards; what is in the packages is enough.
NODE := .bench/node

$(NODE)/.made:
	npm install --prefix $(NODE) --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnxruntime-web@1.30.0
	@touch $@

test-node: $(VENV)/.all $(NODE)/.made
	$(BIN)/python -m pytest tests/parity/test_node.py tests/flow/test_browser.py

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	$(BIN)/vulture

fix: $(VENV)/.all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.all
	$(BIN)/python benchmarks/bench.py

bench-suite: $(VENV)/.all
	$(BIN)/python benchmarks/suite.py --budget $(BUDGET)

bench-energy: $(VENV)/.all
	$(BIN)/python benchmarks/energy.py install
	$(BIN)/python benchmarks/energy.py run

bench-serve: $(VENV)/.all
	$(BIN)/python benchmarks/serve.py

bench-serve-safety: $(VENV)/.all
	$(BIN)/python benchmarks/serve.py generated soak

docs: $(VENV)/.all
	$(BIN)/python -m pytest tests/docs
