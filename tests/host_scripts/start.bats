#!/usr/bin/env bats
# bin/start.sh, compose.sh and check-services.py: what allora.service does.

# shellcheck disable=SC2016 # the text of a stub expands when the stub runs

load helper

setup() {
  make_host
  SETTINGS="$ALLORA_ROOT/etc/allora/compose.settings.json"
  echo '{"services": {"worker": {"image": "worker:1"}, "model": {"image": "model:1"}}}' >"$SETTINGS"
  stub docker 'case "$*" in
    *" up "*) (( $(grep -c " up " "$CALLS") > ${UP_FAILURES:-0} )) || exit 1
              echo "$INSTANCE_ID $MODEL_MEMORY $AWS_REGION $WORKER_PORT $PLATFORM" >"$ALLORA_ROOT/environment" ;;
    *" ps --all --quiet "*) echo "${*: -1}-container" ;;
    inspect*RestartCount*) # of the one in $CRASHING it rises from look to look
      if [[ $* == *" ${CRASHING:-none}-container" ]]; then grep -c "RestartCount.*$CRASHING" "$CALLS"; else echo 2; fi ;;
    inspect*Status*) if [[ $* == *" ${STOPPED:-none}-container" ]]; then echo restarting; else echo running; fi ;;
    *" logs "*) echo "cannot start: the mnemonic is not valid" ;;
    info*) [[ ! -e $ALLORA_ROOT/docker-is-down ]] ;;
  esac'
  stub systemd-cat 'cat >>"$ALLORA_ROOT/status"'
  replace host_status.py 'echo "a status"'
  replace fetch-secrets.py 'echo "fetch-secrets" >>"$CALLS"'
}

# replace SCRIPT BODY: a stand-in for one of our own.
replace() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$BIN/$1"
}

@test "worker and model are started with the node's settings" {
  run "$BIN/start.sh"
  [ "$status" -eq 0 ]
  [ "$(last_event)" = 'worker done | worker and model are running' ]
  called "^docker compose --file $ALLORA_ROOT/opt/allora/compose.yaml --file $SETTINGS up --detach --build --remove-orphans$"
  [[ $(<"$ALLORA_ROOT/environment") =~ ^i-0123456789abcdef0\ [0-9]+m\ us-east-1\ 9010\ linux/arm64$ ]]
}

@test "secrets are there before the first container" {
  "$BIN/start.sh"
  run grep -nE 'fetch-secrets| up ' "$CALLS"
  [[ ${lines[0]} == *fetch-secrets* ]]
  [[ ${lines[1]} == *' up '* ]]
}

@test "each part of the start is told; there is a status when the containers are started, and when they stay up" {
  run "$BIN/start.sh"
  run events
  [ "$output" = 'secrets done | secrets are in memory
images started | images are built or fetched, which takes minutes when they are new
containers started | containers are started, and watched for 15 seconds
worker done | worker and model are running' ]
  run grep -E ' up |^systemd-cat|^sleep' "$CALLS"
  [[ ${lines[0]} == *' up '* ]]
  [ "${lines[1]}" = 'systemd-cat --identifier=allora-status' ]
  [ "${lines[2]}" = 'sleep 15' ]
  [ "${lines[3]}" = 'systemd-cat --identifier=allora-status' ]
  [ "$(<"$ALLORA_ROOT/status")" = $'a status\na status' ]
}

@test "a status that cannot be had or sent is no failure" {
  replace host_status.py 'exit 1'
  stub systemd-cat 'exit 1'
  run "$BIN/start.sh"
  [ "$status" -eq 0 ]
}

@test "secrets that cannot be had: their sentence is the last line, and nothing starts" {
  replace fetch-secrets.py 'echo "Secrets are missing. Run: this" >&2; exit 78'
  run "$BIN/start.sh"
  [ "$status" -eq 78 ]
  [ "$(last_event)" = 'worker waiting secrets_unavailable True | Secrets are missing. Run: this' ]
  [ "$(<"$ALLORA_ROOT/run/allora/last-failure")" = '78 secrets_unavailable Secrets are missing. Run: this' ]
  never_called ' up '
  replace fetch-secrets.py 'echo "SSM does not answer." >&2; exit 1'
  run "$BIN/start.sh"
  [ "$(last_event)" = 'worker waiting secrets_unavailable False | SSM does not answer.' ]
}

@test "Docker that is down: bounded, with a pointer, and nothing starts" {
  touch "$ALLORA_ROOT/docker-is-down"
  run "$BIN/start.sh"
  [ "$status" -eq 1 ]
  contains "$(last_event)" 'worker waiting docker_down False | Docker does not run'
  never_called ' up |fetch-secrets'
}

@test "a start that fails twice is tried again" {
  UP_FAILURES=2 run "$BIN/start.sh"
  [ "$status" -eq 0 ]
  [ "$(times ' up ')" -eq 3 ]
}

@test "a start that fails for good is bounded, and never called running" {
  UP_FAILURES=99 run "$BIN/start.sh"
  [ "$status" -eq 1 ]
  [ "$(times ' up ')" -eq 3 ]
  contains "$(last_event)" 'worker waiting containers_not_started False | docker compose could not start worker and model'
}

@test "a container that runs for a moment again and again does not stay up" {
  CRASHING=worker run "$BIN/start.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'worker waiting container_ends True | the worker container does not stay up'
}

@test "a container that does not stay up is named" {
  STOPPED=worker run "$BIN/start.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'the worker container does not stay up: cannot start: the mnemonic is not valid'
  contains "$(last_event)" 'compose.sh logs --tail 50 worker'
}

@test "the last words of a model are printable" {
  replace compose.sh 'case $1 in ps) echo c-container ;; logs) printf "gone\\033[2J\\r{}\\n" ;; esac'
  STOPPED=c run "$BIN/start.sh"
  [ "$status" -eq 78 ]
  [[ $(<"$ALLORA_ROOT/run/allora/last-failure") != *[![:print:]]* ]]
}

@test "no line of a build looks like one of ours" {
  replace compose.sh 'case $1 in ps) echo c-container ;; up) echo "{\"event\": \"installation\"}"; echo "{\"event\": \"worker\"}" >&2 ;; esac'
  run "$BIN/start.sh"
  [ "$status" -eq 0 ]
  [[ $'\n'$output != *$'\n{'* ]]
  contains "$output" '  {"event": "installation"}'
  contains "$output" '  {"event": "worker"}'
}

@test "of what a build says, so much is told, and its last line" {
  replace compose.sh 'case $1 in ps) echo c-container ;; up) seq 5000; printf "%09999d\\n" 7; echo the end ;; esac'
  run "$BIN/start.sh"
  [ "$status" -eq 0 ]
  [ "$(grep -c '^  ' <<<"$output")" -eq 2001 ]
  contains "$output" $'\n  2000\n  the end\n'
  replace compose.sh 'case $1 in ps) echo c-container ;; up) printf "%09999d\\n" 7 ;; esac'
  run "$BIN/start.sh"
  [ "$(grep -c '^  0\{500\}$' <<<"$output")" -eq 1 ]
}

@test "a success forgets the last failure" {
  STOPPED=worker run "$BIN/start.sh"
  [ -e "$ALLORA_ROOT/run/allora/last-failure" ]
  "$BIN/start.sh"
  [ ! -e "$ALLORA_ROOT/run/allora/last-failure" ]
}

@test "nothing to run: the sentence names every setting that helps" {
  echo '{"services": {"worker": {"build": "/no/such/worker"}, "model": {}}}' >"$SETTINGS"
  run "$BIN/start.sh"
  [ "$status" -eq 78 ]
  contains "$(last_event)" 'worker waiting image_missing True | The worker has no image'
  contains "$(last_event)" 'no /no/such/worker/Dockerfile'
  local setting
  for setting in ALLORA_WORKER_IMAGE MODEL_IMAGE MODEL_REPO; do
    contains "$(last_event)" "$setting"
  done
  [[ $output != *Traceback* ]]
  never_called ' up '
}

@test "a build needs its Dockerfile, by the name the settings give" {
  mkdir "$BATS_TEST_TMPDIR/context"
  echo '{"services": {"worker": {"image": "w"}, "model": {"build": {"context": "'"$BATS_TEST_TMPDIR/context"'", "dockerfile": "Containerfile"}}}}' >"$SETTINGS"
  run "$BIN/check-services.py"
  [ "$status" -eq 1 ]
  contains "$output" "$BATS_TEST_TMPDIR/context/Containerfile"
  touch "$BATS_TEST_TMPDIR/context/Containerfile"
  run "$BIN/check-services.py"
  [ "$status" -eq 0 ]
}

@test "a model that cannot be fetched stops the start with its own sentence" {
  echo "MODEL_REPO='https://example.invalid/x'" >>"$ALLORA_ROOT/etc/allora/host.env"
  replace fetch-model.sh 'echo "fetch-model" >>"$CALLS"; exit 1'
  run "$BIN/start.sh"
  [ "$status" -eq 1 ]
  called fetch-model
  never_called ' up '
}

@test "the worker has a directory that outlives it, and is its own" {
  run "$BIN/start.sh"
  [ "$status" -eq 0 ]
  [ "$(stat --format '%u %a' "$ALLORA_ROOT/var/lib/allora/worker")" = "$(id --user) 700" ]
  echo 7 >"$ALLORA_ROOT/var/lib/allora/worker/fees.json"
  run "$BIN/start.sh"
  [ "$(<"$ALLORA_ROOT/var/lib/allora/worker/fees.json")" = 7 ]
}

@test "a model of the Forge kit is there before the first container, and only its address is fetched" {
  replace fetch-forge.py 'echo "fetch-forge" >>"$CALLS"; echo "the model is there"'
  run "$BIN/start.sh"
  never_called fetch-forge
  MODEL_FORGE=s3://b/k run "$BIN/start.sh"
  [ "$status" -eq 0 ]
  run grep -nE 'fetch-forge| up ' "$CALLS"
  contains "$output" 'fetch-forge'
  contains "$(events)" 'model_source done | the model is there'
}

@test "a model that cannot be had: its sentence is the last line, and nothing starts" {
  replace fetch-forge.py 'echo "MODEL_FORGE is another file." >&2; exit 78'
  MODEL_FORGE=s3://b/k run "$BIN/start.sh"
  [ "$status" -eq 78 ]
  [ "$(last_event)" = 'model_source waiting model_source_unavailable True | MODEL_FORGE is another file.' ]
  never_called ' up '
}
