#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds one fuzzer with Clang's libFuzzer and runs it for a while: run_fuzzer.sh TARGET SECONDS CORPUS_MAKER
# BUILD_DIRECTORY [SOURCE OR LIBRARY]... in the source directory. Exits 77 (skipped) without Clang. A failing input
# stays in BUILD_DIRECTORY, and so does the corpus: the next run goes on from it.
set -eu
target=$1 seconds=$2 make_corpus=$3 build=$4
shift 4

compiler=
for candidate in clang++-14 clang++; do
    if command -v "$candidate" >/dev/null; then
        compiler=$candidate
        break
    fi
done
if [ -z "$compiler" ]; then
    echo "no clang++ with libFuzzer; install clang"
    exit 77
fi

mkdir -p "$build"
sanitizers=-fsanitize=fuzzer,address,undefined
if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    "$compiler" -x c++ $sanitizers - -o "$build/probe-$target" 2>/dev/null; then
    echo "$compiler has no libFuzzer; install libclang-rt-14-dev"
    exit 77
fi

# Built anew only when a source is newer.
program=$build/${target}_fuzz
newer=$(find config dataplane tests/fuzz \( -name '*.h' -o -name '*.cpp' \) -newer "$program" 2>/dev/null || echo all)
if [ ! -x "$program" ] || [ -n "$newer" ]; then
    "$compiler" -std=c++20 -O1 -g -march=x86-64-v3 $sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer \
        -I. "tests/fuzz/${target}_fuzz.cpp" "$@" -o "$program"
fi

corpus=$build/corpus-$target
"$make_corpus" "$target" "$corpus"
# Address randomization with more bits than ASan knows keeps its shadow memory from being placed.
if setarch -R true 2>/dev/null; then set -- setarch -R; else set --; fi
# libFuzzer's own exit code for a failure, 77, would say that the test was skipped.
exec "$@" "$program" -error_exitcode=1 -timeout_exitcode=1 -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -max_len=2048 -print_final_stats=1 -artifact_prefix="$build/$target-" "$corpus"
