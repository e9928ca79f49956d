// SPDX-License-Identifier: Apache-2.0
// Text as a file of settings; what stands behind the first record separator is given on the command line.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "config/consistency.h"
#include "config/loader.h"
#include "config/override.h"
#include "config/schema.h"
#include "config/text_scan.h"
#include "config/value.h"
#include "tests/fuzz/require.h"

namespace config = rstwatch::config;

namespace {

constexpr char record_separator = '\x1e';
const std::string source = "fuzz";

// Whatever was given, what comes out as settings is within the limits.
void require_valid(const config::Settings& settings) {
    static config::Settings scratch;
    for (const auto& setting : config::all_settings())
        require(!config::store(scratch, setting, config::value_of(settings, setting)));
    for (const config::Port& port : settings.ports) {
        int members = 0;
        for (const auto& member : config::port_members()) members += (port.*member.member).empty() ? 0 : 1;
        require(members == 1);
    }
}

void require_readable(const std::string& text) {
    require(!text.empty());
    for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

// What is said of a file is UTF-8, since of the file only what is UTF-8 is repeated, and it is said of a place in it. A
// text without a line break at its end gets one.
void require_within(const config::Diagnostic& error, std::size_t lines) {
    require(!config::unreadable("# " + error.message));
    require(error.place.line <= lines + 1);
    require((error.place.line == 0) == (error.place.column == 0));
}

void require_sound(const config::LoadResult& result, std::string_view file) {
    const std::size_t lines = config::split_lines(file).size();
    require_valid(result.settings);
    for (const auto& error : result.errors) {
        require_readable(config::to_string(error));
        if (error.source == source) require_within(error, lines);
    }
    if (result.ok()) require(config::conflicts(result.settings).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A copy of exactly this size, so that the sanitizer sees a read behind its end.
    const std::unique_ptr<char[]> copy(new char[size]);
    if (size != 0) std::memcpy(copy.get(), data, size);
    const std::string_view text(copy.get(), size);
    const std::size_t end = text.find(record_separator);
    if (end == std::string_view::npos) {
        require_sound(config::load_text(text, source), text);
    } else {
        const config::Override given{std::string(text.substr(end + 1))};
        const std::string_view file = text.substr(0, end);
        require_sound(config::load_text(file, source, {&given, 1}), file);
    }
    return 0;
}
