#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon on the loopback of a network namespace of its own: what the kernel refuses there must be counted to the last
# one, once each, and a stop must be clean.
# usage: loopback_test.sh RSTWATCHD RSTWATCH
set -euo pipefail

skip() {
    echo "$1"
    exit 77
}
((EUID == 0)) || skip 'needs root, for a network namespace'
command -v ip >/dev/null || skip 'needs ip (package iproute2)'

daemon=$1 client=$2 attempts=40 namespace=rstwatch-$$
work=$(mktemp -d)
ip netns add "$namespace" || skip 'cannot make a network namespace here'
cleanup() {
    if [[ -n ${pid:-} ]]; then kill -KILL "$pid" 2>/dev/null || true; fi
    ip netns del "$namespace"
    rm -rf "$work"
}
trap cleanup EXIT
fail() {
    echo "FAILED: $1"
    cat "$work/log"
    exit 1
}
ip -n "$namespace" link set lo up

ip netns exec "$namespace" "$daemon" --interface lo --set http.listen= --set store.path=off --socket "$work/socket" 2>"$work/log" &
pid=$!
# wait_until SECONDS COMMAND...: an upper bound, not a time to sleep.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
is_ready() { grep -q 'info: ready' "$work/log"; }
wait_until 20 is_ready || fail 'the daemon did not become ready'

ip netns exec "$namespace" bash -c "for i in {1..$attempts}; do (exec 3<>/dev/tcp/127.0.0.1/7211) 2>/dev/null; done; true"

top() { "$client" --server "unix:$work/socket" top --once -o json 2>/dev/null; }
all_refused() { [[ $(top | jq '.rows[0].count // 0') == "$attempts" ]]; }
wait_until 20 all_refused || fail "not all of $attempts refused connections were counted: $(top)"
top | jq -e '.rows | length == 1 and .[0].address == "127.0.0.1" and .[0].port == 7211 and .[0].clients == 1' >/dev/null ||
    fail "the wrong row: $(top)"
# The loopback shows each packet once: a SYN and a RST for each attempt, nothing twice.
top | jq -e ".packets.received == 2 * $attempts" >/dev/null || fail "not two packets for each attempt: $(top)"

kernel=$(ip netns exec "$namespace" awk '/^Tcp: [0-9]/ {print $8}' /proc/net/snmp)
[[ $kernel == "$attempts" ]] || fail "the kernel counts $kernel failed attempts (AttemptFails), not $attempts"

kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
((status == 0)) || fail "SIGTERM ended it with $status"
echo "$attempts refused connections, as the kernel counts them"
