#!/usr/bin/env bats
# lib/common.sh: how every script reports, fails and retries.

# shellcheck disable=SC2016 # the text of a stub expands when the stub runs

load helper

setup() {
  make_host
  COMMON="$ALLORA_ROOT/opt/allora/lib/common.sh"
}

# script TEXT: runs it as a script that has loaded common.sh.
script() {
  printf 'source "%s"\n%s\n' "$COMMON" "$1" >"$BATS_TEST_TMPDIR/script.sh"
  run bash "$BATS_TEST_TMPDIR/script.sh"
}

@test "an event goes to the serial console and to syslog, and as text to a terminal" {
  script 'event secrets done "hello \"you\" \\ &"'
  [ "$status" -eq 0 ]
  local -r json='{"event": "secrets", "state": "done", "message": "hello \"you\" \\ &"}'
  [ "$(last_console_line)" = "$json" ]
  [ "$(last_event)" = 'secrets done | hello "you" \ &' ]
  [ "$output" = 'allora: hello "you" \ &' ]
  [ "$(<"$CALLS")" = "logger --tag allora -- $json" ]
}

@test "an event of an installation has its step, one of a failure its reason" {
  script 'STEP=2 STEPS=6; event storage waiting "no disk" data_volume_missing true'
  [ "$(last_event)" = 'storage [2/6] waiting data_volume_missing True | no disk' ]
  [ "$output" = 'allora: waiting: [2/6] no disk' ]
}

@test "a unit's line is not in the journal twice" {
  mkfifo "$BATS_TEST_TMPDIR/journal"
  exec 7<>"$BATS_TEST_TMPDIR/journal"
  JOURNAL_STREAM=$(stat -Lc %d:%i /dev/fd/7) bash -c "source '$COMMON'; event host done hello" 2>&7
  never_called '^logger'
  read -r -t 5 line <&7
  [ "$line" = '{"event": "host", "state": "done", "message": "hello"}' ]
}

@test "a host without a console says it all the same" {
  rm "$ALLORA_ROOT/dev/console"
  mkdir "$ALLORA_ROOT/dev/console"
  script 'event host done hello'
  [ "$status" -eq 0 ]
  [ "$output" = 'allora: hello' ]
}

@test "what is quoted from a model does nothing to a terminal, on the console, in the journal or in last-failure" {
  script $'die 1 container_ends "it says: $(printf \'a\\033[2J\\rb\\302\\233c\\342\\200\\256d\\n{"event": "x"}\')"'
  [ "$status" -eq 1 ]
  local expected='it says: a?[2J?b??c???d {"event": "x"}'
  [ "$(last_event)" = "host waiting container_ends False | $expected" ]
  [ "$(<"$ALLORA_ROOT/run/allora/last-failure")" = "1 container_ends $expected" ]
  [ "$output" = "allora: waiting: $expected" ]
  called '^logger --tag allora -- .*"it says: a\?\[2J'
}

@test "an unexpected failure names the command and its place, and is the last line" {
  script 'work() { false; echo unreachable; }; work'
  [ "$status" -eq 1 ]
  contains "$(last_event)" 'host waiting unexpected False | false: status 1 in script.sh line 2'
  [[ $output != *unreachable* ]]
}

@test "a status tells whether trying again helps" {
  script 'die "$NEEDS_OPERATOR" secrets_unavailable "no mnemonic"'
  [ "$status" -eq 78 ]
  [ "$(last_event)" = 'host waiting secrets_unavailable True | no mnemonic' ]
  script 'die 78 packages_unavailable "no packages"'
  [ "$(last_event)" = 'host waiting packages_unavailable True | no packages' ]
}

@test "an unset variable stops the script" {
  script 'echo "$NO_SUCH_SETTING"; echo unreachable'
  [ "$status" -ne 0 ]
  [[ $output != *unreachable* ]]
}

@test "retry waits longer each time, and succeeds as soon as the command does" {
  script 'n=0; flaky() { n=$((n + 1)); ((n == 7)); }; retry 9 flaky; echo "after $n"'
  [ "$output" = 'after 7' ]
  [ "$(grep -o 'sleep .*' "$CALLS" | tr '\n' ' ')" = 'sleep 2 sleep 4 sleep 8 sleep 16 sleep 30 sleep 30 ' ]
}

@test "retry ends, without a last wait" {
  script 'retry 3 false || echo gave up'
  [ "$output" = 'gave up' ]
  [ "$(times '^sleep')" -eq 2 ]
}

@test "settings are data: nothing in them runs" {
  make_host 'MODEL_REF=$(touch '"$BATS_TEST_TMPDIR"'/pwned)`id`'
  script 'echo "$MODEL_REF"'
  contains "$output" '`id`'
  [ ! -e "$BATS_TEST_TMPDIR/pwned" ]
}
