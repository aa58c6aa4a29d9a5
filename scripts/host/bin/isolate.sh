#!/usr/bin/env bash
# Blocks containers and image builds from instance metadata and the worker's port, with nftables rules, which Docker does
# not change. The metadata's hop limit blocks containers too, but may be raised.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

# By the worker's MAC address in compose.yaml: frames between containers are bridged, not routed.
nft "
table inet allora
delete table inet allora
table inet allora {
  chain arriving {
    type filter hook prerouting priority mangle
    iifname { allora0, docker0 } ip daddr 169.254.169.254 drop
    iifname { allora0, docker0 } ip6 daddr fd00:ec2::254 drop
    iifname docker0 tcp dport { 9010, $WORKER_PORT } drop
  }
  chain to_the_host {
    type filter hook input priority filter
    iifname { allora0, docker0 } ct state new tcp dport $WORKER_PORT drop
  }
  chain through_the_host {
    type filter hook forward priority filter
    iifname allora0 oifname != allora0 ct state new tcp dport $WORKER_PORT drop
  }
}
table bridge allora
delete table bridge allora
table bridge allora {
  chain between_containers {
    type filter hook forward priority filter
    ether daddr 02:42:61:6c:6c:6f tcp dport 9010 drop
  }
}
"
