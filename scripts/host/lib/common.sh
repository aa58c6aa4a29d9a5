# shellcheck shell=bash
# Common to the host's scripts: strict mode, settings, events, failures, retries.

set -o errexit -o errtrace -o nounset -o pipefail
shopt -s inherit_errexit

readonly ROOT="${ALLORA_ROOT:-}" # for tests
readonly STATE_DIR="$ROOT/var/lib/allora"
readonly RUN_DIR="$ROOT/run/allora"
readonly LOG_DIR="$ROOT/var/log/allora"
readonly CONSOLE="$ROOT/dev/console" # `aws ec2 get-console-output` and the EC2 console show it

# Exported for compose.yaml. It holds no secret.
set -o allexport
# shellcheck source=/dev/null
source "$ROOT/etc/allora/host.env"
set +o allexport

# The event's name, and the step of an installation.
EVENT=host STEP='' STEPS=''

# event NAME STATE MESSAGE [CODE NEEDS_OPERATOR]: write an event (shared/host_events.py) to the journal, and so to
# CloudWatch, and to the serial console as a line of JSON; to a terminal as text. The states failed and waiting need CODE
# and NEEDS_OPERATOR (true, false).
event() {
  local json="{\"event\": \"$1\", \"state\": \"$2\"" message text
  message=$(plain "$3")
  text=${STEP:+[$STEP/$STEPS] }$message
  if [[ $STEP ]]; then json+=", \"step\": $STEP, \"of\": $STEPS"; fi
  if [[ ${4:-} ]]; then json+=", \"code\": \"$4\", \"needs_operator\": $5" text="$2: $text"; fi
  message=${message//\\/\\\\}
  json+=", \"message\": \"${message//\"/\\\"}\"}"
  if stderr_is_the_journal; then
    printf '%s\n' "$json" >&2
  else
    printf 'allora: %s\n' "$text" >&2
    logger --tag allora -- "$json"
  fi
  { printf '%s\r\n' "$json" >>"$CONSOLE"; } 2>/dev/null || true
}

# plain TEXT: one line of printable ASCII; the text may quote a model or a registry.
plain() {
  local LC_ALL=C text=${1//$'\n'/ }
  printf '%s' "${text//[^ -~]/?}"
}

# quote: indent untrusted output, so that no line looks like an event, and limit its lines.
quote() {
  LC_ALL=C sed -u -E 's/^(.{0,500}).*/  \1/; 2001,$ { $!d; }'
}

# https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
stderr_is_the_journal() {
  [[ -n ${JOURNAL_STREAM:-} && $JOURNAL_STREAM == "$(stat --dereference --format=%d:%i /dev/stderr)" ]]
}

# Exit status of a failure that a retry does not mend: EX_CONFIG of sysexits.h.
readonly NEEDS_OPERATOR=78

# die STATUS CODE MESSAGE: report a failure and exit; last-failure has the reason for the caller.
die() {
  local -r status=$1 code=$2 message=$(plain "$3")
  trap - ERR
  printf '%s %s %s\n' "$status" "$code" "$message" >"$RUN_DIR/last-failure"
  report_failure "$status" "$code" "$message"
  exit "$status"
}

# report_failure STATUS CODE MESSAGE: write an event of what systemd tries again.
report_failure() {
  local needs_operator=false
  if (($1 == NEEDS_OPERATOR)); then needs_operator=true; fi
  event "$EVENT" waiting "$3" "$2" "$needs_operator"
}

# retry ATTEMPTS COMMAND...: until it succeeds, with pauses of 2, 4, 8, 16, then 30 seconds.
retry() {
  local -i attempts=$1 delay=2 attempt
  shift
  for ((attempt = 1; attempt <= attempts; attempt++)); do
    if "$@"; then return 0; fi
    if ((attempt < attempts)); then sleep "$delay"; fi
    delay=$((delay < 16 ? delay * 2 : 30))
  done
  return 1
}

mkdir --parents "$STATE_DIR" "$RUN_DIR" "$LOG_DIR"
trap 'die 1 unexpected "$BASH_COMMAND: status $? in ${BASH_SOURCE[0]##*/} line $LINENO."' ERR
