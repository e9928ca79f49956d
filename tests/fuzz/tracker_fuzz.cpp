// SPDX-License-Identifier: Apache-2.0
// Bytes as segments, ICMP errors and pauses of many connections, through a tracker whose tables are far too small, with
// real banks: every attempt has exactly one outcome, at every hand-over and at the end. The first byte says whether
// control keeps up, as in a replay, or not.
#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/tally/bank_exchange.h"
#include "dataplane/tally/core_tally.h"
#include "dataplane/tcp/four_tuple.h"
#include "dataplane/tcp/tracker.h"
#include "tests/fuzz/books.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace tally = rstwatch::tally;
namespace tcp = rstwatch::tcp;
namespace packet = rstwatch::packet;

using rstwatch::fuzz::Books;
using rstwatch::fuzz::Input;

namespace {

constexpr tally::Time second = tally::second;

/// Shorter than anybody would have them, so that few intervals pass in a pause; one beyond the table's horizon.
constexpr tcp::Limits limits{.provisional = 3 * second / 2,
                             .unanswered = 6 * second,
                             .syn_ack = 5 * second,
                             .reset = second,
                             .closed = 4 * second,
                             .early_answer = 5000,
                             .half_open_scan = second,
                             .reset_hold = 5000,
                             .gap = second / 2,
                             .long_gap = 2 * second,
                             .stall = second / 4,
                             .stalled = (tcp::ConnectionTable::horizon + 50) * second};

/// Banks are made once: an input begins with those that the one before has given back.
struct Core {
    tally::BankExchange exchange;
    tally::WhenFull when_full;
};

constexpr tally::BankCapacity small_bank(std::size_t records) {
    return {.destinations = 4, .clients = 4, .records = records, .sightings = true, .prefault = false};
}

/// As many banks as one call can fill: this thread cannot wait for itself.
Core& core_that_waits() {
    static Core core{tally::BankExchange(0, 256, small_bank(16)), tally::WhenFull::wait};
    return core;
}

Core& core_that_loses() {
    static Core core{tally::BankExchange(0, 2, small_bank(4)), tally::WhenFull::lose};
    return core;
}

tally::IpAddress host(std::uint8_t number) {
    const std::array<std::uint8_t, 4> bytes{10, 0, 0, number};
    return tally::IpAddress::v4(bytes.data());
}

/// Numbers near those that connections are likely to have, so that comparisons go either way.
std::uint32_t number_near(std::uint8_t choice) {
    constexpr std::array<std::uint32_t, 8> bases{0, 1000, 1001, 5000, 5001, 0x7fffffff, 0xfffffff0, 2000};
    return bases[choice & 7] + (choice >> 3);
}

class Traffic {
  public:
    Traffic(Input input, Core& core)
        : input_(input),
          core_(core),
          tally_(core.exchange, core.when_full),
          tracker_(16, limits, {2000, 200}, tally_),
          books_(core.exchange) {
        tracker_.advance_to(tally::interval_of(now_));
    }

    void play() {
        while (!input_.empty()) {
            pause(input_.byte());
            take_some();
            if (core_.when_full == tally::WhenFull::wait) books_.read_all();
        }
        tracker_.finish(now_);
        tally_.finish();
        books_.read_all();
        books_.require_settled();
    }

  private:
    void pause(std::uint8_t choice);
    void take_some();
    void take(const packet::PacketView& view);
    packet::PacketView segment(std::uint8_t what);
    packet::PacketView icmp_error();
    void set_endpoints(packet::PacketView& view, std::uint8_t who) const;

    Input input_;
    Core& core_;
    tally::CoreTally tally_;
    tcp::Tracker tracker_;
    Books books_;
    tally::Time now_ = 1'700'000'000 * second;
};

/// Mostly microseconds, now and then up to the deadlines, sometimes days.
void Traffic::pause(std::uint8_t choice) {
    const tally::Interval open = tally::interval_of(now_);
    const tally::Time length = choice >> 2;
    switch (choice & 3) {
        case 0:
            now_ += length;
            break;
        case 1:
            now_ += length * 250;
            break;
        case 2:
            now_ += length * (second / 16);
            break;
        default:
            books_.read_all();
            if (length == 63) now_ += 100'000 * second;
            break;
    }
    if (tally::interval_of(now_) == open) return;
    tracker_.advance_to(tally::interval_of(now_));
    if (core_.when_full == tally::WhenFull::wait) books_.read_all();
}

void Traffic::take_some() {
    const std::uint8_t who = input_.byte(), what = input_.byte();
    packet::PacketView view = (what & 0x3f) == 0x3f ? icmp_error() : segment(what);
    const std::uint8_t rest = input_.byte();
    set_endpoints(view, who);
    view.payload_length = (rest & 1) != 0 ? rest * 8u : 0;
    view.window = (rest & 2) != 0 ? 0 : 502;
    view.ip_id = rest >> 2 & 3;
    if (rest < 0xfc) return take(view);
    // From everywhere, so that the table runs over.
    for (std::uint16_t port = 1000; port < 1040; ++port) {
        view.source_port = port;
        take(view);
    }
}

void Traffic::take(const packet::PacketView& view) {
    tcp::ParsedPacket packet{view, tcp::digest(view, 0, tcp::HashSecret{})};
    tracker_.fetch({&packet, 1});
    ++tally_.packets().received;
    tally_.note_packet_time(now_);
    tracker_.take(packet, now_);
}

packet::PacketView Traffic::segment(std::uint8_t what) {
    packet::PacketView view;
    view.packet_class = tally::PacketClass::tcp;
    view.tcp_flags = what & packet::tcp_flag::all;
    view.tcp_options = static_cast<std::uint8_t>(what >> 6);
    view.ttl = static_cast<std::uint8_t>(60 + (what >> 6));
    view.sequence = number_near(input_.byte());
    view.acknowledgement = number_near(input_.byte());
    return view;
}

packet::PacketView Traffic::icmp_error() {
    packet::PacketView view;
    view.packet_class = tally::PacketClass::icmp_error;
    view.sequence = number_near(input_.byte());
    view.icmp_type = input_.byte() & 3;
    view.icmp_from = host(200);
    return view;
}

void Traffic::set_endpoints(packet::PacketView& view, std::uint8_t who) const {
    const bool by_client = (who & 1) != 0;
    const auto client_port = static_cast<std::uint16_t>(40000 + (who >> 1 & 7));
    const auto server_port = static_cast<std::uint16_t>(80 + (who >> 4 & 3));
    const tally::IpAddress client = host(static_cast<std::uint8_t>(who >> 6)), server = host(9);
    view.trackable = true;
    view.source = by_client ? client : server;
    view.destination = by_client ? server : client;
    view.source_port = by_client ? client_port : server_port;
    view.destination_port = by_client ? server_port : client_port;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const bool keeps_up = (input.byte() & 1) == 0;
    Traffic(input, keeps_up ? core_that_waits() : core_that_loses()).play();
    return 0;
}
