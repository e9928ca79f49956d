#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon on the loopback of a network namespace of its own: what the kernel refuses there must be counted to the last
# one, once each, and a stop must be clean.
# usage: loopback_test.sh RSTWATCHD RSTWATCH
set -euo pipefail
# shellcheck source=tests/live/namespace.sh
. "$(dirname "$0")/namespace.sh"
attempts=40

start --set store.path=off
refuse "$attempts"

top() { ask top --once; }
all_refused() { [[ $(top | jq '.rows[0].count // 0') == "$attempts" ]]; }
wait_until 20 all_refused || fail "not all of $attempts refused connections were counted: $(top)"
top | jq -e '.rows | length == 1 and .[0].address == "127.0.0.1" and .[0].port == 7211 and .[0].clients == 1' >/dev/null ||
    fail "the wrong row: $(top)"
# The loopback shows each packet once: a SYN and a RST for each attempt, nothing twice.
top | jq -e ".packets.received == 2 * $attempts" >/dev/null || fail "not two packets for each attempt: $(top)"

kernel=$(ip netns exec "$namespace" awk '/^Tcp: [0-9]/ {print $8}' /proc/net/snmp)
[[ $kernel == "$attempts" ]] || fail "the kernel counts $kernel failed attempts (AttemptFails), not $attempts"

stop TERM || fail "SIGTERM ended it with $?"
echo "$attempts refused connections, as the kernel counts them"
