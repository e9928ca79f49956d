// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <string_view>

#include "config/reference.h"

namespace config = rstwatch::config;

int main(int argc, char** argv) {
    const std::string_view what = argc == 2 ? argv[1] : "";
    std::string text;
    if (what == "sample") text = config::sample_toml();
    if (what == "man") text = config::man_page();
    if (what == "json-schema") text = config::json_schema();
    if (text.empty()) {
        std::fputs("usage: generate_reference sample|man|json-schema\n", stderr);
        return 2;
    }
    return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
