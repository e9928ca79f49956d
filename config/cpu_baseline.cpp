// SPDX-License-Identifier: Apache-2.0
//
// Compiled for the oldest x86-64, unlike everything else. It uses C functions only: a function template or inline
// function of the C++ library exists once per program, and the linker may keep the copy compiled for newer CPUs.
#include "config/cpu_baseline.h"

#include <stdio.h>
#include <stdlib.h>

namespace rstwatch::config {
namespace {

constexpr std::size_t feature_count = 6;

// Of x86-64-v3 those that compilers know how to ask for. No CPU has all of them and lacks the others.
constexpr const char* feature_names[feature_count] = {"SSE4.2", "POPCNT", "FMA", "AVX2", "BMI1", "BMI2"};

void find_features(bool (&present)[feature_count]) {
    __builtin_cpu_init();
    present[0] = __builtin_cpu_supports("sse4.2") != 0;
    present[1] = __builtin_cpu_supports("popcnt") != 0;
    present[2] = __builtin_cpu_supports("fma") != 0;
    present[3] = __builtin_cpu_supports("avx2") != 0;
    present[4] = __builtin_cpu_supports("bmi") != 0;
    present[5] = __builtin_cpu_supports("bmi2") != 0;
}

bool all_of(const bool (&present)[feature_count]) {
    for (const bool each : present)
        if (!each) return false;
    return true;
}

}  // namespace

bool cpu_is_supported() {
    bool present[feature_count];
    find_features(present);
    return all_of(present);
}

const char* cpu_requirement() {
    return "x86-64-v3 (Intel Haswell, AMD Zen or later)";
}

const char* cpu_feature_name(std::size_t number) {
    return number < feature_count ? feature_names[number] : nullptr;
}

void describe_missing_features(const char* program, const bool* present, char* text, std::size_t size) {
    char missing[64] = "";
    std::size_t used = 0;
    for (std::size_t i = 0; i < feature_count; ++i) {
        if (present[i]) continue;
        const char* separator = used == 0 ? "" : ", ";
        used += static_cast<std::size_t>(
            snprintf(missing + used, sizeof(missing) - used, "%s%s", separator, feature_names[i]));
    }
    snprintf(text, size,
             "%s: this CPU lacks %s; the program needs %s: run it on such a machine, or let the virtual machine pass "
             "the host's CPU features through\n",
             program, missing, cpu_requirement());
}

void check_cpu_or_exit(const char* program) {
    bool present[feature_count];
    find_features(present);
    if (all_of(present)) return;
    char text[512];
    describe_missing_features(program, present, text, sizeof(text));
    fputs(text, stderr);
    exit(1);
}

}  // namespace rstwatch::config
