// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/words.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "config/value.h"
#include "dataplane/tally/hop_distance.h"

namespace rstwatch::control {
namespace {

std::tm local(tally::Time time) {
    const auto seconds = static_cast<std::time_t>(time / tally::second);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

std::string formatted(const std::tm& parts, const char* format) {
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

std::string two_decimals(double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.2f", value);
    return text.data();
}

std::string subject_in_words(const Facts& facts) {
    const std::string text = facts.subject.scope == AlertScope::network ? "The network" : to_string(facts.subject);
    if (facts.service.empty()) return facts.host.empty() ? text : text + " (" + facts.host + ')';
    return text + " (" + facts.service + (facts.host.empty() ? "" : " on " + facts.host) + ')';
}

/// When it last worked, and as what; the end of a sentence about a service.
std::string history(const Facts& facts) {
    const std::string spoke = facts.application.empty() ? "" : " and spoke " + protocol_in_words(facts.application);
    // What has refused everybody since then does not accept others.
    const bool meanwhile =
        facts.failing && facts.last_accepted >= facts.since && facts.last_accepted + tally::second >= facts.last;
    if (facts.last_accepted != 0 && !meanwhile)
        return "it last accepted a connection at " + clock_time(facts.last_accepted, facts.now) + spoke;
    if (facts.accepted > 0) return "it accepts others" + spoke;
    return "it has not accepted any connection since it has been watched";
}

/// How many routers nearer or farther than the server the sender of the RST is; empty where either is not known. A
/// connection that was refused shows nothing of the server itself: what is known of others serves.
std::string known_distance(const Facts& facts) {
    const bool seen = facts.example && facts.example->server_ttl != 0;
    if (!facts.example || facts.example->rst_ttl == 0 || (!seen && !facts.server_hops)) return {};
    const int device = tally::hop_distance(facts.example->rst_ttl),
              server = seen ? tally::hop_distance(facts.example->server_ttl) : facts.server_hops.value_or(0);
    if (device == server) return "from as far away as the server";
    const auto hops = counted(static_cast<std::uint64_t>(std::abs(device - server)), "hop", "hops");
    return hops + (device < server ? " nearer than the server" : " farther than the server");
}

/// Of a device, which is known by not being where the server is.
std::string distance(const Facts& facts) {
    const std::string known = known_distance(facts);
    return known.empty() ? "from another distance than the server answers from" : known;
}

std::string distance_if_known(const Facts& facts) {
    const std::string known = known_distance(facts);
    return known.empty() ? known : " (" + known + ')';
}

std::string icmp_sender(const Facts& facts) {
    return facts.icmp.seen ? to_string(facts.icmp.from) : "a router";
}

/// Beside silence.
std::string routers_word(const Facts& facts) {
    return facts.icmp.seen ? "; " + icmp_sender(facts) + " says: " + icmp_in_words(facts.icmp) : "";
}

std::string duration(tally::Time time) {
    const auto seconds = time / tally::second;
    if (seconds < 120) return std::to_string(seconds) + " s";
    return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

/// "350 s", "5 s to 6 min 12 s": how long connections had been idle when they were reset; without a range only "a
/// time".
std::string idle_for(const Facts& facts) {
    if (facts.idle_most == 0) return "a time";
    const std::string least = duration(facts.idle_least), most = duration(facts.idle_most);
    return least == most ? least : least + " to " + most;
}

/// What a device in the path can read of the first data, too: "; clients ask there for SNI collector.example".
std::string wanted_name(const Facts& facts) {
    for (const std::string_view kind : {"SNI ", "Host "}) {
        const std::size_t begin = facts.detail.find(kind);
        if (begin == std::string::npos) continue;
        return "; clients ask there for " +
               config::printable(facts.detail.substr(begin, facts.detail.find(',', begin) - begin));
    }
    return "";
}

/// An address, and what the operator calls it: "10.0.0.1 till-3".
std::string with_label(const std::string& subject, const std::vector<std::string>& names, std::size_t place) {
    return place < names.size() && !names[place].empty() ? subject + ' ' + names[place] : subject;
}

std::string others(const Facts& facts) {
    return facts.succeeding == 0 ? "no other client got through"
                                 : counted(facts.succeeding, "other client", "other clients") + " got through";
}

std::string only_these(const Facts& facts) {
    return facts.clients == 1 ? "this client only" : "these " + counted(facts.clients, "client", "clients") + " only";
}

std::string first_client(const Facts& facts) {
    return facts.peers.empty() ? "the client" : to_string(facts.peers[0].who.address);
}

std::string kind_in_words(const std::vector<AlertSubject>& subjects) {
    const auto all = [&](AlertScope scope) {
        return std::ranges::all_of(subjects, [&](const AlertSubject& each) { return each.scope == scope; });
    };
    if (all(AlertScope::host)) return "host";
    return all(AlertScope::service) ? "service" : "subject";
}

/// "5 hosts (10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more)".
std::string nested_in_words(const Facts& facts) {
    constexpr std::size_t named = 3;
    std::string text = counted(facts.nested.size(), kind_in_words(facts.nested), kind_in_words(facts.nested) + 's');
    for (std::size_t i = 0; i < std::min(named, facts.nested.size()); ++i)
        text += (i == 0 ? " (" : ", ") + with_label(to_string(facts.nested[i]), facts.nested_hosts, i);
    if (facts.nested.size() > named) text += " and " + std::to_string(facts.nested.size() - named) + " more";
    return facts.nested.empty() ? text : text + ')';
}

struct Placeholder {
    std::string_view name;
    std::string (*text)(const Facts&);
};

constexpr std::array placeholders{
    Placeholder{"subject", subject_in_words},
    Placeholder{"host", [](const Facts& f) { return to_string(f.subject.endpoint.address); }},
    Placeholder{"port", [](const Facts& f) { return std::to_string(f.subject.endpoint.port); }},
    Placeholder{"rate", [](const Facts& f) { return two_decimals(f.per_second); }},
    Placeholder{"failed", [](const Facts& f) { return std::to_string(f.failed); }},
    Placeholder{"connections", [](const Facts& f) { return counted(f.failed, "connection", "connections"); }},
    Placeholder{"idle_connections",
                [](const Facts& f) { return counted(f.failed, "idle connection", "idle connections"); }},
    Placeholder{"attempts",
                [](const Facts& f) { return counted(f.failed, "connection attempt", "connection attempts"); }},
    Placeholder{"times", [](const Facts& f) { return counted(f.failed, "time", "times"); }},
    Placeholder{"clients", clients_in_words},
    Placeholder{"client", first_client},
    Placeholder{"servers", [](const Facts& f) { return counted(f.clients, "server", "servers"); }},
    Placeholder{"others", others},
    Placeholder{"since", [](const Facts& f) { return clock_time(f.since, f.now); }},
    Placeholder{"last", [](const Facts& f) { return clock_time(f.last, f.now); }},
    Placeholder{"lasted", [](const Facts& f) { return duration(f.now - std::min(f.since, f.now)); }},
    Placeholder{"history", history},
    Placeholder{"idle", idle_for},
    Placeholder{"wanted_name", wanted_name},
    Placeholder{"distance", distance},
    Placeholder{"distance_if_known", distance_if_known},
    Placeholder{"router", icmp_sender},
    Placeholder{"icmp",
                [](const Facts& f) { return f.icmp.seen ? icmp_in_words(f.icmp) : std::string("unreachable"); }},
    Placeholder{"only_these", only_these},
    Placeholder{"routers_word", routers_word},
    Placeholder{"outcome", [](const Facts& f) { return std::string(tally::name(f.cause)); }},
    Placeholder{"nested", nested_in_words},
    Placeholder{"first", [](const Facts& f) { return f.nested.empty() ? std::string() : to_string(f.nested[0]); }},
    Placeholder{"ports", [](const Facts& f) { return counted(f.host_failing_ports, "port", "ports"); }},
};

}  // namespace

std::string protocol_in_words(std::string_view application) {
    static constexpr std::array abbreviations{
        "amqp", "bgp",  "dns",  "ftp", "http", "imap", "irc", "ldap", "mqtt", "nats", "nfs", "nntp", "pop3",
        "rdp",  "rtmp", "rtsp", "sip", "smb",  "smtp", "ssh", "tds",  "tls",  "tns",  "vnc", "xmpp",
    };
    std::string text(application);
    if (std::ranges::find(abbreviations, application) != abbreviations.end())
        std::ranges::transform(text, text.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

std::string clock_time(tally::Time time, tally::Time now) {
    const std::tm then = local(time), today = local(now);
    const bool same_day = then.tm_yday == today.tm_yday && then.tm_year == today.tm_year;
    return formatted(then, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

std::string clients_in_words(const Facts& facts) {
    std::string text = counted(facts.clients, "client", "clients");
    if (facts.peers.empty()) return text;
    const std::size_t named = std::min<std::size_t>(facts.peers.size(), facts.clients <= 3 ? 3 : 2);
    for (std::size_t i = 0; i < named; ++i)
        text += (i == 0                   ? " ("
                 : i + 1 == facts.clients ? " and "
                                          : ", ") +
                with_label(to_string(facts.peers[i].who.address), facts.peer_hosts, i);
    if (facts.clients > named) text += " and " + std::to_string(facts.clients - named) + " more";
    return text + ')';
}

/// RFC 792 and RFC 1812 section 5.2.7.1 for type 3, RFC 4443 section 3.1 for type 1 of ICMPv6.
std::string icmp_in_words(const IcmpError& error) {
    if (error.is_policy()) return "forbidden by a filter";
    static constexpr std::array v4{"network unreachable", "host unreachable",     "protocol unreachable",
                                   "port unreachable",    "fragmentation needed", "source route failed",
                                   "network unknown",     "host unknown"};
    static constexpr std::array v6{"no route",         "forbidden by a filter",  "beyond scope",  "address unreachable",
                                   "port unreachable", "source address refused", "route rejected"};
    if (error.type == 3 && error.code < v4.size()) return v4[error.code];
    if (error.type == 1 && error.code < v6.size()) return v6[error.code];
    return "unreachable (code " + std::to_string(error.code) + ')';
}

std::string fill(std::string_view text, const Facts& facts) {
    std::string filled;
    while (!text.empty()) {
        const std::size_t open = text.find('{');
        filled += text.substr(0, open);
        if (open == std::string_view::npos) break;
        const std::size_t close = text.find('}', open);
        const std::string_view name = text.substr(open + 1, close - open - 1);
        const auto* found = std::ranges::find(placeholders, name, &Placeholder::name);
        filled += found != placeholders.end() ? found->text(facts) : std::string(text.substr(open, close - open + 1));
        text.remove_prefix(close + 1);
    }
    return filled;
}

}  // namespace rstwatch::control
