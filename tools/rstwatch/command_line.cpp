// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tools/rstwatch/alerts.h"
#include "tools/rstwatch/analyze.h"
#include "tools/rstwatch/check.h"
#include "tools/rstwatch/completion.h"
#include "tools/rstwatch/doctor/doctor.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/events.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/explain.h"
#include "tools/rstwatch/history.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"
#include "tools/rstwatch/status.h"
#include "tools/rstwatch/top.h"

namespace rstwatch::cli {
namespace {

/// The program's options and what they were set to. A command is a function that is run once all are known.
class CommandLine {
  public:
    CommandLine() {
        app_.set_version_flag("--version", "rstwatch " RSTWATCH_VERSION);
        app_.require_subcommand(0, 1);  // that there is none is said in run(), after what is not understood
        app_.fallthrough();
        app_.add_option("--server", server_, "Daemon to ask: http://HOST:PORT or unix:PATH; else $RSTWATCH_SERVER")
            ->type_name("ADDRESS");
        app_.add_option("-o,--output", format_name_, "Form of the output")
            ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}))
            ->capture_default_str();
        add_analyze();
        add_top();
        add_explain();
        add_alerts();
        add_check();
        add_history();
        add_status();
        add_events();
        add_doctor();
        add_completion();
    }

    int run(int argc, const char* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            // Success stands for --help and --version here.
            if (app_.exit(error) == 0) return number(ExitCode::ok);
            return checks() ? number(CheckState::unknown) : number(ExitCode::usage);
        }
        if (!command_) {
            std::cerr << "rstwatch: no command is given; give one of " << commands()
                      << " (rstwatch --help explains them)\n";
            return number(ExitCode::usage);
        }
        const int code = command_();
        if (out_.finish()) return code;
        std::cerr << "rstwatch: could not write all of the output; is the disk full?\n";
        return checks() ? number(CheckState::unknown) : number(ExitCode::failure);
    }

  private:
    /// "analyze, top, …"
    std::string commands() const {
        std::string names;
        for (const CLI::App* command : app_.get_subcommands({}))
            names += (names.empty() ? "" : ", ") + command->get_name();
        return names;
    }

    void add_analyze() {
        auto* command = app_.add_subcommand("analyze", "Report on captures: pcap, pcapng, also compressed by gzip");
        command->add_option("FILE", analyze_.files, "Captures to read; - is standard input")->required();
        // More than any registry holds may be asked for: all rows, then.
        command->add_option("-n,--rows", analyze_.rows, "Rows of each list")->check(CLI::Range(1, 1'000'000'000));
        command->add_flag("--connections", analyze_.connections, "List every connection");
        command->add_option("--set", analyze_.settings, "Set a key of the configuration")
            ->type_name("KEY=VALUE")
            ->allow_extra_args(false);
        command->callback([this] { command_ = [this] { return analyze(analyze_, format(), out_, std::cerr); }; });
    }

    void add_top() {
        auto* command = app_.add_subcommand("top", "Who refuses or loses connections now");
        command->add_option("--by", top_.by, "What to list")
            ->check(CLI::IsMember({"destination", "client", "service"}))
            ->capture_default_str();
        command->add_option("--outcome", top_.outcome, "What to count: refused, failed or the name of an outcome")
            ->capture_default_str();
        command
            ->add_option("--window", top_.window,
                         "Over how long a time, such as 60s or 5m (default: 60s, or all of a replay)")
            ->type_name("DURATION");
        command->add_option("-n,--rows", top_.rows, "Rows (default: 10, in the live view all)")
            ->check(CLI::Range(1, 100000));
        command->add_flag("--once", top_.once, "Show it once instead of a live view");
        command->add_option("--from", top_.from, "Of a time in the past: since when, such as 10:50 or 2026-11-21T10:50")
            ->type_name("TIME");
        command->add_option("--to", top_.to, "Until when (default: now)")->type_name("TIME");
        add_resolve(command, top_.resolve);
        command->callback([this] {
            command_ = [this] {
                return with_servers(
                    [this](const auto& servers) { return top(top_, servers, format(), out_, std::cerr); });
            };
        });
    }

    static void add_resolve(CLI::App* command, bool& resolve) {
        command->add_flag("-r,--resolve", resolve, "Show names of addresses: asks DNS");
    }

    void add_explain() {
        auto* command = app_.add_subcommand("explain", "What is wrong with a service or a host, why, and what to do");
        command->add_option("ADDRESS", explain_.subject, "ADDRESS:PORT of a service, or ADDRESS of a host")->required();
        add_resolve(command, explain_.resolve);
        command->callback([this] {
            command_ = [this] {
                return with_servers(
                    [this](const auto& servers) { return explain(explain_, servers, format(), out_, std::cerr); });
            };
        });
    }

    void add_history() {
        auto* command = app_.add_subcommand("history", "How many connections failed, over time");
        auto* last = command->add_option("--last", history_.last, "How far back, such as 15m, 6h or 7d (default: 1h)")
                         ->type_name("DURATION");
        command->add_option("--from", history_.from, "Since when, such as 10:50 or 2026-11-21T10:50")
            ->type_name("TIME")
            ->excludes(last);
        command->add_option("--to", history_.to, "Until when (default: now)")->type_name("TIME");
        command->add_option("--step", history_.step, "Seconds of a step: 1, 10, 60, 600, 3600 or 86400")
            ->type_name("SECONDS");
        auto* service = command->add_option("--service", history_.service, "Of one service alone, such as 10.0.0.1:443")
                            ->type_name("ADDRESS:PORT");
        auto* host = command->add_option("--host", history_.host, "Of connections to one host")
                         ->type_name("ADDRESS")
                         ->excludes(service);
        command->add_flag("--outgoing", history_.outgoing, "With --host: of connections that it makes")->needs(host);
        command->callback([this] {
            command_ = [this] {
                return with_servers(
                    [this](const auto& servers) { return history(history_, servers, format(), out_, std::cerr); });
            };
        });
    }

    void add_alerts() {
        auto* command = app_.add_subcommand("alerts", "What is failing now, and since when");
        command->add_flag("--all", alerts_.all, "Also those that were cleared within the last hour");
        command->add_option("--ack", alerts_.acknowledge, "Acknowledge an alert")->type_name("ID");
        add_resolve(command, alerts_.resolve);
        command->callback([this] {
            command_ = [this] {
                return with_servers(
                    [this](const auto& servers) { return alerts(alerts_, servers, format(), out_, std::cerr); });
            };
        });
    }

    void add_check() {
        auto* command = app_.add_subcommand("check", "Compare failures per second with thresholds: a Nagios plugin");
        command->add_option("--warn", check_.warn, "Failed attempts per second for WARNING")
            ->type_name("RATE")
            ->required();
        command->add_option("--crit", check_.crit, "Failed attempts per second for CRITICAL")
            ->type_name("RATE")
            ->required();
        command->add_option("--window", check_.window, "Over how long a time")
            ->check(CLI::IsMember({"10s", "60s", "5m"}))
            ->capture_default_str();
        command->add_option("SERVICE", check_.service, "ADDRESS:PORT; all of the network where it is not given");
        command->callback([this] {
            command_ = [this] {
                const auto servers = chosen_servers();
                if (const auto* mistake = std::get_if<std::string>(&servers))
                    return number(report_unknown(*mistake, format(), out_));
                return number(check(check_, std::get<0>(servers), format(), out_));
            };
        });
        check_command_ = command;
    }

    /// True where monitoring reads the exit code: then failures of any kind are UNKNOWN.
    bool checks() const { return check_command_->parsed(); }

    void add_status() {
        auto* command = app_.add_subcommand("status", "What the daemon receives, loses and holds");
        command->callback([this] {
            command_ = [this] {
                return with_servers([this](const auto& servers) { return status(servers, format(), out_, std::cerr); });
            };
        });
    }

    void add_events() {
        auto* command = app_.add_subcommand("events", "Every connection attempt that fails, as it happens");
        command->add_option("--outcome", events_.outcome, "Only this outcome")->type_name("NAME");
        command->add_option("--destination", events_.destination, "Only attempts to this address, or port of it")
            ->type_name("ADDRESS[:PORT]");
        command->add_option("--client", events_.client, "Only attempts by this address")->type_name("ADDRESS[:PORT]");
        add_resolve(command, events_.resolve);
        command->callback([this] {
            command_ = [this] {
                return with_servers(
                    [this](const auto& servers) { return events(events_, servers, format(), out_, std::cerr); });
            };
        });
    }

    void add_doctor() {
        auto* command = app_.add_subcommand("doctor", "Whether this machine can receive at line rate, and what to do");
        command
            ->add_option("--pci", doctor_.pci, "NIC to look at instead of those of the settings, such as 0000:3b:00.0")
            ->type_name("ADDRESS")
            ->allow_extra_args(false);
        command
            ->add_option("--config", doctor_.config_file,
                         "Settings of the daemon (default: /etc/rstwatch/rstwatch.toml)")
            ->type_name("FILE");
        command->add_option("--root", doctor_.root, "Where /proc, /sys and /dev of the machine are")
            ->type_name("DIRECTORY")
            ->capture_default_str();
        command->callback([this] { command_ = [this] { return number(doctor(doctor_, format(), out_, std::cerr)); }; });
    }

    void add_completion() {
        auto* command = app_.add_subcommand("completion", "Print a completion script");
        command->add_option("SHELL", shell_, "Shell it is for")
            ->required()
            ->check(CLI::IsMember({"bash", "zsh", "fish"}));
        command->callback([this] {
            command_ = [this] {
                out_.raw(completion_script(app_, shell_));
                return number(ExitCode::ok);
            };
        });
    }

    Format format() const {
        static const std::map<std::string, Format> formats{
            {"table", Format::table}, {"json", Format::json}, {"jsonl", Format::jsonl}, {"csv", Format::csv}};
        return formats.at(format_name_);
    }

    /// The daemons to try: the one that was named, else those that exist by default. Or what is wrong with the name.
    std::variant<std::vector<ServerAddress>, std::string> chosen_servers() const {
        auto text = server_;
        const char* environment = std::getenv("RSTWATCH_SERVER");
        if (text.empty() && environment != nullptr) text = environment;
        if (text.empty()) return default_server_addresses();
        if (const auto address = parse_server_address(text)) return std::vector{*address};
        return "the server is \"" + printable(text) +
               "\"; it must be http://HOST:PORT or unix:PATH (option --server, variable RSTWATCH_SERVER)";
    }

    int with_servers(const std::function<ExitCode(const std::vector<ServerAddress>&)>& command) const {
        const auto servers = chosen_servers();
        if (const auto* addresses = std::get_if<0>(&servers)) return number(command(*addresses));
        std::cerr << "rstwatch: " << std::get<std::string>(servers) << '\n';
        return number(ExitCode::usage);
    }

    CLI::App app_{"Which TCP connections fail, where, since when and why", "rstwatch"};
    Output out_ = Output::standard();
    std::string server_;
    std::string format_name_ = "table";
    std::string shell_;
    AnalyzeOptions analyze_;
    TopOptions top_;
    ExplainOptions explain_;
    AlertsOptions alerts_;
    CheckOptions check_;
    CLI::App* check_command_ = nullptr;
    HistoryOptions history_;
    EventsOptions events_;
    DoctorOptions doctor_;
    std::function<int()> command_;
};

}  // namespace

int run(int argc, const char* const* argv) {
    return CommandLine().run(argc, argv);
}

}  // namespace rstwatch::cli
