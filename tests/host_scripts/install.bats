#!/usr/bin/env bats
# bin/install.sh: from a fresh host to a running worker, and again.

# shellcheck disable=SC2016 # the text of a stub expands when the stub runs

load helper

setup() {
  make_host
  start_imds # answers the probe of the internet as well
  export PROBE_URL="$IMDS_ENDPOINT/"
  stub systemctl 'case "$*" in
    "start allora-storage.service") [[ ! -e $ALLORA_ROOT/storage-fails ]] || { echo "78 data_volume_missing the disk is gone." >"$ALLORA_ROOT/run/allora/last-failure"; exit 1; } ;;
    "start allora.service") [[ ! -e $ALLORA_ROOT/start-fails ]] || { echo "78 secrets_unavailable no mnemonic." >"$ALLORA_ROOT/run/allora/last-failure"; exit 1; } ;;
    "is-active --quiet docker.service") [[ -e $ALLORA_ROOT/docker-runs ]] ;;
  esac'
  stub dpkg-query 'grep -qx "${@: -1}" "$ALLORA_ROOT/installed" 2>/dev/null && printf installed'
  stub dpkg
  # The last APT_FAILURES installations have failed so far.
  stub apt-get 'if [[ " $* " == *" install "* ]]; then
      if (( $(grep -c "^apt-get.* install " "$CALLS") <= ${APT_FAILURES:-0} )); then echo "E: no route" >&2; exit 100; fi
      printf "%s\n" "${@: -7}" >>"$ALLORA_ROOT/installed"
    fi'
}

teardown() {
  stop_imds
}

@test "a fresh host: every step in order, then ready" {
  run "$BIN/install.sh"
  [ "$status" -eq 0 ]
  run events
  [ "$output" = 'internet [1/6] started | Reach the internet
internet [1/6] done | Reach the internet: done
storage [2/6] started | Prepare storage
storage [2/6] done | Prepare storage: done
docker_settings [3/6] started | Configure Docker
docker_settings [3/6] done | Configure Docker: done
packages [4/6] started | Install packages
packages [4/6] done | Install packages: done
docker [5/6] started | Run Docker
docker [5/6] done | Run Docker: done
worker [6/6] started | Start worker and model
worker [6/6] done | Start worker and model: done
installation done | ready' ]
  called '^apt-get .* install --no-install-recommends docker.io docker-buildx docker-compose-v2 git nftables unattended-upgrades$'
  called '^systemctl enable allora.service$'
  called '^systemctl enable allora-storage.service$'
  called '^systemctl enable allora-isolate.service$'
  called '^systemctl enable --now allora-care.timer$'
}

@test "the archive's units are in place before one of them is started" {
  stub systemctl 'if [[ $1 == daemon-reload ]]; then ls "$ALLORA_ROOT/etc/systemd/system" >"$ALLORA_ROOT/units"; fi'
  "$BIN/install.sh"
  run cat "$ALLORA_ROOT/units"
  [ "$output" = "$(ls "$BATS_TEST_DIRNAME/../../scripts/host/systemd")" ]
  run head -n 2 "$CALLS"
  contains "$output" 'systemctl daemon-reload'
}

@test "reports begin before anything else, and nothing depends on them" {
  "$BIN/install.sh"
  run grep --max-count 2 '^systemctl' "$CALLS"
  [ "$output" = 'systemctl daemon-reload
systemctl enable --now allora-report.service allora-model-log.service allora-status.timer' ]
  stub systemctl '[[ $* != *allora-report* ]]'
  run "$BIN/install.sh"
  [ "$status" -eq 0 ]
  [ "$(last_event)" = 'installation done | ready' ]
  contains "$(events)" 'reports failed reports_down False | CloudWatch gets no reports of this host'
}

@test "storage and Docker's settings are there before the package starts Docker" {
  stub apt-get '[[ -e $ALLORA_ROOT/etc/docker/daemon.json ]] && grep -q "start allora-storage" "$CALLS"'
  run "$BIN/install.sh"
  [ "$status" -eq 0 ]
  run python3 -c "import json,sys; print(json.load(open(sys.argv[1]))['data-root'])" "$ALLORA_ROOT/etc/docker/daemon.json"
  [ "$output" = "$ALLORA_ROOT/var/lib/allora/docker" ]
}

@test "a second run installs nothing and restarts nothing" {
  "$BIN/install.sh"
  touch "$ALLORA_ROOT/docker-runs"
  : >"$CALLS"
  run "$BIN/install.sh"
  [ "$status" -eq 0 ]
  never_called '^apt-get'
  never_called 'restart'
  [ "$(last_event)" = 'installation done | ready' ]
}

# hold LOCK: another program's lock of this file, in a directory that apt has made.
hold() {
  mkdir -p "$(dirname "$1")"
  python3 -c '
import fcntl, pathlib, sys, time
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
pathlib.Path(sys.argv[2]).touch()
time.sleep(600)' "$1" "$BATS_TEST_TMPDIR/held" 3>&- &
  HOLDER=$!
  until [[ -e $BATS_TEST_TMPDIR/held ]]; do command -p sleep 0.05; done
}

@test "another program that uses apt is waited for, whichever lock it holds" {
  local lock
  for lock in apt/lists/lock dpkg/lock; do
    hold "$ALLORA_ROOT/var/lib/$lock"
    "$BIN/install.sh" 3>&- &
    local installation=$!
    until [[ $(last_event) == *'waits for python3'* ]]; do command -p sleep 0.05; done
    never_called '^apt-get'
    kill "$HOLDER"
    wait "$installation"
    [ "$(last_event)" = 'installation done | ready' ]
    called '^apt-get .* install '
    rm "$BATS_TEST_TMPDIR/held" "$ALLORA_ROOT/installed"
    : >"$CALLS"
  done
}

@test "locks that nobody holds are not waited for" {
  mkdir -p "$ALLORA_ROOT/var/lib/apt/lists" && touch "$ALLORA_ROOT/var/lib/apt/lists/lock"
  "$BIN/install.sh"
  [[ $(events) != *'waits for'* ]]
}

@test "apt that fails twice is tried again" {
  APT_FAILURES=2 run "$BIN/install.sh"
  [ "$status" -eq 0 ]
  [ "$(times '^apt-get .* install ')" -eq 3 ]
}

@test "apt that fails for good: a bounded number of tries, then a sentence that helps, and systemd's turn" {
  APT_FAILURES=99 run "$BIN/install.sh"
  [ "$status" -eq 78 ]
  [ "$(times '^apt-get .* install ')" -eq 5 ]
  contains "$(last_event)" 'packages [4/6] waiting packages_unavailable True | Install packages: apt-get could not install docker.io'
  contains "$(last_console_line)" "systemd tries again every few minutes; at once: sudo systemctl restart allora-install"
  contains "$(<"$ALLORA_ROOT/var/log/allora/install.log")" 'E: no route'
  never_called '^systemctl (enable|start) allora.service'
}

@test "what a command has printed last is in the journal before the failure, our own lines are not there twice" {
  # shellcheck disable=SC2016
  stub logger 'if [[ $* == "--tag allora-log" ]]; then cat; else echo "${*:3}"; fi >>"$ALLORA_ROOT/journal"'
  stub apt-get 'seq 30; exit 100'
  run "$BIN/install.sh"
  [ "$status" -eq 78 ]
  run tail -n 22 "$ALLORA_ROOT/journal"
  contains "${lines[0]}" '"message": "Install packages"'
  [ "${lines[1]}" = 11 ]
  [ "${lines[20]}" = 30 ]
  contains "${lines[21]}" '"message": "Install packages: apt-get could not install'
}

@test "a failure that nobody foresaw is told in the same way" {
  # shellcheck disable=SC2016
  stub logger 'if [[ $* == "--tag allora-log" ]]; then cat >>"$ALLORA_ROOT/journal"; fi'
  stub systemctl 'if [[ $* == "enable docker.service" ]]; then echo "no such unit" >&2; exit 5; fi'
  run "$BIN/install.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'docker [5/6] waiting unexpected True | Run Docker: systemctl enable docker.service: status 5 in install.sh line'
  contains "$(<"$ALLORA_ROOT/journal")" 'no such unit'
}

@test "no internet: bounded, and never a package" {
  PROBE_URL=http://127.0.0.1:1/ run "$BIN/install.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'internet [1/6] waiting internet_unreachable True | Reach the internet: http://127.0.0.1:1/ does not answer'
  never_called '^apt-get'
}

@test "an installation that is over does not go on at the next boot, an interrupted one does" {
  APT_FAILURES=99 run "$BIN/install.sh"
  never_called '^systemctl disable allora-install.service$'
  run "$BIN/install.sh"
  called '^systemctl disable allora-install.service$'
}

@test "storage that fails stops everything before Docker" {
  touch "$ALLORA_ROOT/storage-fails"
  run "$BIN/install.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'storage [2/6] waiting data_volume_missing True | Prepare storage: the disk is gone.'
  never_called '^apt-get'
}

@test "a worker that does not start: the reason is in the last line, it is not called ready, and allora.service is tried again" {
  touch "$ALLORA_ROOT/start-fails"
  run "$BIN/install.sh"
  [ "$status" -eq 0 ]
  called '^systemctl disable allora-install.service$'
  contains "$(last_event)" 'worker [6/6] waiting secrets_unavailable True | Start worker and model: no mnemonic. systemd tries again'
  run ! grep -q '"installation"' "$ALLORA_ROOT/dev/console"
}

@test "two installations never run at once" {
  mkdir -p "$ALLORA_ROOT/run/allora"
  exec 8>"$ALLORA_ROOT/run/allora/install.lock"
  flock 8
  run "$BIN/install.sh" 8>&-
  [ "$status" -eq 1 ]
  contains "$(last_event)" 'installation waiting installation_runs False | another'
  never_called '^systemctl'
}

@test "Docker's settings: somebody's other keys stay, ours win, Docker takes them up" {
  mkdir -p "$ALLORA_ROOT/etc/docker"
  echo '{"dns": ["10.0.0.2"], "data-root": "/elsewhere", "features": {"cdi": true}}' >"$ALLORA_ROOT/etc/docker/daemon.json"
  touch "$ALLORA_ROOT/docker-runs"
  "$BIN/install.sh"
  called '^systemctl restart docker.service$'
  run cat "$ALLORA_ROOT/etc/docker/daemon.json"
  contains "$output" '10.0.0.2'
  contains "$output" '"cdi": true'
  contains "$output" '"containerd-snapshotter": false'
  contains "$output" '"live-restore": true'
  [[ $output != *elsewhere* ]]
}

@test "Docker's settings that are not JSON are not lost" {
  mkdir -p "$ALLORA_ROOT/etc/docker"
  echo '{"dns": ' >"$ALLORA_ROOT/etc/docker/daemon.json"
  run "$BIN/install.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'docker_settings [3/6] waiting docker_settings_invalid True'
  contains "$(last_event)" 'daemon.json is not JSON'
  [ "$(<"$ALLORA_ROOT/etc/docker/daemon.json")" = '{"dns": ' ]
}
