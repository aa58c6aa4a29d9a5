# shellcheck shell=bash
# Runs the set-up's steps that are due, with one line on screen each and their output in a log.
# Needs TOOLS, the folder for log and stamps.

readonly STAMPS="$TOOLS/stamps"
readonly LOG="$TOOLS/setup.log"
# A step's remark, shown after its time.
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

# Process of the current step; it leads a process group.
step=""

end_step() {
  [[ -n "$step" ]] || return 0
  kill -TERM -- "-$step" 2>/dev/null || true
  wait "$step" 2>/dev/null || true
}

interrupted() {
  trap '' INT TERM HUP
  end_step
  printf '\nInterrupted. Run the same command to continue.\n' >&2
  # `make` would report an exit code as an error.
  case "$(ps -o comm= -p "$PPID")" in
  make | gmake) kill -INT "$PPID" && exit 0 ;;
  esac
  exit 130
}

# run TITLE COMMAND...: run a step and return its status.
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

# run_step TITLE REMEDY COMMAND...: run a step; exit if it fails.
run_step() {
  local -r title="$1" remedy="$2"
  local reason
  shift 2
  if ! run "$title" "$@"; then
    reason="$(reason_in_log)"
    fail "$title failed${reason:+: $reason}" "$remedy" "The whole log: .tools/setup.log"
  fi
}

# is_done STEP FINGERPRINT [RESULT]: whether the step's stamp has the fingerprint of its inputs, and its result exists.
is_done() { [[ -f "$STAMPS/$1" && "$(<"$STAMPS/$1")" == "$2" && -e "${3:-.}" ]]; }
mark_done() { printf '%s\n' "$2" >"$STAMPS/$1"; }
