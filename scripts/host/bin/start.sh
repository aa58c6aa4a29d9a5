#!/usr/bin/env bash
# Starts worker and model: secrets, sources, containers. allora.service runs it; it may run again at any time.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

BIN_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly BIN_DIR
EVENT=worker
readonly BUILD_TIMEOUT=30m # for pulls and builds
readonly SETTLE_SECONDS=15 # after which a broken container has failed

main() {
  wait_for_docker
  fetch_secrets
  event secrets 'done' 'secrets are in memory'
  fetch_model
  check_services
  make_worker_directory
  event images started 'images are built or fetched, which takes minutes when they are new'
  start_containers
  event containers started "containers are started, and watched for $SETTLE_SECONDS seconds"
  send_status
  check_containers
  send_status
  docker image prune --force # replaced images
  rm --force "$RUN_DIR/last-failure"
  event worker 'done' 'worker and model are running'
}

wait_for_docker() {
  retry 5 docker info --format '{{.ServerVersion}}' ||
    die 1 docker_down 'Docker does not run: journalctl --unit docker --unit allora-storage.'
}

fetch_secrets() {
  local report
  report=$("$BIN_DIR/fetch-secrets.py" 2>&1) || die $? secrets_unavailable "$report"
}

fetch_model() {
  local report
  [[ -z $MODEL_REPO ]] || "$BIN_DIR/fetch-model.sh" || exit $?
  if [[ ${MODEL_FORGE:-} ]]; then
    EVENT=model_source
    report=$("$BIN_DIR/fetch-forge.py" 2>&1) || die $? model_source_unavailable "$report"
    EVENT=worker
    event model_source 'done' "${report:-the model is in place}"
  fi
}

check_services() {
  local report
  report=$("$BIN_DIR/check-services.py" 2>&1) || die "$NEEDS_OPERATOR" image_missing "$report"
}

# The worker's state, for its user alone.
make_worker_directory() {
  install --directory --owner "${WORKER_UID:-10001}" --mode 0700 "$STATE_DIR/worker"
}

start_containers() {
  # Registries fail briefly.
  retry 3 timeout "$BUILD_TIMEOUT" "$BIN_DIR/compose.sh" up --detach --build --remove-orphans |& quote ||
    die 1 containers_not_started "docker compose could not start worker and model: journalctl --unit allora."
}

# Not `up --wait`: it waits for the model's health check too, for an hour if the model trains first.
check_containers() {
  local -A restarts
  local service
  for service in worker model; do restarts[$service]=$(restart_count "$service"); done
  sleep "$SETTLE_SECONDS"
  for service in worker model; do
    # A crashing container is running for a moment after each restart.
    [[ $(restart_count "$service") == "${restarts[$service]}" && $(state "$service") == running ]] ||
      die "$NEEDS_OPERATOR" container_ends "the $service container does not stay up: $(last_words "$service") More: sudo $BIN_DIR/compose.sh logs --tail 50 $service | cat -v"
  done
}

# Now, rather than with the next run of allora-status.timer.
send_status() {
  "$BIN_DIR/host_status.py" | systemd-cat --identifier=allora-status || true
}

restart_count() { inspect "$1" '{{.RestartCount}}'; }
state() { inspect "$1" '{{.State.Status}}'; }

# inspect SERVICE FORMAT
inspect() {
  docker inspect --format "$2" "$("$BIN_DIR/compose.sh" ps --all --quiet "$1")"
}

last_words() {
  "$BIN_DIR/compose.sh" logs --no-log-prefix --tail 1 "$1" 2>/dev/null | cut --characters -500
}

main
