#!/usr/bin/env bats
# systemd/: the units load as they are, and run scripts that exist.

load helper

setup() {
  [[ $(uname) == Linux ]] || skip 'systemd is a part of Linux'
  make_host
  UNITS="$BATS_TEST_TMPDIR/units"
  cp -r "$BATS_TEST_DIRNAME/../../scripts/host/systemd" "$UNITS"
  mkdir "$ALLORA_ROOT/opt/allora-bootstrap" # from user data
  cp "$BIN/bootstrap.py" "$ALLORA_ROOT/opt/allora-bootstrap/"
  sed -i "s|/opt/allora|$ALLORA_ROOT/opt/allora|" "$UNITS"/*
}

# verify UNIT: what systemd has to say; older versions do not know two keys of version 254.
verify() {
  systemd-analyze verify --man=no "$UNITS/$1" 2>&1 | grep allora | grep -vE "'(RestartSteps|RestartMaxDelaySec)'" || true
}

@test "systemd has nothing to complain about" {
  local unit
  for unit in "$UNITS"/*; do
    [ "$(verify "${unit##*/}")" = '' ]
  done
}

@test "a unit whose script is missing would be found" {
  rm "$BIN/start.sh"
  contains "$(verify allora.service)" 'start.sh is not executable'
}

# A timer starts its service again; what Docker requires is started again with it, by allora.service.
@test "no service gives up: each is tried again without a limit" {
  local unit
  for unit in "$UNITS"/*.service; do
    if [[ -e ${unit%.service}.timer ]] || grep -q '^RequiredBy=docker.service$' "$unit"; then continue; fi
    grep -qE '^Restart=(always|on-failure)$' "$unit" || { echo "$unit ends for good" && false; }
    grep -q '^StartLimitIntervalSec=0$' "$unit" || { echo "$unit has a limit" && false; }
  done
}
