#!/usr/bin/env bats
# What a user's computer may lack, and what `make setup` says then.

setup() {
  root="$BATS_TEST_DIRNAME/../.."
  project="$BATS_TEST_TMPDIR/project"
  commands="$BATS_TEST_TMPDIR/commands"
  mkdir -p "$project/scripts" "$commands"
  cp -r "$root/scripts/setup" "$project/scripts/"
  cp "$root/Pipfile.lock" "$project/"
  local name
  for name in bash cat cut dirname env grep ln mkdir readlink rm sed tail tr uname; do
    ln -s "$(command -v "$name")" "$commands/$name"
  done
}

# A python3 that is of a version, and has or lacks the module venv.
fake_python() {
  printf '#!/bin/sh
case "$*" in
--version) echo "Python %s" ;;
*version_info*) exit %s ;;
*ensurepip*) exit 1 ;;
esac\n' "$1" "$2" >"$commands/python3"
  chmod +x "$commands/python3"
}

run_setup() { run env -i PATH="$commands" HOME="$BATS_TEST_TMPDIR" "$@" bash "$project/scripts/setup/setup.sh"; }

@test "no Python: says which one is needed and how to get it" {
  run_setup
  [ "$status" -eq 1 ]
  [[ "$output" == *"Python 3.11 or newer is needed; none was found."* ]]
  [[ "$output" == *"sudo apt install python3"* ]]
}

@test "a Python that is too old is named" {
  fake_python 3.9.2 1
  run_setup
  [ "$status" -eq 1 ]
  [[ "$output" == *"Python 3.11 or newer is needed; python3 here is 3.9.2."* ]]
  [[ "$output" == *"make setup PYTHON="* ]]
}

@test "Debian's Python without its venv package" {
  fake_python 3.12.1 0
  run_setup
  [ "$status" -eq 1 ]
  [[ "$output" == *"has no 'venv' module"* ]]
  [[ "$output" == *"sudo apt install python3-venv"* ]]
}

@test "a download that fails is one sentence, with the remedy and the log" {
  ln -s "$root/.venv/bin/python" "$commands/python3"
  run_setup PIP_CONFIG_FILE=/dev/null PIP_RETRIES=0 PIP_INDEX_URL=http://127.0.0.1:9/simple
  [ "$status" -eq 1 ]
  [[ "$output" == *"✘ pipenv failed: "* ]]
  [[ "$output" == *"Check the internet connection"* ]]
  [[ "$output" == *".tools/setup.log"* ]]
  [[ "$output" != *Traceback* ]]
  [ -s "$project/.tools/setup.log" ]
}

# What the set-up exports of these variables.
# shellcheck disable=SC2016 # the other shell expands it
environment_after() { run env "$@" bash -c '. "$0/scripts/setup/environment.sh"; export -p' "$root"; }

@test "the caller's settings for pip, npm, pipenv, Python, Node.js and Terraform do not matter" {
  local -a variables=(
    PIP_TARGET=leaked PIP_REQUIRE_HASHES=leaked pip_prefix=leaked PIP_NO_DEPS=leaked NPM_CONFIG_OMIT=leaked npm_config_prefix=leaked
    NODE_ENV=leaked NODE_OPTIONS=leaked PYTHONPATH=leaked PYTHONWARNINGS=leaked PYTHONHOME=leaked PIPENV_PIPFILE=leaked
    VIRTUAL_ENV=leaked TF_DATA_DIR=leaked TF_CLI_ARGS_init=leaked TF_WORKSPACE=leaked
  )
  environment_after "${variables[@]}" PIP_USER=1
  [ "$status" -eq 0 ]
  [[ "$output" != *leaked* ]]
  [[ "$output" == *'PIP_USER="0"'* ]]
}

@test "the Terraform of another clone, whose environment is active, is not the user's own" {
  local -r other="$BATS_TEST_TMPDIR/other"
  mkdir -p "$other/.venv/bin" "$other/scripts/setup" "$BATS_TEST_TMPDIR/own"
  cp "$root/scripts/setup/terraform" "$other/scripts/setup/"
  ln -s ../../scripts/setup/terraform "$other/.venv/bin/terraform"
  printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/own/terraform"
  chmod +x "$BATS_TEST_TMPDIR/own/terraform"
  PATH="$other/.venv/bin:$BATS_TEST_TMPDIR/own:$PATH" run bash -c "$(sed -n '/^users_terraform/,/^}/p' "$root/scripts/setup/setup.sh")
users_terraform"
  [ "$output" = "$BATS_TEST_TMPDIR/own/terraform" ]
}

@test "what says where downloads come from is kept" {
  local variable
  for variable in PIP_INDEX_URL PIP_CERT NPM_CONFIG_REGISTRY npm_config_cafile PIPENV_PYPI_MIRROR NODE_EXTRA_CA_CERTS \
    TF_CLI_CONFIG_FILE HTTPS_PROXY PYTHON; do
    environment_after "$variable=kept"
    [[ "$output" == *"$variable=\"kept\""* ]] || { echo "$variable is lost"; return 1; }
  done
}

# Whether a process is gone, or soon will be.
ends_in_time() {
  local -r deadline=$((SECONDS + 60))
  while kill -0 "$1" 2>/dev/null; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

@test "an interrupted step ends with all of its processes" {
  cat >"$BATS_TEST_TMPDIR/steps" <<'SCRIPT'
set -euo pipefail
. "$SETUP/steps.sh"
trap interrupted INT TERM HUP
work() { sleep 300 & echo $! >"$TOOLS/child"; wait; }
run_step "Working" "" work
SCRIPT
  mkdir -p "$project/.tools/stamps"
  # As at a terminal: SIGINT is not ignored, though this runs in the background.
  SETUP="$root/scripts/setup" TOOLS="$project/.tools" "$root/.venv/bin/python" - bash "$BATS_TEST_TMPDIR/steps" \
    >"$BATS_TEST_TMPDIR/output" 2>&1 <<'PYTHON' &
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
PYTHON
  local working=$! status=0
  until [ -s "$project/.tools/child" ]; do sleep 0.05; done
  kill -INT "$working"
  wait "$working" || status=$?
  [ "$status" -eq 130 ]
  grep -q "Interrupted. Run the same command to continue." "$BATS_TEST_TMPDIR/output"
  ends_in_time "$(<"$project/.tools/child")"
}

@test "a checkout with the line ends of Windows has the same bytes" {
  git -c safe.directory="$root" clone --quiet -c core.autocrlf=true "$root" "$BATS_TEST_TMPDIR/checkout"
  run git -C "$BATS_TEST_TMPDIR/checkout" ls-files --eol
  [ "$status" -eq 0 ]
  [[ "$output" != *w/crlf* ]]
  [[ "$output" != *w/mixed* ]]
}

@test "what is in place is left alone, and nothing is said" {
  run "$root/scripts/setup/setup.sh"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "the commands lead into the project by relative paths, wherever it lies" {
  local name
  for name in allora bats cdktf node npm pipenv terraform; do
    [[ "$(readlink "$root/.venv/bin/$name")" == ../* ]]
    [ -x "$root/.venv/bin/$name" ]
  done
}

@test "requirements that include others find them" {
  local file included
  for file in "$root"/scripts/setup/*.in "$root"/containers/*/requirements.in; do
    while read -r _ included; do
      [ -f "$(dirname "$file")/$included" ]
    done < <(grep '^-[rc] ' "$file")
  done
}

@test "every target of the Makefile is in its help" {
  run make --no-print-directory -C "$root" help
  [ "$status" -eq 0 ]
  local target
  while read -r target; do
    [[ "$output" == *"make $target "* ]] || { echo "missing: $target"; return 1; }
  done < <(grep '^\.PHONY:' "$root/Makefile" | cut -d' ' -f2)
}
