# shellcheck shell=bash
# What every script on the host starts with: strict mode, the settings, one way to report, to fail and to retry.

set -o errexit -o errtrace -o nounset -o pipefail
shopt -s inherit_errexit

readonly ROOT="${ALLORA_ROOT:-}" # a test's stand-in for /
readonly STATE_DIR="$ROOT/var/lib/allora"
readonly RUN_DIR="$ROOT/run/allora"
readonly LOG_DIR="$ROOT/var/log/allora"
readonly CONSOLE="$ROOT/dev/console" # `aws ec2 get-console-output` and the EC2 console show it

# Exported, because docker compose fills compose.yaml from them. There is no secret among them.
set -o allexport
# shellcheck source=/dev/null
source "$ROOT/etc/allora/host.env"
set +o allexport

# What a script reports on (an event's name), and the step of an installation.
EVENT=host STEP='' STEPS=''

# event NAME STATE MESSAGE [CODE NEEDS_OPERATOR]: report an event (shared/host_events.py) as a line of JSON to the journal,
# and with it to CloudWatch, and to the serial console; as text to a terminal. CODE and NEEDS_OPERATOR (true, false) say why
# its state is failed or waiting.
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

# plain TEXT: one line of printable ASCII, as it may be quoted from a model or a registry, and do things to a terminal.
plain() {
  local LC_ALL=C text=${1//$'\n'/ }
  printf '%s' "${text//[^ -~]/?}"
}

# quote: indent what a build or a repository prints, which may be anybody's: no line may look like an event. So many lines
# cost little in CloudWatch.
quote() {
  LC_ALL=C sed -u -E 's/^(.{0,500}).*/  \1/; 2001,$ { $!d; }'
}

# https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
stderr_is_the_journal() {
  [[ -n ${JOURNAL_STREAM:-} && $JOURNAL_STREAM == "$(stat --dereference --format=%d:%i /dev/stderr)" ]]
}

# The status of a script, and of a program of ours, that trying again does not help: EX_CONFIG of sysexits.h.
readonly NEEDS_OPERATOR=78

# die STATUS CODE MESSAGE [STATE]: report a failure and end the script. Its parent finds the reason in the file. The state is
# waiting, as systemd starts almost everything again, or failed.
die() {
  local -r status=$1 code=$2 message=$(plain "$3") state=${4:-waiting}
  local needs_operator=false
  if ((status == NEEDS_OPERATOR)); then needs_operator=true; fi
  trap - ERR
  printf '%s %s %s\n' "$status" "$code" "$message" >"$RUN_DIR/last-failure"
  event "$EVENT" "$state" "$message" "$code" "$needs_operator"
  exit "$status"
}

# retry ATTEMPTS COMMAND...: until it succeeds, waiting 2, 4, 8, 16, then 30 seconds in between.
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
