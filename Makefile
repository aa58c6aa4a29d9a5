# Two commands to know: `make local` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?=
export PYTHON
# What is run here finds the project's own tools first.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install everything into this folder (the other commands do this by themselves)
	@scripts/setup/setup.sh

.PHONY: local
local: setup ## Deploy an Allora worker on an embedded AWS on this computer, without an AWS account
	@python -m scripts.local up

.PHONY: local-destroy
local-destroy: setup ## Destroy what `make local` deployed
	@python -m scripts.local destroy

.PHONY: local-stop
local-stop: ## Stop the embedded AWS; it forgets everything
	@if [ -x .venv/bin/python ]; then python -m scripts.local stop; else echo "Nothing is installed, so nothing runs."; fi

.PHONY: deploy
deploy: setup ## Deploy to AWS with the settings in .env; `allora doctor` looks first, and stops it only on ✘
	@python -m scripts.operator deploy

.PHONY: worker-local
worker-local: setup ## Run worker, model and a fake chain in Docker on this computer; MODEL=folder for your own model
	@python -m scripts.worker_local up --model "$(MODEL)"

.PHONY: worker-local-stop
worker-local-stop: setup ## Remove the containers of `make worker-local`
	@python -m scripts.worker_local down

.PHONY: test
test: ## Run every test but those that boot a host
	@scripts/setup/setup.sh checkov images
	@scripts/test.sh

.PHONY: test-unit
test-unit: setup ## Run the tests that take seconds
	@scripts/test.sh unit

.PHONY: test-images
test-images: ## Run the tests of worker, model server and fake chain
	@scripts/setup/setup.sh images
	@scripts/test.sh images

.PHONY: test-host
test-host: ## Boot what a deployment makes, with a fake chain (root on Linux)
	@scripts/setup/setup.sh images
	@scripts/test.sh host

.PHONY: lint
lint: ## Check style and types
	@scripts/setup/setup.sh images
	@scripts/lint.sh

.PHONY: format
format: setup ## Bring the code into shape
	@ruff check --fix-only --quiet .
	@ruff format .

.PHONY: docs
docs: setup ## Generate docs/configuration.md from the settings
	@python -m settings.reference

.PHONY: pictures
pictures: setup ## Draw the README's picture of the architecture anew
	@env -i HOME="$$HOME" PATH="$$PATH" ALLORA_ENV_FILE=samples/testnet.env \
		python -m scripts.operator diagram --output-dir docs/images

.PHONY: session
session: ## Record the README's terminal session (root on Linux)
	@scripts/setup/setup.sh images
	@python -m tests.host.session

.PHONY: bench
bench: setup ## Measure synth and the cdktf CLI
	@python -m scripts.bench

.PHONY: lock
lock: setup ## Lock the newest versions that the Pipfile, package.json and scripts/setup/*.in allow
	@scripts/setup/lock.sh

.PHONY: lock-worker
lock-worker: setup ## Lock the worker with another version of the Allora SDK: make lock-worker SDK=1.4.0
	@scripts/setup/lock.sh worker "$(or $(SDK),$(error Name the version: make lock-worker SDK=1.4.0))"

.PHONY: clean
clean: local-stop ## Remove what was installed and written here, but not .env
	@rm -rf .venv .tools node_modules cdktf.out .local
