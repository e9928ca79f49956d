// SPDX-License-Identifier: Apache-2.0
#include "control/classify/span_watch.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

using tally::Side;

constexpr std::uint64_t minutes_kept = 10;
constexpr std::uint64_t most_two_sided = 20;    // two-sided ones among one-sided ones: 1 in 20 is chance
constexpr std::uint64_t least_duplicates = 10;  // fewer may be retransmissions that look alike
constexpr std::uint64_t duplicate_share = 5;    // 1 in 5; mirroring everything twice makes it 1 in 2
constexpr std::uint64_t least_assumed = 3;      // answers to nobody: of one or two, somebody may have forged the SYN
constexpr std::uint64_t least_unheard = 3;      // destinations: of one or two, a packet may have been lost

constexpr std::size_t client = tally::index(Side::client);
constexpr std::size_t server = tally::index(Side::server);

/// A connection moves from one sum to the other when its other side appears, perhaps in another minute.
std::uint64_t at_least_none(std::int64_t count) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::string number_of(std::uint64_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// Only one side if the other is as rare as chance makes it.
std::optional<Side> only_side(const SpanFacts& facts) {
    const auto [of_clients, of_servers] = facts.one_sided;
    if (of_servers * most_two_sided <= of_clients) return Side::client;
    if (of_clients * most_two_sided <= of_servers) return Side::server;
    return std::nullopt;
}

std::string one_way_text(const SpanFacts& facts) {
    const std::uint64_t one_sided = facts.one_sided[client] + facts.one_sided[server];
    const std::string seen = "only one direction is visible: ";
    const std::string both = "; of " + std::to_string(facts.two_sided) + " both sides were seen";
    const std::string remedy = "Mirror both directions (ingress and egress, or both fibres of the TAP)";
    if (facts.only_side == Side::client)
        return seen + number_of(one_sided, "connection lives", "connections live") +
               " on though no packet of the server's side was seen" + both +
               ". Refused and unanswered cannot be told apart: such attempts count as unanswered. " + remedy;
    if (facts.only_side == Side::server)
        return seen + "of " + number_of(one_sided, "connection", "connections") +
               " no packet of the client's side was seen" + both +
               ". Refusals are known by their RSTs alone, unanswered attempts not at all. " + remedy;
    return seen + "of each connection another one, " + number_of(facts.one_sided[client], "client", "clients") +
           " and " + number_of(facts.one_sided[server], "server", "servers") + " without the other side" + both + ". " +
           remedy;
}

std::string duplicated_text(const SpanFacts& facts) {
    return "packets are mirrored twice: " + std::to_string(facts.duplicates) + " of " + std::to_string(facts.tcp) +
           " TCP packets (" + std::to_string(facts.duplicates * 100 / facts.tcp) +
           " %) are copies; 50 % means everything. They are counted once in connections, twice in packets. Mirror "
           "ingress or egress of the ports, not both";
}

std::string unheard_text(const SpanFacts& facts) {
    return "the SPAN may leave something out: " + std::to_string(facts.unheard.count) + " destinations, " +
           to_string(facts.unheard.example) +
           " among them, never show a packet though their clients go on as if they were answered. See which port or "
           "VLAN their answers take, and mirror it too";
}

std::string text_of(const SpanFacts& facts, bool unheard) {
    std::string text;
    const auto say = [&](const std::string& sentence) { text += (text.empty() ? "" : ". ") + sentence; };
    if (facts.one_way) say(one_way_text(facts));
    if (facts.duplicated) say(duplicated_text(facts));
    if (unheard && !facts.one_way) say(unheard_text(facts));
    return text;
}

}  // namespace

void SpanWatch::add(const MergedInterval& interval) {
    const std::uint64_t minute = replay_ ? 0 : interval.interval / 60;
    if (minutes_.empty() || minutes_.back().minute != minute) {
        minutes_.push_back({});
        minutes_.back().minute = minute;
    }
    while (minutes_.front().minute + minutes_kept <= minute) minutes_.pop_front();
    Sums& sums = minutes_.back();
    sums.two_sided += static_cast<std::int64_t>(interval.outcomes.two_sided);
    for (const std::size_t side : {client, server}) sums.one_sided[side] += interval.outcomes.one_sided[side];
    sums.tcp += interval.packets.of(tally::PacketClass::tcp);
    sums.duplicates += interval.packets.duplicates;
}

SpanFacts SpanWatch::facts(const UnheardDestinations& unheard, std::uint64_t assumed) const {
    Sums sums;
    for (const Sums& each : minutes_) {
        sums.two_sided += each.two_sided;
        for (const std::size_t side : {client, server}) sums.one_sided[side] += each.one_sided[side];
        sums.tcp += each.tcp;
        sums.duplicates += each.duplicates;
    }
    SpanFacts facts;
    facts.two_sided = at_least_none(sums.two_sided);
    for (const std::size_t side : {client, server}) facts.one_sided[side] = at_least_none(sums.one_sided[side]);
    if (assumed >= least_assumed) facts.one_sided[server] += assumed;
    facts.tcp = sums.tcp;
    facts.duplicates = sums.duplicates;
    facts.unheard = unheard;
    if (!replay_) facts.window = minutes_kept * 60;

    const std::uint64_t one_sided = facts.one_sided[client] + facts.one_sided[server];
    facts.one_way = one_sided > 0 && facts.two_sided * most_two_sided <= one_sided;
    if (facts.one_way) facts.only_side = only_side(facts);
    facts.duplicated = facts.duplicates >= least_duplicates && facts.duplicates * duplicate_share >= facts.tcp;
    // A lost SYN-ACK makes a destination unheard of, too, but its connections are seen from both sides later on.
    const bool suspicious = std::min(unheard.count, facts.one_sided[client]) >= least_unheard;
    facts.text = text_of(facts, suspicious);
    return facts;
}

}  // namespace rstwatch::control
