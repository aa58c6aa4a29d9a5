#!/bin/sh
# The Node.js command for jsii (see lazy_provider.py, which sets LAZY_PROVIDER_NODE). jsii passes the
# options that stand before its script on to the process it starts in turn.

# jsii's script lies at a new path each time: a compile cache would never be hit, and only grow.
unset NODE_COMPILE_CACHE
exec "${LAZY_PROVIDER_NODE:-node}" --require "${0%/*}/lazy_provider.js" "$@"
