#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What /metrics says is what Prometheus' own tool takes for good, a real Prometheus scrapes it, and the rules and the
# dashboard in deploy/ ask for nothing that is not there.
# Arguments: rstwatchd, rstwatch. Exit code 77: skipped.
set -euo pipefail

rstwatchd=$1
tests=$(dirname "$(readlink -f "$0")")
deploy=$tests/../../deploy
. "$(dirname "$(readlink -f "$0")")/other_programs.sh"
need_programs prometheus promtool curl jq

# A sink makes its metrics appear; nobody listens there.
cat >"$directory/rstwatch.toml" <<END
[[sink]]
webhook = "http://127.0.0.1:9/"
END
"$rstwatchd" --config "$directory/rstwatch.toml" --capture "$tests/../captures/branch-office.pcap" --listen 127.0.0.1:0 \
    --socket off --set store.path=off >"$directory/rstwatchd.log" 2>&1 &
pids+=($!)
wait_for grep -q 'replay finished' "$directory/rstwatchd.log"
rest=$(grep -o '127\.0\.0\.1:[0-9]*' "$directory/rstwatchd.log" | head -n 1)

curl -fsS "http://$rest/metrics" >"$directory/metrics"
promtool check metrics <"$directory/metrics" || fail 'promtool finds fault with /metrics'
# Addresses of the capture, v4 and v6, between the quotes of a label.
if grep -E '"[^"]*(10\.20\.|127\.0\.0\.1|2001:db8)[^"]*"' "$directory/metrics"; then fail 'an address is a label'; fi

# What is deployed: the scrape configuration with the daemon's address, and a second between two looks.
sed -e "s/127\.0\.0\.1:8074/$rest/" -e 's/^\( *scrape_interval: \).*/\11s/' \
    -e "s|^\( *- \)/etc/prometheus/rstwatch-alerts.yml|\1$deploy/prometheus/rstwatch-alerts.yml|" \
    "$deploy/prometheus/prometheus.yml" >"$directory/prometheus.yml"
promtool check config "$directory/prometheus.yml" || fail 'promtool finds fault with the configuration'
promtool check rules "$deploy/prometheus/rstwatch-alerts.yml" || fail 'promtool finds fault with the rules'
promtool test rules "$deploy/prometheus/rstwatch-alerts.test.yml" || fail 'the rules do not do what they should'

prometheus --config.file="$directory/prometheus.yml" --storage.tsdb.path="$directory/data" \
    --web.listen-address=127.0.0.1:0 >"$directory/prometheus.log" 2>&1 &
pids+=($!)
listening() { grep 'msg="Listening on"' "$directory/prometheus.log" | grep -o '127\.0\.0\.1:[1-9][0-9]*'; }
wait_for listening
address=$(listening)

query() { curl -fsS --get "http://$address/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // empty'; }
scraped() { [[ $(query rstwatch_attempts_total) == "$attempts" ]]; }
attempts=$(curl -fsS "http://$rest/api/v1/summary" | jq .attempts)
wait_for scraped
refused=$(query 'rstwatch_outcomes_total{outcome="refused"}')
if [[ $refused != $(curl -fsS "http://$rest/api/v1/summary" | jq .outcomes.refused) ]]; then fail "$refused refused"; fi
# Conservation, as Prometheus has it.
final='sum(rstwatch_outcomes_total{outcome!~"midstream|unsolicited"})'
rest_of="sum(rstwatch_attempts_total - rstwatch_attempts_pending - rstwatch_attempts_open) - $final"
if [[ $(query "$rest_of") != 0 ]]; then fail 'attempts are not pending, open or final'; fi

# Every metric that a rule or a panel names is one that a daemon has (ages, polls and links are of live ports only).
live='rstwatch_(last_interval_age_seconds|last_packet_age_seconds|port_last_packet_age_seconds|port_silent|port_link_up|core_busy_seconds_total|core_elapsed_seconds_total|core_burst_packets_bucket|core_at_control_depth|store_bytes)'
while read -r name; do
    if ! grep -q "^${name}[{ ]" "$directory/metrics" && ! [[ $name =~ ^$live$ ]]; then fail "there is no $name"; fi
done < <(grep -ohE '\brstwatch_[a-z_]+' "$deploy/prometheus/rstwatch-alerts.yml" "$deploy/grafana/rstwatch.json" | sort -u)
jq -e '.uid == "rstwatch" and (.panels | length > 8)' "$deploy/grafana/rstwatch.json" >/dev/null || fail 'no dashboard'
# shellcheck disable=SC2016  # these are Grafana's variables, not ours
while read -r expression; do
    [[ $(curl -fsS --get "http://$address/api/v1/query" --data-urlencode "query=$expression" | jq -r .status) == success ]] ||
        fail "Prometheus does not understand: $expression"
done < <(jq -r '.. | .expr? // empty' "$deploy/grafana/rstwatch.json" | sed 's/\$__rate_interval/1m/g; s/\$instance/.*/g')
echo "$attempts attempts, as Prometheus has them"
