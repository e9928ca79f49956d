# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the tests that run a daemon on the loopback of a network namespace of their own. Needs root; exits with 77,
# which is "skipped", and the reason where there is none. Expects `set -euo pipefail`, and RSTWATCHD and RSTWATCH as the
# arguments of the test.

skip() {
    echo "$1"
    exit 77
}
((EUID == 0)) || skip 'needs root, for a network namespace'
command -v ip >/dev/null || skip 'needs ip (package iproute2)'

daemon=$1 client=$2 namespace=rstwatch-$$ pid=
work=$(mktemp -d)
ip netns add "$namespace" || skip 'cannot make a network namespace here'
cleanup() {
    if [[ -n $pid ]]; then kill -KILL "$pid" 2>/dev/null || true; fi
    ip netns del "$namespace"
    rm -rf "$work"
}
trap cleanup EXIT
ip -n "$namespace" link set lo up

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

# start [OPTION]...: the daemon, until it is ready.
start() {
    : >"$work/log" # what the last one said is not what this one says
    ip netns exec "$namespace" "$daemon" --interface lo --set http.listen= --socket "$work/socket" "$@" 2>"$work/log" &
    pid=$!
    wait_until 20 is_ready || fail 'the daemon did not become ready'
}

# stop SIGNAL: ends the daemon; the status is its own.
stop() {
    local status=0
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null || status=$?
    pid=
    return "$status"
}

# ask COMMAND [OPTION]...: what rstwatch says, as JSON.
ask() { "$client" --server "unix:$work/socket" -o json "$@" 2>/dev/null; }

# refuse N: connections to 127.0.0.1:7211, where nothing listens.
refuse() {
    ip netns exec "$namespace" bash -c "for i in {1..$1}; do (exec 3<>/dev/tcp/127.0.0.1/7211) 2>/dev/null; done; true"
}
