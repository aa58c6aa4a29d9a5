#!/usr/bin/env bash
# Plans the stacks: Markdown to standard output, Terraform's output to standard error.
# usage: plan.sh STACKS_DIRECTORY; the status is 0 if every plan succeeded.
#
# Takes no lock: these plans are never applied, must not delay a deployment, and a cancelled job must not
# leave a lock behind. So the role needs no write permission.
# shellcheck disable=SC2016 # Markdown's backticks
set -euo pipefail

readonly STACKS_DIR="$1"
readonly LOG="${RUNNER_TEMP:-/tmp}/terraform-plan.log"
# Three plans fit into a comment, which holds 65,536.
readonly MOST_CHARACTERS=20000

main() {
  local stack status=0 ready=1
  printf '## Terraform plan\n\n'
  plan allora-common || status=1
  if ((status == 0)) && ! is_deployed allora-common; then
    ready=0
  fi
  for stack in $(other_stacks); do
    if ((ready)); then
      plan "$stack" || status=1
    else
      say_why_not "$stack"
    fi
  done
  return "$status"
}

# Beside a fleet, a single host is planned only if there is one.
other_stacks() {
  if [[ ! -d $STACKS_DIR/allora-fleet ]]; then
    echo allora-single-node
    return
  fi
  if terraform_in allora-single-node init -input=false && is_deployed allora-single-node; then
    echo allora-single-node
  fi
  echo allora-fleet
}

# say_why_not STACK
say_why_not() {
  printf '### `%s`: not planned\n\n' "$1"
  printf 'It reads outputs of `allora-common`, which is not deployed yet. '
  printf 'Deploy it once (`cdktf deploy allora-common`), then run this check again.\n\n'
}

# plan STACK
plan() {
  local status=0
  if ! { terraform_in "$1" init -input=false && terraform_in "$1" plan -input=false -lock=false; }; then
    status=1
  fi
  cat "$LOG" >&2
  printf '### `%s`: %s\n\n' "$1" "$(verdict "$status")"
  printf '<details><summary>Details</summary>\n\n````text\n%s\n````\n\n</details>\n\n' "$(shortened_log)"
  return "$status"
}

# terraform_in STACK ARGUMENT...: overwrite the log with its output.
terraform_in() {
  terraform -chdir="$STACKS_DIR/$1" "${@:2}" -no-color >"$LOG" 2>&1
}

# verdict STATUS: print the plan's summary line.
verdict() {
  if (($1)); then
    echo 'the plan failed'
  else
    grep --max-count 1 --extended-regexp '^(No changes\.|Plan: )' "$LOG" || echo 'only outputs change'
  fi
}

# Cut long values, such as user data, and plans too long for a comment.
shortened_log() {
  awk -v most="$MOST_CHARACTERS" '
    { line = length($0) > 300 ? substr($0, 1, 300) "..." : $0; total += length(line) + 1 }
    total > most { print "... (the rest is in the log of the job)"; exit }
    { print line }' "$LOG"
}

is_deployed() {
  terraform_in "$1" output -json && [[ $(<"$LOG") != '{}' ]]
}

main
