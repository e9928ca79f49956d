// SPDX-License-Identifier: Apache-2.0
#include "control/export/destination.h"

#include <algorithm>

#include "control/export/traffic_json.h"

namespace rstwatch::control {
namespace {

Json time_or_null(tally::Time time) {
    return time == 0 ? Json(nullptr) : Json(seconds(time));
}

Json diagnosis_json(const Diagnosis& diagnosis) {
    Json considered = Json::array();
    for (const auto& [cause, why_not] : diagnosis.considered)
        considered.push_back({{"cause", cause}, {"why_not", why_not}});
    return {{"rule", diagnosis.rule},           {"sentence", diagnosis.sentence},
            {"evidence", diagnosis.evidence},   {"considered", std::move(considered)},
            {"next_step", diagnosis.next_step}, {"commands", diagnosis.commands}};
}

Json diagnosis_json(const Knowledge& knowledge, const AlertSubject& subject) {
    return diagnosis_json(diagnose(gather(knowledge.sources(), subject)));
}

Json outcomes_of(const RegistryRow& row) {
    std::array<std::uint64_t, tally::outcome_count> outcomes{};
    for (const OutcomeCount& each : row.outcomes) outcomes[tally::index(each.outcome)] = each.seen.count;
    return nonzero_outcomes_json(outcomes);
}

Json identity_json(const Identity* identity) {
    if (identity == nullptr) return nullptr;
    Json json = {
        {"application", identity->application}, {"detail", identity->detail}, {"seen", time_or_null(identity->seen)}};
    if (identity->reset_seen != 0) json["reset_text"] = identity->reset_text;
    return json;
}

Json service_json(const Knowledge& knowledge, const RegistryRow& row) {
    const FailureBook& book = knowledge.failures;
    const Failure* failure = book.why_fails(row.key);
    const ServiceName name = knowledge.names.name_of(row.key);
    Traffic traffic;
    traffic.add(row, knowledge.registry.destination_error(row), book.interval());
    Json json = {{"address", to_string(row.key.address)},
                 {"port", row.key.port},
                 {"service", name.name},
                 {"service_source", control::name(name.source)},
                 {"host", knowledge.names.name_of_host(row.key.address)},
                 {"identity", identity_json(knowledge.names.identity_of(row.key))}};
    json.update(traffic.json(knowledge, row.key.address, failure, "top_clients"));
    return json;
}

Json scanner_json(const Scanners& scanners, const tally::IpAddress& host) {
    const ScannerRow* row = scanners.find(host);
    if (row == nullptr || !row->is_scanner()) return nullptr;
    return {{"failed", row->failed},
            {"half_open", row->half_open},
            {"first", seconds(row->first)},
            {"last", seconds(row->last)}};
}

std::vector<const RegistryRow*> services_of(const Registry& registry, const tally::IpAddress& host) {
    std::vector<const RegistryRow*> found;
    for (const RegistryRow& row : registry.destinations().rows())
        if (row.key.address == host) found.push_back(&row);
    std::ranges::sort(found, {}, [](const RegistryRow* row) { return row->key.port; });
    return found;
}

Json incoming_json(const Knowledge& knowledge, const std::vector<const RegistryRow*>& services,
                   const tally::IpAddress& host) {
    constexpr std::size_t most = 1000;
    Json list = Json::array();
    Traffic traffic;
    for (const RegistryRow* row : services) {
        traffic.add(*row, knowledge.registry.destination_error(*row), knowledge.failures.interval());
        if (list.size() == most) continue;
        const Failure* failure = knowledge.failures.of_service(row->key);
        list.push_back({{"port", row->key.port},
                        {"service", knowledge.names.name_of(row->key).name},
                        {"failing", (failure != nullptr && knowledge.failures.is_active(*failure)) ||
                                        knowledge.failures.in_mass(row->key) != nullptr},
                        {"outcomes", outcomes_of(*row)},
                        {"accepted", row->accepted.count}});
    }
    Json json = traffic.json(knowledge, host, knowledge.failures.of_host(host), "top_clients");
    json["services"] = std::move(list);
    json["services_left_off"] = services.size() - std::min(services.size(), most);
    json["diagnosis"] = diagnosis_json(knowledge, {AlertScope::host, Direction::incoming, {host, 0}});
    return json;
}

Json outgoing_json(const Knowledge& knowledge, const RegistryRow& row) {
    Traffic traffic;
    traffic.add(row, knowledge.registry.client_error(row), knowledge.failures.interval());
    const tally::IpAddress& address = row.key.address;
    Json json = traffic.json(knowledge, address, knowledge.failures.of_client(address), "top_servers");
    json["diagnosis"] = diagnosis_json(knowledge, {AlertScope::host, Direction::outgoing, row.key});
    return json;
}

}  // namespace

std::optional<Json> destination_json(const Knowledge& knowledge, const tally::Endpoint& service) {
    const RegistryRow* row = knowledge.registry.destination(service);
    if (row == nullptr) return std::nullopt;
    Json json = service_json(knowledge, *row);
    json["diagnosis"] = diagnosis_json(knowledge, {AlertScope::service, Direction::incoming, service});
    return json;
}

std::optional<Json> host_json(const Knowledge& knowledge, const tally::IpAddress& host) {
    const RegistryRow* client = knowledge.registry.client(host);
    const std::vector<const RegistryRow*> services = services_of(knowledge.registry, host);
    if (client == nullptr && services.empty()) return std::nullopt;
    Json json = {{"address", to_string(host)},
                 {"host", knowledge.names.name_of_host(host)},
                 {"outgoing", nullptr},
                 {"incoming", nullptr}};
    if (client != nullptr) json["outgoing"] = outgoing_json(knowledge, *client);
    if (!services.empty()) json["incoming"] = incoming_json(knowledge, services, host);
    json["scanner"] = scanner_json(knowledge.scanners, host);
    // What a person is told first: of the side that fails, else of the side that there is.
    const Failure* outgoing = knowledge.failures.of_client(host);
    const Failure* incoming = knowledge.failures.of_host(host);
    const bool as_client = services.empty() || ((incoming == nullptr || incoming->failed == 0) && outgoing != nullptr);
    json["diagnosis"] = json[as_client ? "outgoing" : "incoming"]["diagnosis"];
    return json;
}

Json destinations_json(const Knowledge& knowledge, const DestinationsQuery& query) {
    std::vector<const RegistryRow*> found;
    for (const RegistryRow& row : knowledge.registry.destinations().rows()) {
        if (row.key < query.from) continue;
        const Failure* failure = query.failing ? knowledge.failures.of_service(row.key) : nullptr;
        const bool fails = failure != nullptr && knowledge.failures.is_active(*failure);
        if (!query.failing || fails || knowledge.failures.in_mass(row.key) != nullptr) found.push_back(&row);
    }
    const auto by_key = [](const RegistryRow* row) { return row->key; };
    const std::size_t shown = std::min(query.rows, found.size());
    const auto cut = found.begin() + static_cast<std::ptrdiff_t>(std::min(shown + 1, found.size()));
    std::ranges::partial_sort(found, cut, {}, by_key);
    Json list = Json::array();
    for (std::size_t i = 0; i < shown; ++i) list.push_back(service_json(knowledge, *found[i]));
    return {{"destinations", std::move(list)},
            {"next_cursor", shown < found.size() ? Json(to_string(found[shown]->key)) : Json(nullptr)}};
}

Json services_json(const Knowledge& knowledge, std::size_t rows) {
    std::vector<const Failure*> failing;
    for (const FailureBook::Table* table : {&knowledge.failures.services(), &knowledge.failures.suspects()})
        for (const Failure& failure : table->rows()) {
            const bool is_suspect = table == &knowledge.failures.suspects();
            if (failure.failed > 0 && (!is_suspect || knowledge.failures.is_mass(failure))) failing.push_back(&failure);
        }
    std::ranges::sort(failing, [](const Failure* a, const Failure* b) {
        return a->failed != b->failed ? a->failed > b->failed : a->key < b->key;
    });
    Json list = Json::array();
    for (const Failure* failure : failing) {
        if (list.size() == rows) break;
        if (auto json = destination_json(knowledge, failure->key)) list.push_back(std::move(*json));
    }
    return list;
}

}  // namespace rstwatch::control
