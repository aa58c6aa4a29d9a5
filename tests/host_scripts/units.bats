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
