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
  for name in bash cat cut dirname env grep ln mkdir readlink rm tail; do
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

@test "what is in place is left alone, and nothing is said" {
  run "$root/scripts/setup/setup.sh"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "the commands lead into the project by relative paths, wherever it lies" {
  local name
  for name in allora bats cdktf node npm pipenv; do
    [[ "$(readlink "$root/.venv/bin/$name")" == ../* ]]
    [ -x "$root/.venv/bin/$name" ]
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
