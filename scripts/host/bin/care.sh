#!/usr/bin/env bash
# Restarts a model that has become unhealthy, and frees disk space. allora-care.timer runs it every minute.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

BIN_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly BIN_DIR
EVENT=care
readonly PRUNE_ABOVE=80 RECREATE_ABOVE=92 # percent

main() {
  docker info >/dev/null 2>&1 || return 0
  restart_sick_model
  make_room
}

# Only one that was healthy since its start: a model may train for an hour first.
restart_sick_model() {
  local container health started mark
  container=$("$BIN_DIR/compose.sh" ps --quiet model)
  [[ -n $container ]] || return 0
  read -r health started < <(docker inspect --format \
    '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.StartedAt}}' "$container")
  mark="$RUN_DIR/model-was-healthy"
  if [[ $health == healthy ]]; then
    printf '%s %s' "$container" "$started" >"$mark"
  elif [[ $health == unhealthy && $(cat "$mark" 2>/dev/null) == "$container $started" ]]; then
    event care started 'the model fails its health check: restarting it'
    docker restart --time 10 "$container" >/dev/null
  fi
}

# Removes unused images; if that is not enough, recreates the model's container, whose own layer may have grown.
make_room() {
  local -r docker_dir="$STATE_DIR/docker"
  (($(percent_used "$docker_dir") > PRUNE_ABOVE)) || return 0
  docker builder prune --force --all >/dev/null
  docker image prune --force --all >/dev/null
  if (($(percent_used "$docker_dir") > RECREATE_ABOVE)); then
    event care started "the disk of $docker_dir is $(percent_used "$docker_dir") % full: recreating the model's container"
    "$BIN_DIR/compose.sh" up --detach --no-build --no-deps --force-recreate model
  fi
}

percent_used() {
  df --output=pcent "$1" | tr --delete --complement '0-9'
}

main
