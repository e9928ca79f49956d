// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/tls.h"

#include <optional>

#include "dataplane/packet/cursor.h"

namespace rstwatch::identify {
namespace {

using packet::Cursor;

constexpr std::uint8_t handshake_record = 22;
constexpr std::uint8_t client_hello = 1;
constexpr std::uint16_t server_name_extension = 0;
constexpr std::uint16_t alpn_extension = 16;
constexpr std::uint8_t host_name = 0;
// RFC 8446 has some 30 extensions; the bound keeps a hostile hello cheap.
constexpr unsigned most_extensions = 64;

std::optional<std::uint8_t> take8(Cursor& cursor) {
    if (!cursor.has(1)) return std::nullopt;
    const std::uint8_t value = cursor.data()[0];
    cursor.skip(1);
    return value;
}

std::optional<std::uint16_t> take16(Cursor& cursor) {
    if (!cursor.has(2)) return std::nullopt;
    const std::uint16_t value = packet::load16(cursor.data());
    cursor.skip(2);
    return value;
}

/// The next `length` bytes, which must be there.
std::optional<Cursor> take(Cursor& cursor, std::optional<std::size_t> length) {
    if (!length || !cursor.has(*length)) return std::nullopt;
    const Cursor part(cursor.data(), *length);
    cursor.skip(*length);
    return part;
}

std::string_view text_of(const Cursor& cursor) {
    return {reinterpret_cast<const char*>(cursor.data()), cursor.remaining()};
}

/// server_name_list: of its entries there is one host_name at most.
std::string_view read_server_name(Cursor extension) {
    auto list = take(extension, take16(extension));
    if (!list) return {};
    while (const auto type = take8(*list)) {
        const auto name = take(*list, take16(*list));
        if (!name) return {};
        if (*type == host_name) return text_of(*name);
    }
    return {};
}

/// protocol_name_list, with commas between the names.
void append_protocols(Cursor extension, tally::DetailText& to) {
    auto list = take(extension, take16(extension));
    if (!list) return;
    bool first = true;
    while (const auto name = take(*list, take8(*list))) {
        if (first) to.append(to.length == 0 ? "ALPN " : ", ALPN ");
        if (!first) to.append(",");
        to.append(text_of(*name));
        first = false;
    }
}

/// The extensions of the hello in this record, or as much of them as is there.
std::optional<Cursor> find_extensions(Cursor record) {
    if (!record.has(5) || record.data()[0] != handshake_record || record.data()[1] != 3) return std::nullopt;
    record.skip(3);
    record.limit(2u + packet::load16(record.data()));
    record.skip(2);
    if (!record.has(4) || record.data()[0] != client_hello) return std::nullopt;
    Cursor hello = record;
    const std::uint32_t length = packet::load32(hello.data()) & 0xffffff;
    hello.skip(4);
    hello.limit(length);
    constexpr std::size_t version_and_random = 2 + 32;
    if (!take(hello, version_and_random)) return std::nullopt;
    if (!take(hello, take8(hello))) return std::nullopt;   // session id
    if (!take(hello, take16(hello))) return std::nullopt;  // cipher suites
    if (!take(hello, take8(hello))) return std::nullopt;   // compression methods
    const auto size = take16(hello);
    if (!size) return std::nullopt;
    hello.limit(*size);
    return hello;
}

}  // namespace

tally::DetailText describe_client_hello(Payload payload) {
    tally::DetailText detail;
    const auto found = find_extensions(Cursor(payload.data, payload.length));
    if (!found) return detail;
    Cursor extensions = *found;
    std::string_view name;
    std::optional<Cursor> protocols;
    for (unsigned count = 0; count < most_extensions; ++count) {
        const auto type = take16(extensions);
        const auto content = take(extensions, take16(extensions));
        if (!type || !content) break;
        // There is one of each (RFC 8446 section 4.2); of a liar's the first one counts.
        if (*type == server_name_extension && name.empty()) name = read_server_name(*content);
        if (*type == alpn_extension && !protocols) protocols = content;
    }
    if (!name.empty()) {
        detail.append("SNI ");
        detail.append(name);
    }
    if (protocols) append_protocols(*protocols, detail);
    return detail;
}

}  // namespace rstwatch::identify
