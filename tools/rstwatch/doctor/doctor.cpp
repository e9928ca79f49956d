// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/doctor/doctor.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "config/loader.h"
#include "tools/rstwatch/csv.h"
#include "tools/rstwatch/document.h"
#include "tools/rstwatch/table.h"

namespace rstwatch::cli::checkup {
namespace {

using State = Finding::State;

constexpr const char* usual_file = "/etc/rstwatch/rstwatch.toml";

Style style_of(State state) {
    if (state == State::wrong) return Style::error;
    return state == State::advice ? Style::warn : Style::plain;
}

Document document_of(const Finding& finding) {
    return {{"check", finding.check},
            {"object", finding.object},
            {"state", name(finding.state)},
            {"found", finding.found},
            {"cure", finding.cure.empty() ? Document(nullptr) : Document(finding.cure)}};
}

std::size_t count(const Findings& findings, State state) {
    return static_cast<std::size_t>(std::ranges::count(findings, state, &Finding::state));
}

void write_table(const Findings& findings, Output& out) {
    Table table({{"STATE"}, {"CHECK"}, {"OBJECT"}, {"FOUND"}});
    for (const Finding& finding : findings)
        table.add({std::string(name(finding.state)), finding.check, finding.object, finding.found},
                  style_of(finding.state), finding.cure);
    table.write(out);
    const std::size_t wrong = count(findings, State::wrong), advice = count(findings, State::advice);
    out.line("");
    out.line(wrong == 0 && advice == 0
                 ? "all is well"
                 : std::to_string(wrong) + " wrong, " + std::to_string(advice) + " could be better");
}

void write(const Findings& findings, Format format, Output& out) {
    if (format == Format::table) return write_table(findings, out);
    if (format == Format::csv) {
        out.line(csv_line({"check", "object", "state", "found", "cure"}));
        for (const Finding& each : findings)
            out.line(csv_line({each.check, each.object, std::string(name(each.state)), each.found, each.cure}));
        return;
    }
    Document checks = Document::array();
    for (const Finding& finding : findings) checks.push_back(document_of(finding));
    if (format == Format::jsonl) {
        for (const Document& check : checks) out.line(json_line(check));
        return;
    }
    out.line(json_line({{"schema", "rstwatch.doctor/1"},
                        {"wrong", count(findings, State::wrong)},
                        {"advice", count(findings, State::advice)},
                        {"checks", std::move(checks)}}));
}

/// The settings that a daemon would have; false, and said, if they cannot be read.
bool read_settings(const DoctorOptions& options, config::Settings& settings, std::ostream& err) {
    std::string file = options.config_file;
    if (file.empty() && std::filesystem::exists(usual_file)) file = usual_file;
    if (file.empty()) return true;
    const config::LoadResult loaded = config::load_file(file);
    for (const config::Diagnostic& error : loaded.errors) err << "rstwatch: " << config::to_string(error) << '\n';
    settings = loaded.settings;
    return loaded.ok();
}

}  // namespace

Findings examine(const Machine& machine, const Needs& needs) {
    Findings all = check_processor(machine);
    const auto add = [&all](Findings more) { std::ranges::move(more, std::back_inserter(all)); };
    add(check_clock_source(machine));
    add(check_hugepages(machine, needs));
    add(check_memory_lock(machine, needs));
    add(check_iommu(machine, needs));
    for (const std::string& address : needs.pci) {
        add(check_nic(machine, address, true));
        if (machine.has("/sys/bus/pci/devices/" + address)) add(check_nic_node(machine, address, needs));
    }
    if (!needs.dpdk())
        for (const std::string& address : ethernet_controllers(machine)) add(check_nic(machine, address, false));
    for (const std::string& name : needs.interfaces) add(check_interface(machine, name));
    add(check_isolation(machine, needs));
    add(check_capabilities(machine, needs));
    add(check_socket_directory(machine, needs));
    return all;
}

}  // namespace rstwatch::cli::checkup

namespace rstwatch::cli {

ExitCode doctor(const DoctorOptions& options, Format format, Output& out, std::ostream& err) {
    config::Settings settings;
    if (!checkup::read_settings(options, settings, err)) return ExitCode::bad_config;
    if (!options.pci.empty()) {
        settings.ports.clear();
        for (const std::string& address : options.pci) settings.ports.emplace_back().pci = address;
    }
    const checkup::Findings findings = checkup::examine(checkup::Machine(options.root), checkup::needs_of(settings));
    checkup::write(findings, format, out);
    return checkup::count(findings, checkup::State::wrong) == 0 ? ExitCode::ok : ExitCode::failure;
}

}  // namespace rstwatch::cli
