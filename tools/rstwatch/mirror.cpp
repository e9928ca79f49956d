// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/mirror.h"

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {

std::string mirror_trouble(const Document& document) {
    const auto& span = member_at(document, "span");
    auto text = text_at(span, "text");
    if (!text.empty()) return printable(text);
    if (is_true_at(span, "one_way")) text = "only one direction of the connections is visible";
    if (is_true_at(span, "duplicated")) text += (text.empty() ? "" : "; ") + std::string("packets are mirrored twice");
    return text;
}

}  // namespace rstwatch::cli
