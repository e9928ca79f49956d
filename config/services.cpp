// SPDX-License-Identifier: Apache-2.0
#include "config/services.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "config/recovery.h"
#include "config/text_file.h"
#include "config/toml_value.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

constexpr std::size_t longest_label = 64;
constexpr unsigned mapped_bits = 96;  // in front of an IPv4 address (RFC 4291 section 2.5.5.2)

std::optional<unsigned> number_of(std::string_view text, unsigned most) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > most) return std::nullopt;
    return number;
}

/// Bits behind the prefix are no part of it.
void clear_behind(std::array<std::uint8_t, 16>& address, unsigned prefix) {
    for (unsigned bit = prefix; bit < 128; ++bit)
        address[bit / 8] = static_cast<std::uint8_t>(address[bit / 8] & ~(0x80u >> bit % 8));
}

bool read_host(std::string_view host, ServiceLabel& label) {
    if (host.empty()) return true;
    const std::size_t slash = host.find('/');
    std::string address(host.substr(0, slash));
    const bool v6 = address.starts_with('[');
    // The prefix length may stand within the brackets or behind them.
    std::string_view length = slash == std::string_view::npos ? std::string_view() : host.substr(slash + 1);
    if (v6) {
        const bool closed = address.ends_with(']');
        if (!closed && !length.ends_with(']')) return false;
        if (!closed) length.remove_suffix(1);
        address = address.substr(1, address.size() - (closed ? 2 : 1));
    }
    const unsigned bits = v6 ? 128 : 32;
    const auto prefix = slash == std::string_view::npos ? std::optional(bits) : number_of(length, bits);
    if (!prefix) return false;
    if (v6) {
        if (inet_pton(AF_INET6, address.c_str(), label.address.data()) != 1) return false;
        label.prefix = *prefix;
    } else {
        if (inet_pton(AF_INET, address.c_str(), label.address.data() + 12) != 1) return false;
        label.address[10] = label.address[11] = 0xff;
        label.prefix = mapped_bits + *prefix;
    }
    clear_behind(label.address, label.prefix);
    return true;
}

bool read_endpoint(std::string_view text, ServiceLabel& label) {
    if (ServiceLabel host; !text.empty() && read_host(text, host)) {
        label = host;
        return true;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    const auto port = number_of(text.substr(colon + 1), 65535);
    if (!port || *port == 0) return false;
    label.port = static_cast<std::uint16_t>(*port);
    return read_host(text.substr(0, colon), label);
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_label && printable(text) == text;
}

}  // namespace

ServiceLabels load_services(std::string_view text, const std::string& source) {
    Recovered file = parse_with_recovery(text, source);
    ServiceLabels result;
    result.errors = std::move(file.errors);
    if (!result.errors.empty()) return result;
    std::set<std::tuple<std::array<std::uint8_t, 16>, unsigned, std::uint16_t>> given;
    for (const auto& [key, node] : file.table) {
        const std::string shown_key = shown(std::string(key.str()));
        ServiceLabel label;
        if (!read_endpoint(key.str(), label)) {
            result.errors.push_back({source, to_place(key.source()),
                                     shown_key + " is neither a service nor a host; give \"ADDRESS:PORT\" such as "
                                                 "\"10.0.0.1:7211\", \"[2001:db8::1]:443\", \"10.0.0.0/8:7211\" or "
                                                 "\":7211\", or the address of a host such as \"10.0.0.1\" or "
                                                 "\"[2001:db8::1]\""});
            continue;
        }
        const auto* name = node.as_string();
        if (name == nullptr || !is_name(name->get())) {
            result.errors.push_back({source, to_place(node.source()),
                                     shown_key + ": " + shown(to_value(node)) + " is no name; give a text of 1 to " +
                                         std::to_string(longest_label) + " bytes without control characters"});
            continue;
        }
        label.name = name->get();
        if (!given.emplace(label.address, label.prefix, label.port).second)
            result.errors.push_back({source, to_place(key.source()), shown_key + ": is given twice; keep one"});
        result.all.push_back(std::move(label));
    }
    return result;
}

ServiceLabels load_service_file(const std::string& path) {
    if (path.empty()) return {};
    const TextFile file = read_text_file(path);
    ServiceLabels failed;
    if (file.error != 0) {
        failed.errors.push_back({path,
                                 {},
                                 "cannot be read: " + std::generic_category().message(file.error) +
                                     "; create it, mend its permissions or name another with services.labels"});
    } else if (file.text.size() > largest_file) {
        failed.errors.push_back(
            {path, {}, "is larger than " + std::to_string(largest_file / 1024) + " KiB; give a file of names"});
    } else {
        return load_services(file.text, path);
    }
    return failed;
}

}  // namespace rstwatch::config
