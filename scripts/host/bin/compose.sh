#!/usr/bin/env bash
# Runs docker compose for this host: `sudo /opt/allora/bin/compose.sh ps`, `... logs --follow worker`.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

HOME_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# All but 1 GiB for worker, Docker and system, but at least 512 MiB.
model_memory() {
  awk '/^MemTotal:/ { mib = int($2 / 1024) - 1024; print (mib > 512 ? mib : 512) "m" }' /proc/meminfo
}

INSTANCE_ID=$(<"$ROOT/var/lib/cloud/data/instance-id")
MODEL_MEMORY=$(model_memory)
PLATFORM=linux/$(dpkg --print-architecture)
export INSTANCE_ID MODEL_MEMORY PLATFORM

exec docker compose --file "$HOME_DIR/compose.yaml" --file "$ROOT/etc/allora/compose.settings.json" "$@"
