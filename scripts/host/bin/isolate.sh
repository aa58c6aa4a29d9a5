#!/usr/bin/env bash
# What no container and no build of an image reaches: the instance's metadata, and the worker's port, by whatever address.
# Rules of nftables, which Docker leaves alone; they wait for interfaces of these names. The metadata's hop limit alone
# would keep containers away, but not for ever: somebody may raise it.

# shellcheck source=../lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

# The worker's address in compose.yaml is that of its card, as frames between containers are bridged and not routed.
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
