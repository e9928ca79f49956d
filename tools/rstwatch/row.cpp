// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/row.h"

#include <algorithm>

#include "tools/rstwatch/outcome_text.h"

namespace rstwatch::cli {

std::string endpoint_text(const std::string& address, std::optional<std::int64_t> port) {
    if (!port) return address;
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(*port);
}

std::string subject_of(const Document& row) {
    const auto address = text_at(row, "address");
    const auto port = integer_at(row, "port");
    if (!address.empty()) return endpoint_text(address, port);
    if (!port) return service_of(row);
    const auto service = text_at(row, "service");
    return "port " + std::to_string(*port) + (service.empty() ? "" : " (" + service + ")");
}

std::string service_of(const Document& row) {
    const auto service = text_at(row, "service");
    return service.empty() ? "-" : service;
}

std::optional<double> rate_while_active(const Document& row) {
    const auto count = integer_at(row, "count");
    const auto first = number_at(row, "first");
    const auto last = number_at(row, "last");
    if (!count || !first || !last) return std::nullopt;
    return static_cast<double>(*count) / std::max(1.0, *last - *first);
}

std::string dominant_failure(const Document& row) {
    std::string dominant;
    std::int64_t most = 0;
    const auto& outcomes = member_at(row, "outcomes");
    for (const auto& [name, value] : outcomes.items()) {
        const auto count = integer_at(outcomes, name).value_or(0);
        if (!outcome_text(name).failed || is_refusal(name) || count <= most) continue;
        dominant = name;
        most = count;
    }
    return dominant;
}

std::int64_t other_failures(const Document& row) {
    const auto& outcomes = member_at(row, "outcomes");
    auto total = failed_total(outcomes);
    for (const auto* refusal : {"refused", "refused_by_device"}) total -= integer_at(outcomes, refusal).value_or(0);
    return total;
}

}  // namespace rstwatch::cli
