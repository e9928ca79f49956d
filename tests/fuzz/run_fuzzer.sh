#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds one fuzzer with Clang's libFuzzer and runs it: run_fuzzer.sh TARGET INPUTS LONGEST CORPUS_MAKER BUILD_DIRECTORY
# [SOURCE, LIBRARY OR FLAG]... in the source directory. LONGEST: bytes of each of the INPUTS; a tenth as many more have
# up to sixteen times as many bytes. These inputs are the same in each new build directory, so that a commit passes
# everywhere or nowhere. FUZZ_INPUTS in the environment: other ones, and so many. Exits 77 (skipped) without Clang. A
# failing input stays in BUILD_DIRECTORY as TARGET-crash-… or the like, and the next run begins with it; so does the
# corpus, from which it goes on.
set -eu
target=$1 inputs=$2 longest=$3 make_corpus=$4 build=$5
shift 5

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
newer=$(find config dataplane tests/fuzz -type f -newer "$program" 2>/dev/null || echo all)
if [ ! -x "$program" ] || [ -n "$newer" ]; then
    "$compiler" -std=c++20 -O2 -g -march=x86-64-v3 $sanitizers -fno-sanitize-recover=all \
        -fsanitize-coverage-ignorelist=tests/fuzz/not_covered.txt -I. "tests/fuzz/${target}_fuzz.cpp" "$@" -o "$program"
fi

first=$build/first-$target
"$make_corpus" "$target" "$first"
# In an order of their own, not in that of a directory, which differs.
find "$first" -type f | LC_ALL=C sort | paste -s -d , >"$first.list"
# What is freed is kept for a while, to see a use of it, but not for so long that it leaves the cache; the origin of each
# allocation is not worth as much time as the allocation. Both can be asked for when a failing input is run again.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_stack_use_after_return=0:malloc_context_size=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
# Address randomization with more bits than ASan knows keeps its shadow memory from being placed.
if setarch -R true 2>/dev/null; then set -- setarch -R; else set --; fi
set -- "$@" "$program"
if [ -e "tests/fuzz/$target.dict" ]; then set -- "$@" "-dict=tests/fuzz/$target.dict"; fi

# libFuzzer's own exit code for a failure, 77, would say that the test was skipped.
set -- "$@" -error_exitcode=1 -timeout_exitcode=1 -timeout=10 -rss_limit_mb=2048 "-artifact_prefix=$build/$target-"

# What has failed once fails until it is mended, and is not lost in the meantime.
for failed in "$build/$target"-*; do
    if [ -e "$failed" ]; then "$@" "$failed"; fi
done

seed=1
if [ -n "${FUZZ_INPUTS:-}" ]; then
    inputs=$FUZZ_INPUTS
    seed=0 # libFuzzer chooses one
fi
# run_inputs INPUTS LONGEST COMMAND... (-reload=0: what others put into the corpus would come when it comes)
run_inputs() {
    runs=$1 max_len=$2 corpus=$build/corpus-$target-$2
    shift 2
    mkdir -p "$corpus"
    "$@" "-runs=$runs" "-max_len=$max_len" "-seed=$seed" -reload=0 "-seed_inputs=@$first.list" "$corpus"
}
run_inputs "$inputs" "$longest" "$@"
run_inputs $((inputs / 10)) $((longest * 16)) "$@"
