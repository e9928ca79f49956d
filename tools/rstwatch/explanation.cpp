// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/explanation.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tools/rstwatch/depth.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/number_format.h"
#include "tools/rstwatch/outcome_text.h"
#include "tools/rstwatch/row.h"
#include "tools/rstwatch/table.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

using Align = Column::Align;

bool is_failing(const Document& side) {
    return !member_at(side, "failing").empty() || is_true_at(side, "failing");
}

void write_title(const char* title, Output& out) {
    out.line("");
    out.line(out.heading(title));
}

void write_item(const std::string& text, Output& out) {
    out.text("  - ", printable(text));
}

/// A daemon that does not know a member writes no null for it: then there is no section.
void write_diagnosis(const Document& document, Output& out) {
    const auto& diagnosis = member_at(document, "diagnosis");
    const auto sentence = text_at(diagnosis, "sentence");
    const bool failing = is_failing(document) || is_failing(member_at(document, "incoming")) ||
                         is_failing(member_at(document, "outgoing"));
    out.text("", printable(sentence.empty() ? "no diagnosis" : sentence), failing ? Style::error : Style::good);

    const auto& evidence = member_at(diagnosis, "evidence");
    if (!evidence.empty()) write_title("Evidence", out);
    for (const auto& item : evidence)
        if (item.is_string()) write_item(item.get<std::string>(), out);

    const auto& considered = member_at(diagnosis, "considered");
    if (!considered.empty()) write_title("What else was considered", out);
    for (const auto& item : considered) write_item(text_at(item, "cause") + ": " + text_at(item, "why_not"), out);

    const auto next_step = text_at(diagnosis, "next_step");
    const auto& commands = member_at(diagnosis, "commands");
    if (next_step.empty() && commands.empty()) return;
    write_title("Next step", out);
    if (!next_step.empty()) out.text("  ", printable(next_step));
    // Not wrapped: a command that is broken cannot be pasted.
    for (const auto& command : commands)
        if (command.is_string()) out.line("    " + printable(command.get<std::string>()));
}

/// Names on the left, what is known of them on the right.
class Facts {
  public:
    explicit Facts(Output& out) : out_(out) {}

    void add(const std::string& name, const std::string& text) {
        constexpr std::size_t column = 16;
        out_.text(name + std::string(column - std::min(column - 1, name.size()), ' '), printable(text), Style::plain,
                  Style::heading);
    }

  private:
    Output& out_;
};

/// "512 refused, 38 closed": most frequent first.
std::string outcomes_text(const Document& outcomes) {
    std::vector<std::pair<std::int64_t, std::string>> counts;
    for (const auto& [name, value] : outcomes.items())
        if (const auto count = integer_at(outcomes, name).value_or(0); count > 0) counts.emplace_back(count, name);
    std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::string text;
    for (const auto& [count, name] : counts) text += (text.empty() ? "" : ", ") + with_separators(count) + " " + name;
    return text.empty() ? "none yet" : text;
}

std::string accepted_text(const Document& accepted, double now) {
    const auto count = integer_at(accepted, "count");
    if (count == 0) return "never";
    if (count == 1) return "1 connection, at " + time_text(number_at(accepted, "last"), now);
    return count_text(count) + " connections, the last at " + time_text(number_at(accepted, "last"), now) +
           ", the first at " + time_text(number_at(accepted, "first"), now);
}

/// "10.0.0.2 312, 10.0.0.3 200 ±3"
std::string peers_text(const Document& peers, const NameOf& name_of) {
    std::string text;
    for (const auto& peer : peers) {
        const auto address = text_at(peer, "address");
        const auto name = name_of ? name_of(address) : std::string();
        text += (text.empty() ? "" : ", ") + endpoint_text(address, integer_at(peer, "port")) +
                (name.empty() ? "" : " (" + name + ")") + ": " +
                estimate_text(integer_at(peer, "count"), integer_at(peer, "error"));
    }
    return text;
}

void write_failing(const Document& failing, Facts& facts, double now, const NameOf& name_of) {
    if (failing.empty()) return;
    const auto since = number_at(failing, "since");
    const auto last = number_at(failing, "last");
    const auto lasted = since && last ? std::optional<double>(*last - *since) : std::nullopt;
    const auto length = lasted == 0.0 ? "" : ", for " + span_text(lasted) + ", last at " + time_text(last, now);
    facts.add("failing since", time_text(since, now) + length + ": " + outcomes_text(member_at(failing, "outcomes")));
    // Of what a host does itself the others are servers, whatever the daemon calls their number.
    const bool of_servers = failing.contains("top_servers");
    const std::string who = of_servers ? "servers" : "clients";
    if (integer_at(failing, "clients"))
        facts.add(who, estimate_text(integer_at(failing, "clients"), integer_at(failing, "clients_error")) +
                           " affected, " + count_text(integer_at(failing, "succeeding_clients")) + " still succeeding");
    const auto peers = peers_text(member_at(failing, of_servers ? "top_servers" : "top_clients"), name_of);
    if (!peers.empty()) facts.add("top " + who, peers);
}

/// Of a span that the daemon has watched in part only, that part; of those that are longer it would be the same.
void write_rates(const Document& rates, Facts& facts) {
    for (const auto& rate : rates) {
        const auto span = integer_at(rate, "seconds").value_or(0);
        const auto covered = integer_at(rate, "covered_seconds").value_or(span);
        facts.add("over " + (covered < span ? span_text(static_cast<double>(covered)) : period_text(span)),
                  rate_text(number_at(rate, "failed_per_second")) + "/s failed, " +
                      rate_text(number_at(rate, "accepted_per_second")) + "/s accepted" +
                      (covered < span ? ", all that was watched" : ""));
        if (covered < span) break;
    }
}

std::string hops_text(const Document& hops) {
    std::string text;
    for (const auto& hop : hops)
        if (hop.is_number_integer()) text += (text.empty() ? "" : ", ") + std::to_string(hop.get<std::int64_t>());
    return text;
}

/// What services and hosts, in either direction, have in common.
void write_traffic(const Document& side, Facts& facts, double now, const NameOf& name_of) {
    if (side.contains("outcomes")) facts.add("outcomes", outcomes_text(member_at(side, "outcomes")));
    write_failing(member_at(side, "failing"), facts, now, name_of);
    write_rates(member_at(side, "rates"), facts);
    if (side.contains("accepted")) facts.add("accepted", accepted_text(member_at(side, "accepted"), now));
    if (number_at(side, "last_response")) facts.add("last response", time_text(number_at(side, "last_response"), now));
    const auto& handshake = member_at(side, "handshake");
    if (number_at(handshake, "median_seconds"))
        facts.add("handshake", latency_text(number_at(handshake, "median_seconds")) + " in the median of " +
                                   count_text(integer_at(handshake, "samples")));
    if (const auto hops = hops_text(member_at(side, "hops")); !hops.empty()) facts.add("hops", hops);
    const auto& queue = member_at(side, "listen_queue");
    if (integer_at(queue, "overflows").value_or(0) > 0)
        facts.add("listen queue", count_text(integer_at(queue, "overflows")) + " overflows, the last at " +
                                      time_text(number_at(queue, "last"), now));
    if (number_at(side, "first_seen")) facts.add("first seen", time_text(number_at(side, "first_seen"), now));
}

void write_name(const Document& document, Facts& facts, const NameOf& name_of) {
    if (const auto label = text_at(document, "host"); !label.empty()) facts.add("host", label + ", as labelled");
    const auto name = name_of ? name_of(text_at(document, "address")) : std::string();
    if (!name.empty()) facts.add("name", name);
}

/// How the service's name is known.
std::string source_text(const std::string& source) {
    if (source == "label") return ", as labelled";
    if (source == "spoke") return ", by what it spoke";
    return source == "port" ? ", by its port number" : "";
}

void write_service(const Document& document, Output& out, double now, const NameOf& name_of) {
    out.line("");
    Facts facts(out);
    write_name(document, facts, name_of);
    const auto service = text_at(document, "service");
    facts.add("service", service.empty() ? "unknown" : service + source_text(text_at(document, "service_source")));
    const auto& identity = member_at(document, "identity");
    if (!identity.empty()) {
        const auto detail = text_at(identity, "detail");
        facts.add("spoke", text_at(identity, "application") + (detail.empty() ? "" : ", " + detail) + ", at " +
                               time_text(number_at(identity, "seen"), now));
    }
    write_traffic(document, facts, now, name_of);
}

/// The ports of a host that fail, one line each.
void write_services_of_host(const Document& incoming, Output& out) {
    const auto& services = member_at(incoming, "services");
    Table table(
        {{"PORT", Align::right}, {"SERVICE"}, {"FAILED", Align::right}, {"MOSTLY"}, {"ACCEPTED", Align::right}});
    for (const auto& service : services) {
        if (!is_failing(service)) continue;
        const auto& outcomes = member_at(service, "outcomes");
        const auto port = integer_at(service, "port");
        table.add({port ? std::to_string(*port) : "unknown", service_of(service),
                   with_separators(failed_total(outcomes)), worst_outcome(outcomes),
                   count_text(integer_at(service, "accepted"))});
    }
    write_title("Services with problems", out);
    if (table.empty())
        out.line("  none of " + with_separators(static_cast<std::int64_t>(services.size())));
    else
        table.write(out, "  ");
    const auto left_off = integer_at(incoming, "services_left_off").value_or(0);
    if (left_off > 0) out.line("  " + with_separators(left_off) + " more ports are not looked at here");
}

/// One direction of a host's connections: what is wrong with it, unless that was said already, and the facts.
void write_side(const char* title, const Document& document, const Document& side, Output& out, double now,
                const NameOf& name_of) {
    if (side.empty()) return;
    write_title(title, out);
    const auto sentence = text_at(member_at(side, "diagnosis"), "sentence");
    if (!sentence.empty() && sentence != text_at(member_at(document, "diagnosis"), "sentence"))
        out.text("", printable(sentence));
    Facts facts(out);
    write_traffic(side, facts, now, name_of);
}

void write_host(const Document& document, Output& out, double now, const NameOf& name_of) {
    const auto& incoming = member_at(document, "incoming");
    if (!incoming.empty()) write_services_of_host(incoming, out);
    write_side("Incoming", document, incoming, out, now, name_of);
    write_side("Outgoing", document, member_at(document, "outgoing"), out, now, name_of);
    Facts facts(out);
    out.line("");
    write_name(document, facts, name_of);
    const auto& scanner = member_at(document, "scanner");
    facts.add("scanner", scanner.empty() ? "no"
                                         : "yes: " + count_text(integer_at(scanner, "failed")) + " failed" +
                                               (is_true_at(scanner, "half_open") ? ", half-open scans" : "") +
                                               ", from " + time_text(number_at(scanner, "first"), now) + " to " +
                                               time_text(number_at(scanner, "last"), now));
}

}  // namespace

void write_explanation(const Document& document, Output& out, double now, const NameOf& name_of) {
    if (const auto depth = depth_trouble_since_start(document); !depth.empty()) {
        out.text("", "depth: " + depth, Style::error);
        out.line("");
    }
    write_diagnosis(document, out);
    if (integer_at(document, "port"))
        write_service(document, out, now, name_of);
    else
        write_host(document, out, now, name_of);
}

}  // namespace rstwatch::cli
