// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/csv.h"

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {
namespace {

std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"") == std::string::npos) return field;
    std::string text = "\"";
    for (const char c : field) {
        if (c == '"') text += '"';
        text += c;
    }
    return text + '"';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) line += ',';
        line += quoted(printable(fields[i]));
    }
    return line;
}

}  // namespace rstwatch::cli
