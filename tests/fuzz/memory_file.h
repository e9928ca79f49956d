// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

/// A file without system calls, which would take most of a fuzzer's time: whoever opens memory_path, be it the code
/// under test, zlib or libpcap, reads these bytes. The functions of the C library that open and read files are replaced
/// for this path alone.
inline constexpr const char* memory_path = "/memory/capture";

/// `bytes` must outlive every descriptor of the file.
void set_memory_file(std::span<const std::uint8_t> bytes);

/// How many descriptors of it are open.
int open_memory_descriptors();
