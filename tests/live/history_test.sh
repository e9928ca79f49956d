#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The history of a daemon that is killed without warning and started again: what it had counted is there, and the time in
# between is a gap.
# usage: history_test.sh RSTWATCHD RSTWATCH
set -euo pipefail

skip() {
    echo "$1"
    exit 77
}
((EUID == 0)) || skip 'needs root, for a network namespace'
command -v ip >/dev/null || skip 'needs ip (package iproute2)'

daemon=$1 client=$2 namespace=rstwatch-$$
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
start() {
    ip netns exec "$namespace" "$daemon" --interface lo --set http.listen= --socket "$work/socket" \
        --set "store.path=$work/history.db" 2>"$work/log" &
    pid=$!
    wait_until 20 is_ready || fail 'the daemon did not become ready'
}
ask() { "$client" --server "unix:$work/socket" -o json "$@" 2>/dev/null; }
refuse() {
    ip netns exec "$namespace" bash -c "for i in {1..$1}; do (exec 3<>/dev/tcp/127.0.0.1/7211) 2>/dev/null; done; true"
}
in_file() {
    [[ $(ask history --last 1d --step 60 --service 127.0.0.1:7211 | jq '[.points[].outcomes.refused // 0] | add') == "$1" ]]
}

ip -n "$namespace" link set lo up
start
refuse 20
# Services are in the store alone once they are older than the window, which a day is.
wait_until 30 in_file 20 || fail "the store does not have 20 refusals: $(ask history --last 1d --step 60)"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
start
refuse 5
wait_until 30 in_file 25 || fail "not 20 from before the kill and 5 from after it: $(ask history --last 1d --step 60)"
ask status | jq -e '.store.state == "ok" and .store.dropped == 0' >/dev/null || fail "$(ask status | jq .store)"
# Every second that was watched is a point, with packets or without.
ask history --last 5s --step 1 | jq -e '(.points | length) + (.gaps | map(.to - .from) | add // 0) == 5' >/dev/null ||
    fail "seconds are missing: $(ask history --last 5s --step 1)"
ask top --from "$(($(date +%s) - 86000))" | jq -e '.source == "store" and .rows[0].count == 25' >/dev/null ||
    fail "the top list of the day: $(ask top --from "$(($(date +%s) - 86000))")"

kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
((status == 0)) || fail "SIGTERM ended it with $status"
echo '25 refusals over a kill'
