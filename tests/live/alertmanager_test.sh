#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Alerts of the bundled capture, told to a real Alertmanager and read back from it.
# Arguments: rstwatchd, rstwatch. Exit code 77: skipped.
set -euo pipefail

rstwatchd=$1
capture=$(dirname "$0")/../captures/branch-office.pcap
. "$(dirname "$(readlink -f "$0")")/other_programs.sh"
need_programs prometheus-alertmanager curl jq

cat >"$directory/alertmanager.yml" <<END
route: {receiver: nobody}
receivers: [{name: nobody}]
END
prometheus-alertmanager --config.file="$directory/alertmanager.yml" --storage.path="$directory/data" \
    --web.listen-address=127.0.0.1:0 --cluster.listen-address= >"$directory/alertmanager.log" 2>&1 &
pids+=($!)
wait_for grep -q 'Listening on' "$directory/alertmanager.log"
address=$(grep -o '127\.0\.0\.1:[1-9][0-9]*' "$directory/alertmanager.log" | head -n 1)
wait_for curl -fsS "http://$address/-/ready"

cat >"$directory/rstwatch.toml" <<END
[sensor]
name = "tap"
[[sink]]
alertmanager = "http://$address"
END
"$rstwatchd" --config "$directory/rstwatch.toml" --capture "$capture" --listen 127.0.0.1:0 --socket off \
    >"$directory/rstwatchd.log" 2>&1 &
pids+=($!)
wait_for grep -q 'replay finished' "$directory/rstwatchd.log"
rest=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$directory/rstwatchd.log" | head -n 1)

# What lasts at the end of the capture is what the Alertmanager has to know as active, subject by subject.
lasting() { curl -fsS "$rest/api/v1/alerts" | jq -r '.alerts[] | select(.until == null) | .subject' | sort; }
active() {
    curl -fsS "http://$address/api/v2/alerts?active=true&filter=alertname%3DRstwatchFailedConnections" |
        jq -r '.[].labels.subject' | sort
}
agree() { [[ $(active) == "$(lasting)" ]]; }
if [[ -z $(lasting) ]]; then fail "no alert lasts at the end of $capture"; fi
wait_for agree

one=$(curl -fsS "http://$address/api/v2/alerts" | jq -c '[.[] | select(.labels.subject == "127.0.0.1:7211")][0]')
for label in severity scope direction cause; do
    if [[ $(jq -r ".labels.$label" <<<"$one") == null ]]; then fail "no label $label: $one"; fi
done
if [[ $(jq -r .labels.sensor <<<"$one") != tap ]]; then fail "another sensor: $one"; fi
if [[ -z $(jq -r .annotations.summary <<<"$one") ]]; then fail "no summary: $one"; fi
state=$(curl -fsS "$rest/api/v1/status" | jq -r '.sinks[0].state')
if [[ $state != ok ]]; then fail "the sink is $state"; fi
echo "$(active | wc -l) alerts agree"
