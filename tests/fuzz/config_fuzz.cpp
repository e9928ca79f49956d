// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "config/consistency.h"
#include "config/loader.h"
#include "config/override.h"
#include "config/schema.h"
#include "config/value.h"

namespace config = rstwatch::config;

namespace {

void require(bool truth) {
    if (!truth) std::abort();
}

// Whatever was given, what comes out as settings is within the limits.
void require_valid(const config::Settings& settings) {
    for (const auto& setting : config::all_settings()) {
        config::Settings copy;
        require(!config::store(copy, setting, config::value_of(settings, setting)));
    }
}

void require_readable(const std::string& text) {
    require(!text.empty());
    for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A copy of exactly this size, so that the sanitizer sees a read behind its end.
    const std::unique_ptr<char[]> copy(new char[size]);
    if (size != 0) std::memcpy(copy.get(), data, size);
    const std::string_view text(copy.get(), size);

    const auto result = config::load_text(text, "fuzz");
    require_valid(result.settings);
    for (const auto& error : result.errors) require_readable(config::to_string(error));
    if (result.ok()) require(config::conflicts(result.settings).empty());

    config::Settings settings;
    if (const auto error = config::apply_override(settings, text)) require_readable(config::to_string(*error));
    require_valid(settings);
    return 0;
}
