# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # the lists of packages are used by those who source this
# Sourced by quickstart and check: what the build needs from Debian 12, and how it is configured and built.
# Expects `set -euo pipefail` and the repository as the current directory.

# libdpdk-dev depends on every driver package, so net_pcap, net_af_packet, mempool_ring and the vdev bus come with it.
build_packages=(g++ meson ninja-build pkg-config libdpdk-dev libhyperscan-dev libspdlog-dev libcli11-dev libgtest-dev
                libboost1.81-dev nlohmann-json3-dev libtomlplusplus-dev libpcap-dev libsqlite3-dev
                zlib1g-dev)
check_packages=(clang-14 clang-tidy clang-format libclang-rt-14-dev valgrind tcpdump iproute2 nftables ethtool python3
                python3-jsonschema curl jq openssl)

say() {
    if [[ -t 1 && -z ${NO_COLOR:-} ]]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# How many compilers at once: one per core, but no more than memory allows (the largest files want 1.5 GB).
compile_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
    if ((memory < 1)); then memory=1; fi
    echo $((cores < memory ? cores : memory))
}

missing_packages() {
    local package
    for package in "$@"; do
        if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) != installed ]]; then
            echo "$package"
        fi
    done
}

# Installs what is missing of the packages given. Touches neither network nor root when nothing is.
require_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        fail "this needs Debian 12 (dpkg and apt-get). Elsewhere install what these packages hold: $*"
    fi
    local missing=() as_root=()
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then return 0; fi

    if ((EUID != 0)); then
        command -v sudo >/dev/null ||
            fail "not root and no sudo. As root: apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo)
        if [[ ! -t 0 ]]; then as_root+=(-n); fi
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    local apt=(apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    say "Installing ${#missing[@]} packages: ${missing[*]}"
    "${as_root[@]}" "${apt[@]}" update -qq ||
        fail "apt-get update failed: see above. Wanted: ${missing[*]}"
    "${as_root[@]}" "${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}" ||
        fail "apt-get install failed: see above. Packages are named as in Debian 12; this is $(distribution)."
}

distribution() { (. /etc/os-release && echo "${PRETTY_NAME:-unknown}") 2>/dev/null || echo unknown; }

# Runs a command whose output is shown only if it fails.
quietly() {
    local output
    if ! output=$("$@" 2>&1); then
        printf '%s\n' "$output" | tail -n 60 >&2
        fail "failed: $*"
    fi
}

# True if the directory was configured, from these sources, and completely.
configured() {
    [[ -f $1/build.ninja && -f $1/meson-private/coredata.dat ]] &&
        grep -qsE "\"source\": *\"$PWD\"" "$1/meson-info/meson-info.json"
}

# configure DIRECTORY [MESON OPTION]...: once; again from nothing where an earlier try did not get through.
configure() {
    local directory=$1
    shift
    if [[ -e $directory && ! -w $directory ]]; then
        fail "$directory/ belongs to $(stat -c %U "$directory"): run this as that user, or remove the directory"
    fi
    if configured "$directory"; then return 0; fi
    if [[ -e $directory && ! -d $directory/meson-private && -n $(ls -A "$directory") ]]; then
        fail "$directory/ exists and was not made by meson: move it away"
    fi
    say "Configuring $directory"
    rm -rf "${directory:?}"
    quietly meson setup "$directory" "$@"
}

# build DIRECTORY [TARGET]...: ninja's own progress line on a terminal, else a word now and then.
build() {
    local directory=$1 log=$1/build.log
    shift
    local ninja=(ninja -C "$directory" -j "$(compile_jobs)" "$@")
    if [[ -t 1 ]]; then
        NINJA_STATUS='[%f/%t, %es] ' "${ninja[@]}" || fail "the build failed: see above"
        return 0
    fi
    NINJA_STATUS='[%f/%t] ' "${ninja[@]}" >"$log" 2>&1 &
    local pid=$! shown='' now
    # A shell without job control keeps Ctrl-C from what it runs in the background.
    # shellcheck disable=SC2064
    trap "kill $pid 2>/dev/null" EXIT
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        if ((SECONDS % 10 == 0)); then
            now=$(grep -o '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 1 || true)
            if [[ -n $now && $now != "$shown" ]]; then echo "    $now"; fi
            shown=$now
        fi
    done
    trap - EXIT
    if ! wait "$pid"; then
        grep -A 30 '^FAILED:' "$log" | head -n 120 >&2 || tail -n 60 "$log" >&2
        fail "the build failed (all of its output: $log)"
    fi
}
