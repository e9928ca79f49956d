#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A live daemon whose settings change by SIGHUP, whose wall clock is set by an hour, and that is stopped while clients
# hang: thresholds and names are taken over, rates go on, and the end comes in time.
# usage: reload_test.sh RSTWATCHD RSTWATCH WALL_CLOCK_SHIFT_LIBRARY
set -euo pipefail
# shellcheck source=tests/live/namespace.sh
. "$(dirname "$0")/namespace.sh"
shift_library=$3

# settings WARN [LINE]...: of the file, from now on.
settings() {
    printf '[alerts]\nwarn = %s\nerror = 5000\ncritical = 6000\n[services]\nlabels = "%s/names.toml"\n[store]\npath = "off"\n' \
        "$1" "$work" >"$work/settings.toml"
    shift
    (($# == 0)) || printf '%s\n' "$@" >>"$work/settings.toml"
}
status_is() { ask status | jq -e "$1" >/dev/null; }
reload() { kill -HUP "$pid"; }

settings 1000
echo '":7211" = "collector"' >"$work/names.toml"
echo 0 >"$work/shift"
export LD_PRELOAD=$shift_library WALL_CLOCK_SHIFT=$work/shift
start --config "$work/settings.toml"
unset LD_PRELOAD

# Twenty calls a second, for as long as the test lasts.
ip netns exec "$namespace" bash -c \
    'while sleep 0.05; do (exec 3<>/dev/tcp/127.0.0.1/7211) 2>/dev/null; done' &
caller=$!
trap 'kill $caller 2>/dev/null || true; cleanup' EXIT

fails_often() { ask top --once --window 10s | jq -e '.rows[0].count >= 50' >/dev/null; }
wait_until 60 fails_often || fail "nothing fails: $(ask top --once)"
alerts() { ask alerts | jq -e "[.alerts[] | select(.until == null)] | $1" >/dev/null; }
alerts 'length == 0' || fail "there is an alert below the threshold: $(ask alerts)"

echo '":7211" = "ledger"' >"$work/names.toml"
settings 1 '[rx]' 'queues = 2'
reload
wait_until 30 alerts 'length == 1 and .[0].service == "ledger"' || fail "the new threshold raises nothing: $(ask alerts)"
status_is '.settings.awaiting_restart == [{"setting": "rx.queues", "running": "1", "wanted": "2"}]' ||
    fail "what needs a restart is not named: $(ask status | jq .settings)"

settings 1000 'nonsense = 1'
reload
wait_until 10 status_is '.settings.refused == 1' || fail "the wrong file was not refused: $(ask status | jq .settings)"
grep -q "error: $work/settings.toml:9:1: " "$work/log" || fail 'the log does not say where the file is wrong'
alerts 'length == 1' || fail "the alert has gone with a file that was refused: $(ask alerts)"

# An hour forward, then two back: packet time, and with it every rate, goes on.
clock_before=$(ask status | jq .clock)
echo 3600 >"$work/shift"
wait_until 10 status_is '.wall_clock.steps == 1 and .wall_clock.offset_seconds > 3599 and .wall_clock.offset_seconds < 3601' ||
    fail "the step was not noticed: $(ask status | jq .wall_clock)"
echo -3600 >"$work/shift"
wait_until 10 status_is '.wall_clock.steps == 2 and .wall_clock.offset_seconds < -3599' ||
    fail "the second step was not noticed: $(ask status | jq .wall_clock)"
wait_until 10 status_is ".clock > $clock_before + 5" || fail 'packet time stands still'
status_is ".clock < $clock_before + 600" || fail 'packet time has followed the wall clock'
ask history --last 20s | jq -e '[.points[].attempts | select(. == null or . == 0)] | length == 0' >/dev/null ||
    fail "seconds are missing: $(ask history --last 20s)"
grep -q 'the wall clock was set back by 7200.000 s' "$work/log" || fail 'the log does not say that the clock was set'
alerts 'length == 1' || fail "the alert did not last: $(ask alerts)"

# Clients that send half a request, or read nothing of a stream, while it stops.
python3 - "$work/socket" <<'PYTHON' &
import socket, sys, time
held = []
for number in range(40):
    client = socket.socket(socket.AF_UNIX)
    client.connect(sys.argv[1])
    client.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n" + (b"\r\n" if number % 2 else b""))
    held.append(client)
print("hanging", flush=True)
time.sleep(600)
PYTHON
hanging=$!
trap 'kill $caller $hanging 2>/dev/null || true; cleanup' EXIT
wait_until 10 status_is '.http.active >= 30' || fail "the clients do not hang: $(ask status | jq .http)"
begun=$SECONDS
stop TERM || fail "SIGTERM ended it with $?"
((SECONDS - begun <= 5)) || fail "it took $((SECONDS - begun)) s to stop"
echo 'thresholds, names and the wall clock changed; rates went on'
