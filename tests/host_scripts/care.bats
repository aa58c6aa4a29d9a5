#!/usr/bin/env bats
# bin/care.sh: what allora-care.timer does every minute.

# shellcheck disable=SC2016 # the text of a stub expands when the stub runs

load helper

setup() {
  make_host
  echo '{"services": {}}' >"$ALLORA_ROOT/etc/allora/compose.settings.json"
  mkdir -p "$ALLORA_ROOT/var/lib/allora/docker"
  export HEALTH=healthy STARTED=monday
  echo 40 >"$BATS_TEST_TMPDIR/percent"
  stub docker 'case "$*" in
    *" ps --quiet model") echo c0ffee ;;
    inspect*) echo "$HEALTH $STARTED" ;;
    "image prune"*) [[ -z ${FREED_TO:-} ]] || echo "$FREED_TO" >"$BATS_TEST_TMPDIR/percent" ;;
    info*) [[ ! -e $ALLORA_ROOT/docker-is-down ]] ;;
  esac'
  stub df 'echo "Use%"; echo " $(<"$BATS_TEST_TMPDIR/percent")%"'
}

@test "all is well: nothing is done" {
  run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  never_called '^docker (restart|builder|image)|force-recreate'
}

@test "a model that was healthy and is not any more is restarted" {
  "$BIN/care.sh"
  HEALTH=unhealthy run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  called '^docker restart .*c0ffee$'
  contains "$(last_console_line)" 'restarting it'
}

@test "a model that was never healthy is left to train" {
  HEALTH=unhealthy run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  never_called '^docker restart'
}

@test "health before its last start does not count" {
  "$BIN/care.sh"
  HEALTH=unhealthy STARTED=tuesday run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  never_called '^docker restart'
}

@test "a model without a health check is left alone" {
  HEALTH=none run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  never_called '^docker restart'
}

@test "a filling disk: what nothing uses goes" {
  echo 85 >"$BATS_TEST_TMPDIR/percent"
  FREED_TO=50 run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  called '^docker builder prune --force --all$'
  called '^docker image prune --force --all$'
  never_called 'force-recreate'
}

@test "a disk that stays full: the model's container is made anew, and it is said" {
  echo 97 >"$BATS_TEST_TMPDIR/percent"
  run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  called 'up --detach --no-build --no-deps --force-recreate model$'
  contains "$(last_console_line)" '97 % full'
}

@test "Docker that is down is systemd's business" {
  touch "$ALLORA_ROOT/docker-is-down"
  run "$BIN/care.sh"
  [ "$status" -eq 0 ]
  never_called '^docker (restart|builder|image)'
}
