#!/usr/bin/env bash
# Runs tests/fleet, which runs a fleet's task definitions in Docker on a machine that it boots. Needs what
# scripts/test_host.sh needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/test_host.sh scripts/test.sh fleet
