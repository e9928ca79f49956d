// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/packet_builder.h"
#include "tests/support/timed_frame.h"

namespace rstwatch::test {

/// One side of a conversation: "10.0.0.1:7211" or "[2001:db8::1]:443". Throws std::invalid_argument.
struct Endpoint {
    std::string address;
    std::uint16_t port = 0;

    Endpoint(std::string address, std::uint16_t port);
    Endpoint(const char* text);         // NOLINT(google-explicit-constructor): for literals in tests
    Endpoint(const std::string& text);  // NOLINT(google-explicit-constructor)
};

/// The start of every conversation that does not say otherwise: 2023-11-14 22:13:20 UTC.
inline constexpr std::int64_t default_start_us = 1'700'000'000'000'000;

/// The packets of one TCP connection as a monitor between its two sides sees them. Keeps the sequence numbers of both
/// sides and a clock, which goes on by `step_us` with every packet:
///
///     const auto frames = Conversation("10.0.0.2:40000", "10.0.0.1:443")
///                             .connected().client_data(37).server_data(200).wait(1.5).server_abort().frames();
///
/// Names of resets say which shape they have: `abort` is what a live socket sends (RST+ACK, valid numbers, window not
/// 0); `rst` is what a host without such a socket says to a segment that had ACK (RST without ACK, its sequence number
/// the segment's ack, window 0); `rst_ack` is what it says to one without ACK (RST+ACK, sequence 0, window 0).
class Conversation {
  public:
    enum class Side : std::uint8_t { client, server };

    Conversation(Endpoint client, Endpoint server, std::int64_t start_us = default_start_us);

    // How everything after is sent.
    Conversation& link(LinkType type);
    Conversation& vlan(std::uint16_t id);
    Conversation& client_ttl(std::uint8_t hops);  ///< as the monitor sees it; 64 by default
    Conversation& server_ttl(std::uint8_t hops);  ///< 63 by default
    Conversation& client_isn(std::uint32_t number);
    Conversation& server_isn(std::uint32_t number);
    Conversation& client_window(std::uint16_t value);
    Conversation& server_window(std::uint16_t value);
    Conversation& timestamps(bool on);    ///< the option in every segment of a live socket; on by default
    Conversation& window_scale(bool on);  ///< the option in SYN and SYN-ACK; on by default
    Conversation& step_us(std::int64_t between_packets);  ///< 100 by default
    /// Headers between the link layer and IP, such as a tunnel's.
    Conversation& encapsulated(std::function<void(PacketBuilder&)> add_headers);

    // Time.
    Conversation& wait(double seconds);
    Conversation& at(double seconds_after_start);
    std::int64_t now_us() const { return now_us_; }

    // The next packet only.
    Conversation& with_ttl(std::uint8_t hops);
    Conversation& with_window(std::uint16_t value);
    Conversation& with_identification(std::uint16_t id);
    Conversation& with_payload(std::string_view text);  ///< in a SYN, a SYN-ACK, a FIN or a RST
    Conversation& with_sequence(std::uint32_t number);
    Conversation& with_ack(std::uint32_t number);
    Conversation& with(std::function<void(PacketBuilder&)> change);
    Conversation& unseen();  ///< is sent, but the monitor does not see it

    // The handshake.
    Conversation& syn();
    Conversation& syn_again();                 ///< the same ISN
    Conversation& new_syn(std::uint32_t isn);  ///< a new attempt on the same four-tuple
    Conversation& syn_ack();
    Conversation& syn_ack_again();
    Conversation& ack();        ///< of the client, for all that the server sent
    Conversation& connected();  ///< syn, syn_ack, ack
    Conversation& refused();    ///< syn, server_rst_ack

    // Data and acknowledgements. A number is a count of bytes.
    Conversation& server_ack();
    Conversation& client_data(std::size_t size);
    Conversation& client_data(std::string_view text);
    Conversation& server_data(std::size_t size);
    Conversation& server_data(std::string_view text);
    Conversation& client_data_again();  ///< the last data segment of the client once more
    Conversation& server_data_again();
    Conversation& client_keepalive();  ///< an ACK with the number before the next one
    Conversation& server_keepalive();

    // Ends.
    Conversation& client_fin();
    Conversation& server_fin();
    Conversation& closed();  ///< client_fin, server_fin (which acknowledges it), ack
    Conversation& client_abort();
    Conversation& server_abort();
    Conversation& client_rst();
    Conversation& server_rst();
    Conversation& server_rst_ack();  ///< to the client's SYN, and the data in it
    Conversation& client_rst_ack();

    /// Any segment with these flags at the side's present numbers. Advances them as TCP does.
    Conversation& segment(Side from, std::uint8_t flags, std::string_view payload = {});

    /// An ICMP error about the client's last segment, from a router; its TTL is 64 unless with_ttl() was said.
    Conversation& icmp_error(std::uint8_t type, std::uint8_t code, std::string_view router = {},
                             std::size_t quoted_bytes = PacketBuilder::whole);

    /// The last packet again `after_us` later with its TTL less `hops`: what a mirror of both ways shows.
    Conversation& duplicated(std::int64_t after_us = 10, std::uint8_t hops = 0);

    const std::vector<TimedFrame>& frames() const& { return frames_; }
    std::vector<TimedFrame> frames() && { return std::move(frames_); }

    /// Frames of one side only, as a SPAN of one direction shows.
    std::vector<TimedFrame> frames_of(Side side) const;

    const Endpoint& client() const { return client_.endpoint; }
    const Endpoint& server() const { return server_.endpoint; }
    std::uint32_t client_next() const { return client_.next; }
    std::uint32_t server_next() const { return server_.next; }

  private:
    struct Half {
        Endpoint endpoint;
        std::uint8_t ttl;
        std::uint32_t isn;
        std::uint32_t next;  ///< the next sequence number
        std::uint16_t window;
        std::uint16_t identification;
        std::uint32_t last_data_at;  ///< sequence number and text of the last data
        std::string last_data;
        bool acknowledges;  ///< has seen a segment of the other side
    };
    struct Segment {
        Side from;
        std::uint8_t flags;
        std::uint32_t sequence;
        std::uint32_t acknowledged;
        std::string payload;
        bool of_socket;  ///< with a window, options and an identification; else as from no socket
    };
    struct NextOnly {
        std::optional<std::uint8_t> ttl;
        std::optional<std::uint16_t> window, identification;
        std::optional<std::uint32_t> sequence, acknowledged;
        std::string payload;
        std::function<void(PacketBuilder&)> change;
        bool unseen = false;
    };

    Half& half(Side side) { return side == Side::client ? client_ : server_; }
    Half& peer(Side side) { return side == Side::client ? server_ : client_; }
    PacketBuilder packet(const Segment& segment);
    Conversation& send(Segment segment, bool advances);
    Conversation& send_live(Side from, std::uint8_t flags, std::string_view payload = {});
    Conversation& data(Side from, std::string_view text);
    Conversation& data_again(Side from);
    Conversation& keepalive(Side from);
    Conversation& no_socket_rst(Side from);
    Conversation& no_socket_rst_ack(Side from);
    void append(const PacketBuilder& packet, Side from, std::uint8_t ttl);

    Half client_, server_;
    std::int64_t start_us_, now_us_, step_us_ = 100;
    LinkType link_ = LinkType::ethernet;
    std::optional<std::uint16_t> vlan_;
    std::function<void(PacketBuilder&)> encapsulation_;
    bool timestamps_ = true, window_scale_ = true;
    NextOnly next_only_;
    std::optional<PacketBuilder> last_of_client_, last_;
    Side last_from_ = Side::client;
    std::uint8_t last_ttl_ = 0;
    std::vector<TimedFrame> frames_;
    std::vector<Side> sides_;
};

/// The frames of several conversations in the order of their times; equal times keep the order of the arguments.
std::vector<TimedFrame> merged(const std::vector<std::vector<TimedFrame>>& captures);

}  // namespace rstwatch::test
