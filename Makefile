# The main commands are `make local` and `make test`; `make help` lists all.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?=
TERRAFORM_MIRROR ?=
export PYTHON TERRAFORM_MIRROR
# The project's own tools come first.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The caller's settings for other projects.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH PYTHONWARNINGS NODE_ENV NODE_OPTIONS NODE_PATH

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install the tools for a deployment into this folder (other commands add theirs)
	@scripts/setup/setup.sh

.PHONY: setup-dev
setup-dev: ## Install the tools for development as well
	@scripts/setup/setup.sh dev

.PHONY: local
local: ## Deploy an Allora worker on an embedded AWS on this computer, without an AWS account
	@scripts/setup/setup.sh embedded-aws
	@python -m devtools.embedded_aws up

.PHONY: local-destroy
local-destroy: ## Destroy what `make local` deployed
	@scripts/setup/setup.sh embedded-aws
	@python -m devtools.embedded_aws destroy

.PHONY: local-stop
local-stop: ## Stop the embedded AWS; it forgets everything
	@if [ -d .local ]; then python -m devtools.embedded_aws stop; else echo "The embedded AWS is not running."; fi

.PHONY: deploy
deploy: setup ## Deploy to AWS with the settings in .env, unless `allora doctor` finds a ✘
	@python -m allora_cli deploy

.PHONY: worker-local
worker-local: setup ## Run worker, model and a fake chain in Docker on this computer; MODEL=folder for your own model
	@python -m devtools.worker_local up --model "$(MODEL)" --labels "$(LABELS)"

.PHONY: worker-local-stop
worker-local-stop: setup ## Remove the containers of `make worker-local`
	@python -m devtools.worker_local down

.PHONY: test
test: ## Run all tests except those that boot a host
	@scripts/setup/setup.sh dev checkov images cdktn
	@scripts/test.sh

.PHONY: test-unit
test-unit: setup-dev ## Run the tests that take seconds
	@scripts/test.sh unit

.PHONY: test-images
test-images: ## Run the tests of worker, model server and fake chain
	@scripts/setup/setup.sh dev images
	@scripts/test.sh images

.PHONY: test-kill
test-kill: setup-dev ## Kill a first deployment at ten moments, and run it again
	@scripts/test.sh kill

.PHONY: test-host
test-host: ## Boot and test a deployment, with a fake chain (root on Linux)
	@scripts/test_host.sh

.PHONY: test-fleet
test-fleet: ## Run the tasks of a deployed fleet in Docker, with a fake chain (root on Linux)
	@scripts/test_fleet.sh

.PHONY: lint
lint: ## Check style and types
	@scripts/setup/setup.sh dev images
	@scripts/lint.sh

.PHONY: format
format: setup-dev ## Format the code
	@ruff check --fix-only --quiet .
	@ruff format .

.PHONY: docs
docs: setup-dev ## Generate docs/configuration.md, docs/permissions.md and docs/status.schema.json
	@python -m settings.reference
	@python -m allora_cli.aws.deployer_policy
	@python -m allora_cli.status.document
	@python -m allora_cli.fleet.document

.PHONY: pictures
pictures: setup-dev ## Draw the diagrams of the README and of docs/fleet.md
	@env -i HOME="$$HOME" PATH="$$PATH" ALLORA_ENV_FILE=samples/testnet.env \
		python -m allora_cli diagram --output-dir docs/images
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && \
		cp samples/fleet.toml "$$folder" && cp samples/testnet.env "$$folder/.env" && \
		env -i HOME="$$HOME" PATH="$$PATH" ALLORA_ENV_FILE="$$folder/.env" \
		python -m allora_cli diagram --output-dir "$$folder" && \
		mv "$$folder/architecture.svg" docs/images/fleet.svg && \
		mv "$$folder/architecture.png" docs/images/fleet.png

.PHONY: session
session: ## Record the README's terminal session (root on Linux)
	@scripts/test_host.sh python -m tests.host.session

.PHONY: bench
bench: setup-dev ## Measure synth and the cdktf CLI
	@python -m devtools.bench

.PHONY: lock
lock: setup-dev ## Lock the newest versions that the Pipfile, package.json and scripts/setup/*.in allow
	@scripts/setup/lock.sh

.PHONY: lock-packages
lock-packages: setup-dev ## Lock Pipfile and package.json alone, which change nothing that is deployed
	@scripts/setup/lock.sh packages

.PHONY: lock-worker
lock-worker: setup-dev ## Lock the worker with another version of the Allora SDK: make lock-worker SDK=1.4.0
	@scripts/setup/lock.sh worker "$(or $(SDK),$(error Name the version: make lock-worker SDK=1.4.0))"

.PHONY: cdk-terrain
cdk-terrain: setup-dev ## Move this checkout to CDK Terrain, CDKTF's successor, for good
	@python -m devtools.cdk_terrain

.PHONY: eject
eject: setup ## Write the stacks of the present settings as plain Terraform: make eject TO=folder
	@python -m devtools.eject "$(or $(TO),$(error Name a new folder: make eject TO=../my-terraform))"

.PHONY: clean
clean: local-stop ## Remove installed and generated files, but not .env
	@rm -rf .venv .tools node_modules cdktf.out .local .*_cache
	@python3 -m tests.host.cache --offer
