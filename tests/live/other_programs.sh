# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by tests that run a real program beside the daemon: a directory for both, an end to both, patience with both.
directory=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$directory"' EXIT

# need_programs NAME...: else the test is skipped.
need_programs() {
    local program
    for program; do
        if ! command -v "$program" >/dev/null; then
            # check does not install Prometheus and its Alertmanager: their packages start services that listen to the
            # network.
            echo "needs $program"
            exit 77
        fi
    done
}

fail() {
    echo "$*"
    tail -n 20 "$directory"/*.log
    exit 1
}

# wait_for COMMAND...: until it succeeds, for 30 s at most.
wait_for() {
    local end=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || fail "waited in vain for: $*"
        sleep 0.1
    done
}
