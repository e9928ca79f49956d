// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/value_list.h"

#include <string>

#include "tools/rstwatch/csv.h"

namespace rstwatch::cli {
namespace {

void write_below(const Document& document, const std::string& path, Output& out) {
    if (!document.is_structured()) {
        const auto text = document.is_null()     ? std::string()
                          : document.is_string() ? document.get<std::string>()
                                                 : json_line(document);
        out.line(csv_line({path, text}));
        return;
    }
    const auto prefix = path.empty() ? path : path + ".";
    for (const auto& [key, value] : document.items()) write_below(value, std::string(prefix).append(key), out);
}

}  // namespace

void write_values(const Document& document, Output& out) {
    out.line("name,value");
    write_below(document, "", out);
}

}  // namespace rstwatch::cli
