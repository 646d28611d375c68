# One verb each. `make` alone lists them.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
ifeq (,$(filter oneshell,$(.FEATURES)))
$(error make: is older than 3.82, got $(MAKE_VERSION); on macOS run `brew install make` and use gmake)
endif
TENANT ?= acme
PYTHON := .venv/bin/python

.PHONY: help up down status test check bench docs env kubeconfig

help: ## This list
	@grep -hE '^[a-z]+: .*## ' $(MAKEFILE_LIST) | awk -F ': .*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/complete: requirements.txt pyproject.toml agent/requirements.txt policy/requirements.txt rig/bootstrap.sh
	@rig/bootstrap.sh

up: .venv/complete ## A host cluster, a working Pulumi, and tenants acme and globex on it
	@$(PYTHON) -m rig up --stack

down: .venv/complete ## Remove all of it: tenants, host, processes, network
	@$(PYTHON) -m rig down

status: .venv/complete ## What runs on the local host, and where its logs are
	@$(PYTHON) -m rig status

check: .venv/complete ## Lint, types, import rules, unit tests (under 90 s)
	@.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest -q -n 2 -m 'not e2e and not processes'

test: check ## Everything that proves it: check, real processes, and a real host of its own
	@trap '$(PYTHON) -m rig down --host e2e' EXIT
	trap 'exit 130' INT
	$(PYTHON) -m rig up --host e2e --kubernetes 1.36 --sql --operators
	passed=true
	.venv/bin/pytest -q -n 2 --dist loadfile -m processes || passed=false
	.venv/bin/pytest -q -m e2e || passed=false
	$$passed

bench: .venv/complete ## Measure the figures in benchmarks/ (two and a half hours), write benchmarks/results/
	@$(PYTHON) -m benchmarks

docs: .venv/complete ## Write docs/reference/ from the code, docs/pictures/ from the examples
	@$(PYTHON) -m docs.generate
	$(PYTHON) -m docs.pictures

env: .venv/complete ## Shell lines for plain `pulumi`: eval "$$(make env)"
	@$(PYTHON) -m rig env

kubeconfig: .venv/complete ## kubeconfig of one tenant: make kubeconfig TENANT=acme > acme.yaml
	@$(PYTHON) -m rig kubeconfig --tenant $(TENANT)
