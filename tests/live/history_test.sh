#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The history of a daemon that is killed without warning and started again: what it had counted is there, and the time in
# between is a gap.
# usage: history_test.sh RSTWATCHD RSTWATCH
set -euo pipefail
# shellcheck source=tests/live/namespace.sh
. "$(dirname "$0")/namespace.sh"

start_with_store() { start --set "store.path=$work/history.db"; }
in_file() {
    [[ $(ask history --last 1d --step 60 --service 127.0.0.1:7211 | jq '[.points[].outcomes.refused // 0] | add') == "$1" ]]
}

start_with_store
refuse 20
# Services are in the store alone once they are older than the window, which a day is.
wait_until 30 in_file 20 || fail "the store does not have 20 refusals: $(ask history --last 1d --step 60)"
stop KILL || true
start_with_store
refuse 5
wait_until 30 in_file 25 || fail "not 20 from before the kill and 5 from after it: $(ask history --last 1d --step 60)"
ask status | jq -e '.store.state == "ok" and .store.dropped == 0' >/dev/null || fail "$(ask status | jq .store)"
# Every second that was watched is a point, with packets or without.
ask history --last 5s --step 1 | jq -e '(.points | length) + (.gaps | map(.to - .from) | add // 0) == 5' >/dev/null ||
    fail "seconds are missing: $(ask history --last 5s --step 1)"
ask top --from "$(($(date +%s) - 86000))" | jq -e '.source == "store" and .rows[0].count == 25' >/dev/null ||
    fail "the top list of the day: $(ask top --from "$(($(date +%s) - 86000))")"

stop TERM || fail "SIGTERM ended it with $?"
echo '25 refusals over a kill'
