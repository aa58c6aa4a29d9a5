# shellcheck shell=bash
# Runs the steps of the set-up: one line each, what they print in a log, and each only when it is due.
# Needs TOOLS, the folder for the log and the stamps.

readonly STAMPS="$TOOLS/stamps"
readonly LOG="$TOOLS/setup.log"
# What a step has to say behind its time.
readonly REMARK="$TOOLS/setup.remark"

fail() {
  printf '\n✘ %s\n' "$1" >&2
  shift
  if (($#)); then printf '  → %s\n' "$@" >&2; fi
  exit 1
}

reason_in_log() {
  { grep -iE 'error|could not|failed|refused|timed out|no space' "$LOG" || cat "$LOG"; } | tail -n 1 | cut -c1-300
}

# Of the step under way: its process, which leads a group of its own, so that all of it can be ended.
step=""

end_step() {
  [[ -n "$step" ]] || return 0
  kill -TERM -- "-$step" 2>/dev/null || true
  wait "$step" 2>/dev/null || true
}

interrupted() {
  trap '' INT TERM HUP
  end_step
  printf '\nInterrupted. The same command goes on from here.\n' >&2
  # `make` ends by the signal itself: it would call any exit code an error.
  case "$(ps -o comm= -p "$PPID")" in
  make | gmake) kill -INT "$PPID" && exit 0 ;;
  esac
  exit 130
}

# run TITLE COMMAND...: runs a step; its status.
run() {
  local -r title="$1" started=$SECONDS
  local status=0
  shift
  printf '  • %s …' "$title"
  rm -f "$REMARK"
  set -m
  "$@" >"$LOG" 2>&1 </dev/null &
  step=$!
  set +m
  wait "$step" || status=$?
  step=""
  if ((status)); then
    printf ' failed\n'
    return "$status"
  fi
  printf ' %s s%s\n' "$((SECONDS - started))" "$(cat "$REMARK" 2>/dev/null)"
}

# run_step TITLE REMEDY COMMAND...: runs a step that must succeed.
run_step() {
  local -r title="$1" remedy="$2"
  local reason
  shift 2
  if ! run "$title" "$@"; then
    reason="$(reason_in_log)"
    fail "$title failed${reason:+: $reason}" "$remedy" "The whole log: .tools/setup.log"
  fi
}

# is_done STEP FINGERPRINT [RESULT]: the step's stamp holds the fingerprint of what it is made from,
# and its result is still there.
is_done() { [[ -f "$STAMPS/$1" && "$(<"$STAMPS/$1")" == "$2" && -e "${3:-.}" ]]; }
mark_done() { printf '%s\n' "$2" >"$STAMPS/$1"; }
