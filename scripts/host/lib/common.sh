# shellcheck shell=bash
# What every script on the host starts with: strict mode, the settings, one way to speak, to fail and to retry.

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

# say MESSAGE...: one line for the journal and for the serial console.
say() {
  local message
  message=$(plain "$*")
  printf 'allora: %s\n' "$message" >&2
  stderr_is_the_journal || logger --tag allora -- "$message"
  { printf 'allora: %s\r\n' "$message" >>"$CONSOLE"; } 2>/dev/null || true
}

# plain TEXT: one line of printable ASCII, as it may be quoted from a model or a registry, and do things to a terminal.
plain() {
  local LC_ALL=C text=${1//$'\n'/ }
  printf '%s' "${text//[^ -~]/?}"
}

# https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
stderr_is_the_journal() {
  [[ -n ${JOURNAL_STREAM:-} && $JOURNAL_STREAM == "$(stat --dereference --format=%d:%i /dev/stderr)" ]]
}

# die MESSAGE: end the script. The file tells the script that started this one why.
die() {
  trap - ERR
  printf '%s\n' "$(plain "$*")" >"$RUN_DIR/last-failure"
  say "failed: $*"
  exit 1
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
trap 'die "$BASH_COMMAND: status $? in ${BASH_SOURCE[0]##*/} line $LINENO."' ERR
