// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "config/consistency.h"
#include "config/loader.h"

namespace rstwatch::control {
namespace {

constexpr int usage_error = 2;

void add_ports(std::vector<config::Port>& ports, const std::vector<std::string>& values,
               std::string config::Port::*member) {
    for (const std::string& value : values) ports.emplace_back().*member = value;
}

/// The file's own ports were checked with it; those of the command line replace them and have not been.
std::vector<config::Diagnostic> misfits_of(const config::Settings& settings) {
    std::vector<config::Diagnostic> misfits;
    for (config::Conflict& conflict : config::conflicts(settings))
        misfits.push_back({"the command line", {}, std::move(conflict.message)});
    return misfits;
}

}  // namespace

std::optional<int> parse_command_line(int argc, char** argv, CommandLine& line) {
    CLI::App app(
        "rstwatchd: follows every TCP connection attempt that a port or a capture shows, and serves what came "
        "of them");
    std::vector<std::string> interfaces, pci, vdevs, captures, sets;
    std::string listen, socket;
    bool report = false, report_lines = false;
    app.add_option("--config", line.config_file, "settings file (default: all settings at their defaults)");
    app.add_option("--interface", interfaces, "watch a kernel network interface, such as eth1 or lo")
        ->allow_extra_args(false);
    app.add_option("--pci", pci, "watch a NIC bound to a DPDK driver, such as 0000:3b:00.0")->allow_extra_args(false);
    app.add_option("--vdev", vdevs, "watch a DPDK virtual device, such as net_pcap0,iface=lo")->allow_extra_args(false);
    app.add_option("--capture", captures, "replay a capture file (pcap, pcapng, gzipped or not; - is standard input)")
        ->allow_extra_args(false);
    CLI::Option* listen_option = app.add_option("--listen", listen, "loopback ADDRESS:PORT of the REST interface");
    CLI::Option* socket_option = app.add_option("--socket", socket, "path of its Unix socket, or off");
    app.add_option("--set", sets, "change one setting, such as rx.queues=2")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE");
    app.add_flag("--check-config", line.check_config, "say what is wrong with the settings, and exit");
    app.add_flag("--report", report, "print the report of the captures and exit, instead of serving it");
    app.add_flag("--report-lines", report_lines, "print one line for each connection of the captures and exit");
    app.add_flag("--connections", line.connections, "list every connection in the report");
    app.add_option("--rows", line.rows, "rows in each ranking of the report")->capture_default_str();
    app.set_version_flag("--version", std::string("rstwatchd ") + RSTWATCH_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : usage_error;
    }
    add_ports(line.ports, interfaces, &config::Port::interface);
    add_ports(line.ports, pci, &config::Port::pci);
    add_ports(line.ports, vdevs, &config::Port::vdev);
    add_ports(line.ports, captures, &config::Port::capture);
    for (const std::string& set : sets) line.overrides.push_back({set, "--set"});
    if (*listen_option) line.overrides.push_back({"http.listen=" + listen, "--listen"});
    if (*socket_option) line.overrides.push_back({"http.socket=" + socket, "--socket"});
    if (report) line.report = CommandLine::Report::document;
    if (report_lines) line.report = CommandLine::Report::lines;
    if (line.report != CommandLine::Report::none && captures.empty()) {
        std::fputs("rstwatchd: --report needs a --capture to report on\n", stderr);
        return usage_error;
    }
    return std::nullopt;
}

std::vector<config::Diagnostic> read_settings(const CommandLine& line, config::Settings& settings) {
    config::LoadResult result = line.config_file.empty() ? config::load_text("", "the command line", line.overrides)
                                                         : config::load_file(line.config_file, line.overrides);
    settings = std::move(result.settings);
    if (line.ports.empty()) return std::move(result.errors);
    settings.ports = line.ports;
    return result.ok() ? misfits_of(settings) : std::move(result.errors);
}

bool load_settings(const CommandLine& line, config::Settings& settings) {
    const std::vector<config::Diagnostic> errors = read_settings(line, settings);
    for (const config::Diagnostic& error : errors)
        std::fprintf(stderr, "rstwatchd: %s\n", config::to_string(error).c_str());
    return errors.empty();
}

}  // namespace rstwatch::control
