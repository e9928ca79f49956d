// SPDX-License-Identifier: Apache-2.0
#include "tests/support/conversation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace rstwatch::test {
namespace {

/// What a segment takes of the sequence space: its data, and one each for SYN and FIN.
std::uint32_t sequence_length(std::uint8_t flags, std::size_t payload) {
    return static_cast<std::uint32_t>(payload) + ((flags & flag::syn) != 0) + ((flags & flag::fin) != 0);
}

bool is_ipv6(const Endpoint& endpoint) {
    return endpoint.address.find(':') != std::string::npos;
}

std::int64_t microseconds(double seconds) {
    return std::llround(seconds * 1e6);
}

}  // namespace

Endpoint::Endpoint(std::string address_, std::uint16_t port_) : address(std::move(address_)), port(port_) {}
Endpoint::Endpoint(const char* text) : Endpoint(std::string(text)) {}
Endpoint::Endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const bool bracketed = !text.empty() && text.front() == '[' && colon > 1 && text[colon - 1] == ']';
    if (colon == std::string::npos) throw std::invalid_argument("no port in " + text);
    address = bracketed ? text.substr(1, colon - 2) : text.substr(0, colon);
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) throw std::invalid_argument("bad port in " + text);
    if ((address_bytes(address).size() == 16) != bracketed) throw std::invalid_argument("bad address in " + text);
}

Conversation::Conversation(Endpoint client, Endpoint server, std::int64_t start_us)
    : client_{std::move(client), 64, 1000, 1000, 64240, 0x1000, 0, {}, false},
      server_{std::move(server), 63, 5000, 5000, 65160, 0x8000, 0, {}, false},
      start_us_(start_us),
      now_us_(start_us) {
    if (is_ipv6(client_.endpoint) != is_ipv6(server_.endpoint))
        throw std::invalid_argument("the two sides speak different versions of IP");
}

Conversation& Conversation::link(LinkType type) {
    return link_ = type, *this;
}
Conversation& Conversation::vlan(std::uint16_t id) {
    return vlan_ = id, *this;
}
Conversation& Conversation::client_ttl(std::uint8_t hops) {
    return client_.ttl = hops, *this;
}
Conversation& Conversation::server_ttl(std::uint8_t hops) {
    return server_.ttl = hops, *this;
}
Conversation& Conversation::client_isn(std::uint32_t number) {
    return client_.isn = client_.next = number, *this;
}
Conversation& Conversation::server_isn(std::uint32_t number) {
    return server_.isn = server_.next = number, *this;
}
Conversation& Conversation::client_window(std::uint16_t value) {
    return client_.window = value, *this;
}
Conversation& Conversation::server_window(std::uint16_t value) {
    return server_.window = value, *this;
}
Conversation& Conversation::timestamps(bool on) {
    return timestamps_ = on, *this;
}
Conversation& Conversation::window_scale(bool on) {
    return window_scale_ = on, *this;
}
Conversation& Conversation::step_us(std::int64_t between_packets) {
    return step_us_ = between_packets, *this;
}

Conversation& Conversation::encapsulated(std::function<void(PacketBuilder&)> add_headers) {
    encapsulation_ = std::move(add_headers);
    return *this;
}

Conversation& Conversation::wait(double seconds) {
    now_us_ += microseconds(seconds);
    return *this;
}

Conversation& Conversation::at(double seconds_after_start) {
    now_us_ = start_us_ + microseconds(seconds_after_start);
    return *this;
}

Conversation& Conversation::with_ttl(std::uint8_t hops) {
    return next_only_.ttl = hops, *this;
}
Conversation& Conversation::with_window(std::uint16_t value) {
    return next_only_.window = value, *this;
}
Conversation& Conversation::with_identification(std::uint16_t id) {
    return next_only_.identification = id, *this;
}
Conversation& Conversation::with_payload(std::string_view text) {
    return next_only_.payload = text, *this;
}
Conversation& Conversation::with_sequence(std::uint32_t number) {
    return next_only_.sequence = number, *this;
}
Conversation& Conversation::with_ack(std::uint32_t number) {
    return next_only_.acknowledged = number, *this;
}
Conversation& Conversation::unseen() {
    return next_only_.unseen = true, *this;
}

Conversation& Conversation::with(std::function<void(PacketBuilder&)> change) {
    next_only_.change = std::move(change);
    return *this;
}

// ---------------------------------------------------------------------------------------------------------- handshake

Conversation& Conversation::syn() {
    client_.next = client_.isn;
    return send_live(Side::client, flag::syn);
}

Conversation& Conversation::syn_again() {
    return send({Side::client, flag::syn, client_.isn, 0, {}, true}, false);
}

Conversation& Conversation::new_syn(std::uint32_t isn) {
    client_.acknowledges = server_.acknowledges = false;
    server_.next = server_.isn;
    return client_isn(isn).syn();
}

Conversation& Conversation::syn_ack() {
    server_.next = server_.isn;
    return send_live(Side::server, flag::syn | flag::ack);
}

Conversation& Conversation::syn_ack_again() {
    return send({Side::server, flag::syn | flag::ack, server_.isn, client_.isn + 1, {}, true}, false);
}

Conversation& Conversation::ack() {
    return send_live(Side::client, flag::ack);
}
Conversation& Conversation::connected() {
    return syn().syn_ack().ack();
}
Conversation& Conversation::refused() {
    return syn().server_rst_ack();
}

// --------------------------------------------------------------------------------------------------------------- data

Conversation& Conversation::server_ack() {
    return send_live(Side::server, flag::ack);
}
Conversation& Conversation::client_data(std::size_t size) {
    return data(Side::client, std::string(size, 'c'));
}
Conversation& Conversation::client_data(std::string_view text) {
    return data(Side::client, text);
}
Conversation& Conversation::server_data(std::size_t size) {
    return data(Side::server, std::string(size, 's'));
}
Conversation& Conversation::server_data(std::string_view text) {
    return data(Side::server, text);
}
Conversation& Conversation::client_data_again() {
    return data_again(Side::client);
}
Conversation& Conversation::server_data_again() {
    return data_again(Side::server);
}
Conversation& Conversation::client_keepalive() {
    return keepalive(Side::client);
}
Conversation& Conversation::server_keepalive() {
    return keepalive(Side::server);
}

Conversation& Conversation::data(Side from, std::string_view text) {
    half(from).last_data_at = half(from).next;
    half(from).last_data = text;
    return send_live(from, flag::psh | flag::ack, text);
}

Conversation& Conversation::data_again(Side from) {
    if (half(from).last_data.empty()) throw std::logic_error("no data to send again");
    return send({from, flag::psh | flag::ack, half(from).last_data_at, peer(from).next, half(from).last_data, true},
                false);
}

Conversation& Conversation::keepalive(Side from) {
    return send({from, flag::ack, half(from).next - 1, peer(from).next, {}, true}, false);
}

// --------------------------------------------------------------------------------------------------------------- ends

Conversation& Conversation::client_fin() {
    return send_live(Side::client, flag::fin | flag::ack);
}
Conversation& Conversation::server_fin() {
    return send_live(Side::server, flag::fin | flag::ack);
}
Conversation& Conversation::closed() {
    return client_fin().server_fin().ack();
}
Conversation& Conversation::client_abort() {
    return send_live(Side::client, flag::rst | flag::ack);
}
Conversation& Conversation::server_abort() {
    return send_live(Side::server, flag::rst | flag::ack);
}
Conversation& Conversation::client_rst() {
    return no_socket_rst(Side::client);
}
Conversation& Conversation::server_rst() {
    return no_socket_rst(Side::server);
}
Conversation& Conversation::client_rst_ack() {
    return no_socket_rst_ack(Side::client);
}
Conversation& Conversation::server_rst_ack() {
    return no_socket_rst_ack(Side::server);
}

Conversation& Conversation::no_socket_rst(Side from) {
    return send({from, flag::rst, half(from).next, 0, {}, false}, false);
}

Conversation& Conversation::no_socket_rst_ack(Side from) {
    return send({from, flag::rst | flag::ack, 0, peer(from).next, {}, false}, false);
}

Conversation& Conversation::segment(Side from, std::uint8_t flags, std::string_view payload) {
    return send_live(from, flags, payload);
}

Conversation& Conversation::icmp_error(std::uint8_t type, std::uint8_t code, std::string_view router,
                                       std::size_t quoted_bytes) {
    if (!last_of_client_) throw std::logic_error("no segment of the client that an ICMP error could quote");
    const std::string_view from = !router.empty() ? router : is_ipv6(client_.endpoint) ? "2001:db8::fe" : "10.0.0.254";
    PacketBuilder error = last_of_client_->rejected_by(from, type, code, quoted_bytes);
    const std::uint8_t ttl = next_only_.ttl.value_or(64);
    error.ttl(ttl);
    if (next_only_.change) next_only_.change(error);
    append(error, Side::server, ttl);
    return *this;
}

Conversation& Conversation::duplicated(std::int64_t after_us, std::uint8_t hops) {
    if (frames_.empty() || !last_) throw std::logic_error("no packet to duplicate");
    PacketBuilder copy = *last_;
    copy.ttl(static_cast<std::uint8_t>(last_ttl_ - hops));
    frames_.push_back({frames_.back().time_us + after_us, copy.build(), 0});
    sides_.push_back(last_from_);
    now_us_ = std::max(now_us_, frames_.back().time_us);
    return *this;
}

std::vector<TimedFrame> Conversation::frames_of(Side side) const {
    std::vector<TimedFrame> kept;
    for (std::size_t i = 0; i < frames_.size(); ++i)
        if (sides_[i] == side) kept.push_back(frames_[i]);
    return kept;
}

// --------------------------------------------------------------------------------------------------------------
// sending

/// A segment of the side's live socket: at its next number, acknowledging all that it has seen.
Conversation& Conversation::send_live(Side from, std::uint8_t flags, std::string_view payload) {
    const std::uint32_t acknowledged = (flags & flag::ack) != 0 ? peer(from).next : 0;
    return send({from, flags, half(from).next, acknowledged, std::string(payload), true}, true);
}

Conversation& Conversation::send(Segment segment, bool advances) {
    segment.payload += next_only_.payload;
    segment.sequence = next_only_.sequence.value_or(segment.sequence);
    segment.acknowledged = next_only_.acknowledged.value_or(segment.acknowledged);
    Half& sender = half(segment.from);
    if (advances && (segment.flags & flag::rst) == 0)
        sender.next = segment.sequence + sequence_length(segment.flags, segment.payload.size());
    const PacketBuilder built = packet(segment);
    if (segment.from == Side::client) last_of_client_ = built;
    if (segment.of_socket) peer(segment.from).acknowledges = true;
    append(built, segment.from, next_only_.ttl.value_or(sender.ttl));
    return *this;
}

PacketBuilder Conversation::packet(const Segment& segment) {
    Half& sender = half(segment.from);
    const Half& receiver = peer(segment.from);
    PacketBuilder packet;
    if (link_ == LinkType::ethernet && segment.from == Side::server)
        packet.ethernet({2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 1});
    else
        packet.link(link_);
    if (vlan_) packet.vlan(*vlan_);
    if (encapsulation_) encapsulation_(packet);
    if (is_ipv6(sender.endpoint)) {
        packet.ipv6(sender.endpoint.address, receiver.endpoint.address);
    } else {
        packet.ipv4(sender.endpoint.address, receiver.endpoint.address);
        // Linux counts up for a live socket, and sends 0 for what no socket sends and for SYN-ACKs.
        const bool counted = segment.of_socket && segment.flags != (flag::syn | flag::ack);
        packet.identification(next_only_.identification.value_or(counted ? sender.identification++ : 0));
    }
    packet.ttl(next_only_.ttl.value_or(sender.ttl));
    packet.tcp(sender.endpoint.port, receiver.endpoint.port).seq(segment.sequence).ack_number(segment.acknowledged);
    packet.flags(segment.flags).window(next_only_.window.value_or(segment.of_socket ? sender.window : 0));
    if (segment.of_socket) {
        const bool opening = (segment.flags & flag::syn) != 0;
        const auto clock = static_cast<std::uint32_t>(now_us_ / 1000);
        if (opening) packet.mss(is_ipv6(sender.endpoint) ? 1440 : 1460).sack_permitted();
        if (timestamps_ && !opening) packet.nop().nop();
        if (timestamps_) packet.timestamps(clock, sender.acknowledges ? clock - 1 : 0);
        if (opening && window_scale_) packet.nop().window_scale(7);
    }
    if (!segment.payload.empty()) packet.payload(segment.payload);
    if (next_only_.change) next_only_.change(packet);
    return packet;
}

void Conversation::append(const PacketBuilder& packet, Side from, std::uint8_t ttl) {
    if (!next_only_.unseen) {
        frames_.push_back({now_us_, packet.build(), 0});
        sides_.push_back(from);
        last_ = packet;
        last_from_ = from;
        last_ttl_ = ttl;
    }
    next_only_ = {};
    now_us_ += step_us_;
}

std::vector<TimedFrame> merged(const std::vector<std::vector<TimedFrame>>& captures) {
    std::vector<TimedFrame> all;
    for (const auto& capture : captures) all.insert(all.end(), capture.begin(), capture.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const TimedFrame& a, const TimedFrame& b) { return a.time_us < b.time_us; });
    return all;
}

}  // namespace rstwatch::test
