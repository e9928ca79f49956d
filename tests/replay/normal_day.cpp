// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/normal_day.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "tests/support/conversation.h"

namespace rstwatch::test {
namespace {

using C = Conversation;

constexpr std::int64_t second_us = 1'000'000;
/// Connections by the hour of the day: few at night, most in the late morning and the early afternoon.
constexpr std::array<std::uint32_t, 24> busyness{2,  1,  1,  1,  1,  2,  4, 7, 12, 16, 18, 17,
                                                 13, 15, 18, 17, 15, 12, 9, 7, 6,  5,  4,  3};

constexpr std::uint32_t hosts = 60, services_per_host = 3, users = 400;
constexpr std::uint32_t broken = 7;  // of the services: it has an outage, if there is one

/// How a connection goes that nobody has to worry about.
struct Way {
    const char* outcome;
    std::uint32_t of_thousand;
    std::uint32_t retransmissions;
    std::function<void(C&)> live;

    bool has_reset = false;
};

C& talk(C& c) {
    return c.connected().client_data(40).server_ack().server_data(60).ack();
}

const std::vector<Way>& ways() {
    static const std::vector<Way> all{
        // 800 of 1000 without a reset.
        {"closed", 560, 0, [](C& c) { talk(c).wait(0.2).closed(); }},
        {"closed", 100, 0, [](C& c) { talk(c).wait(20).client_data(40).server_data(60).ack().closed(); }},
        {"closed", 40, 0,
         [](C& c) {  // kept alive, then closed by the server
             talk(c).wait(60).client_keepalive().server_ack().wait(60).client_keepalive().server_ack();
             c.wait(5).server_fin().ack().client_fin().server_ack();
         }},
        {"closed", 30, 1, [](C& c) { talk(c.syn().wait(1).syn_again().syn_ack().ack()).closed(); }},
        {"closed", 20, 1,
         [](C& c) { c.syn().syn_ack().wait(1).syn_ack_again().ack().client_data(9).server_data(9).ack().closed(); }},
        {"closed", 50, 1,
         [](C& c) { c.connected().client_data(40).wait(0.3).client_data_again().server_data(60).ack().closed(); }},
        // 200 with one.
        {"reset_after_response_by_client", 50, 0,  // closes with data unread
         [](C& c) { talk(c).server_data(60).client_abort(); }, true},
        {"reset_after_response_by_client", 15, 0,  // idle in a pool, then thrown away
         [](C& c) { talk(c).wait(400).client_abort(); }, true},
        {"reset_after_response_by_client", 25, 0,  // TLS: close_notify, then a reset in place of a FIN
         [](C& c) { talk(c).client_data(31).client_abort(); }, true},
        {"reset_after_fin", 30, 0,  // the server still sends when the client has closed
         [](C& c) { talk(c).client_fin().server_data(60).client_rst(); }, true},
        {"reset_after_fin", 30, 0,  // a load balancer answers a FIN by a reset
         [](C& c) { talk(c).client_fin().server_ack().server_abort(); }, true},
        {"closed", 15, 0, [](C& c) { talk(c).closed().wait(0.1).client_abort(); }, true},
        {"reset_before_data_by_client", 20, 0,  // a health check that only connects
         [](C& c) { c.connected().client_abort(); }, true},
        {"reset_without_response_by_client", 10, 0,  // an impatient client
         [](C& c) { c.connected().client_data(40).server_ack().wait(3).client_abort(); }, true},
        {"refused", 5, 0,  // a closed port, met once
         [](C& c) { c.refused(); }, true},
    };
    return all;
}

/// Health checks that do not even finish the handshake come from load balancers, which look after one service each:
/// who did this to several would be a scanner.
void half_open_check(C& c) {
    c.syn().syn_ack().client_rst();
}
constexpr std::uint32_t half_open_every = 97;  // connections

class Maker {
  public:
    Maker(std::uint32_t connections, const Outage& outage) : connections_(connections), outage_(outage) {}

    Day make() {
        day_.broken_service = server(broken).address + ":" + std::to_string(server(broken).port);
        std::uint32_t weight = 0;
        for (const std::uint32_t each : busyness) weight += each;
        for (std::uint32_t hour = 0; hour < busyness.size(); ++hour)
            for (std::uint32_t i = 0; i < connections_ * busyness[hour] / weight; ++i)
                add(std::int64_t{hour} * 3600 * second_us + std::int64_t{below(3590)} * second_us + below(second_us));
        add_outage();
        std::ranges::stable_sort(day_.frames, {}, &TimedFrame::time_us);
        return std::move(day_);
    }

  private:
    /// Of Numerical Recipes' quick generator the better bits.
    std::uint32_t below(std::uint32_t limit) {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state_ >> 33) * limit >> 31);
    }

    /// One host in ten speaks IPv6.
    static Endpoint server(std::uint32_t number) {
        const std::uint32_t host = number / services_per_host;
        const auto port = static_cast<std::uint16_t>(std::array{443, 80, 5432}[number % services_per_host]);
        if (host % 10 == 9) return {"2001:db8:5::" + std::to_string(host), port};
        return {"10.5.0." + std::to_string(1 + host), port};
    }
    static Endpoint client(std::uint32_t number, const Endpoint& of, std::uint16_t port) {
        if (of.address.find(':') != std::string::npos) return {"2001:db8:1::" + std::to_string(1 + number), port};
        return {"10.1." + std::to_string(number / 200) + "." + std::to_string(1 + number % 200), port};
    }

    bool is_broken_at(std::uint32_t service, std::int64_t time_us) const {
        const std::int64_t begin = std::int64_t{outage_.begins_s} * second_us;
        return service == broken && time_us >= begin && time_us < begin + std::int64_t{outage_.lasts_s} * second_us;
    }

    void add(std::int64_t time_us) {
        const std::uint32_t service = below(hosts * services_per_host);
        const std::uint32_t user = below(users);
        if (is_broken_at(service, time_us)) return refuse(user, time_us);
        if (++made_ % half_open_every == 0) {
            // From an address of its own for each service.
            return play(client(users + service, server(service), next_port()), server(service), time_us,
                        {"client_cancelled", 0, 0, half_open_check, true});
        }
        const Way& way = pick();
        // Nothing ever listens on these ports; who comes across one tries it once.
        const bool closed_port = std::string_view(way.outcome) == "refused";
        Endpoint to = server(service);
        if (closed_port) to.port = static_cast<std::uint16_t>(8000 + service % 3);
        play(client(user, to, next_port()), to, time_us, way);
    }

    const Way& pick() {
        std::uint32_t number = below(1000);
        for (const Way& way : ways()) {
            if (number < way.of_thousand) return way;
            number -= way.of_thousand;
        }
        return ways().front();
    }

    void play(const Endpoint& from, const Endpoint& to, std::int64_t time_us, const Way& way) {
        C c(from, to, default_start_us + time_us);
        c.client_isn(below(1'000'000'000)).server_isn(below(1'000'000'000));
        way.live(c);
        ++day_.outcomes[way.outcome];
        day_.resets += way.has_reset;
        day_.retransmissions += way.retransmissions;
        std::vector<TimedFrame> frames = std::move(c).frames();
        std::ranges::move(frames, std::back_inserter(day_.frames));
    }

    void refuse(std::uint32_t user, std::int64_t time_us) {
        const std::int64_t when = default_start_us + time_us;
        day_.broken_since_us = day_.broken_since_us == 0 ? when : std::min(day_.broken_since_us, when);
        const Endpoint to = server(broken);
        play(client(user, to, next_port()), to, time_us, {"refused", 0, 0, [](C& c) { c.refused(); }, true});
    }

    /// Five users whose programs try again all the time.
    void add_outage() {
        const std::int64_t begin = std::int64_t{outage_.begins_s} * second_us;
        for (std::int64_t after = 0; after < std::int64_t{outage_.lasts_s} * second_us; after += second_us * 2 / 5)
            refuse(below(5), begin + after);
    }

    std::uint16_t next_port() { return static_cast<std::uint16_t>(1024 + port_++ % 60'000); }

    std::uint32_t connections_;
    Outage outage_;
    Day day_;
    std::uint64_t state_ = 42;
    std::uint32_t made_ = 0;
    std::uint32_t port_ = 0;
};

}  // namespace

Day normal_day(std::uint32_t connections, const Outage& outage) {
    return Maker(connections, outage).make();
}

}  // namespace rstwatch::test
