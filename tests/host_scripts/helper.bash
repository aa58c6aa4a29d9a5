# shellcheck shell=bash
# A host in a directory: the scripts as they are installed, their settings, and stubs for the commands that would touch
# the real machine. Everything else (curl, git, blkid, mke2fs, resize2fs, flock, python3) is real.

bats_require_minimum_version 1.5.0

# make_host [KEY=VALUE]...: settings that differ from the usual.
make_host() {
  export ALLORA_ROOT="$BATS_TEST_TMPDIR/root" CALLS="$BATS_TEST_TMPDIR/calls"
  # shellcheck disable=SC2034 # the tests use it
  BIN="$ALLORA_ROOT/opt/allora/bin"
  mkdir -p "$ALLORA_ROOT"/{dev,etc/allora,etc/systemd/system,opt/allora,var/lib/cloud/data} "$BATS_TEST_TMPDIR/stubs"
  cp -r "$BATS_TEST_DIRNAME"/../../scripts/host/{bin,lib,systemd,compose.yaml} "$ALLORA_ROOT/opt/allora/"
  PATH="$BATS_TEST_TMPDIR/stubs:/usr/sbin:/sbin:$PATH"
  : >"$CALLS"
  : >"$ALLORA_ROOT/dev/console"
  echo i-0123456789abcdef0 >"$ALLORA_ROOT/var/lib/cloud/data/instance-id"
  {
    echo "AWS_REGION='us-east-1'"
    echo "ALLORA_WORKER_NAME='tester'"
    echo "DATA_VOLUME='none'"
    echo "MODEL_REPO=''"
    echo "MODEL_REF=''"
    echo "MODEL_SECRETS=''"
    echo "SECRETS_PREFIX='/allora/tester'"
    echo "LOG_GROUP_PREFIX='/allora/tester'"
    echo "WORKER_PORT='9010'"
    echo "MODEL_PORT='8000'"
    echo "WORKER_UID='$(id --user)'"
  } >"$ALLORA_ROOT/etc/allora/host.env"
  local setting
  for setting in "$@"; do
    echo "${setting%%=*}='${setting#*=}'" >>"$ALLORA_ROOT/etc/allora/host.env"
  done
  stub logger
  stub sleep
  stub dpkg '[[ $* != --print-architecture ]] || echo arm64'
}

# stub NAME [BODY]: a command on PATH that records its call and runs BODY.
stub() {
  # shellcheck disable=SC2016 # for the stub to expand
  printf '#!/usr/bin/env bash\necho "%s $*" >>"$CALLS"\n%s\n' "$1" "${2:-}" >"$BATS_TEST_TMPDIR/stubs/$1"
  chmod +x "$BATS_TEST_TMPDIR/stubs/$1"
}

# start_imds: a metadata service that serves the files below $IMDS_DIR; stopped by stop_imds.
start_imds() {
  export IMDS_DIR="$BATS_TEST_TMPDIR/imds"
  mkdir -p "$IMDS_DIR/tags/instance"
  python3 "$BATS_TEST_DIRNAME/imds.py" "$IMDS_DIR" "$BATS_TEST_TMPDIR/port" 3>&- &
  IMDS_PID=$!
  until [[ -s $BATS_TEST_TMPDIR/port ]]; do command -p sleep 0.05; done
  IMDS_ENDPOINT="http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")"
  export IMDS_ENDPOINT
}

stop_imds() {
  [[ -z ${IMDS_PID:-} ]] || kill "$IMDS_PID"
}

# called PATTERN / never_called PATTERN: did a stub run so? (extended regular expression on "name arguments")
called() {
  grep -Eq -- "$1" "$CALLS" || { echo "never called: $1; calls:" && cat "$CALLS" && false; }
}

never_called() {
  if grep -E -- "$1" "$CALLS"; then return 1; fi
}

# times PATTERN: how often.
times() {
  grep -Ec -- "$1" "$CALLS" || true
}

# last_console_line: what a person sees who looks at the serial console.
last_console_line() {
  tail -n 1 "$ALLORA_ROOT/dev/console" | tr -d '\r'
}

# events: what the console shows, an event a line: "name [step/of] state [code needs_operator] | message".
events() {
  python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    step = "[{step}/{of}] ".format(**event) if "step" in event else ""
    why = "{code} {needs_operator} ".format(**event) if "code" in event else ""
    print("{event} {0}{state} {1}| {message}".format(step, why, **event))
' <"$ALLORA_ROOT/dev/console"
}

# last_event: the last of them.
last_event() {
  events | tail -n 1
}

contains() {
  [[ $1 == *"$2"* ]] || { printf "'%s' is not in:\n%s\n" "$2" "$1" && false; }
}
