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
#include <vector>

#include "tools/rstwatch/analyze.h"
#include "tools/rstwatch/completion.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/exit_code.h"
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
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.add_option("--server", server_, "Daemon to ask: http://HOST:PORT or unix:PATH; else $RSTWATCH_SERVER")
            ->type_name("ADDRESS");
        app_.add_option("-o,--output", format_name_, "Form of the output")
            ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}))
            ->capture_default_str();
        add_analyze();
        add_top();
        add_history();
        add_status();
        add_completion();
    }

    int run(int argc, const char* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            // Success stands for --help and --version here.
            return app_.exit(error) == 0 ? number(ExitCode::ok) : number(ExitCode::usage);
        }
        const int code = command_();
        if (out_.finish()) return code;
        std::cerr << "rstwatch: could not write all of the output; is the disk full?\n";
        return number(ExitCode::failure);
    }

  private:
    void add_analyze() {
        auto* command = app_.add_subcommand("analyze", "Report on captures: pcap, pcapng, also compressed by gzip");
        command->add_option("FILE", analyze_.files, "Captures to read; - is standard input")->required();
        command->add_option("-n,--rows", analyze_.rows, "Rows of each list")->check(CLI::Range(1, 100000));
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
        command->add_option("-n,--rows", top_.rows, "Rows")->check(CLI::Range(1, 100000))->capture_default_str();
        command->add_flag("--once", top_.once, "Show it once instead of every two seconds");
        command->add_option("--from", top_.from, "Of a time in the past: since when, such as 10:50 or 2026-11-21T10:50")
            ->type_name("TIME");
        command->add_option("--to", top_.to, "Until when (default: now)")->type_name("TIME");
        command->callback([this] {
            command_ = [this] {
                return with_servers(
                    [this](const auto& servers) { return top(top_, servers, format(), out_, std::cerr); });
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

    void add_status() {
        auto* command = app_.add_subcommand("status", "What the daemon receives, loses and holds");
        command->callback([this] {
            command_ = [this] {
                return with_servers([this](const auto& servers) { return status(servers, format(), out_, std::cerr); });
            };
        });
    }

    void add_completion() {
        auto* command = app_.add_subcommand("completion", "Print a completion script");
        command->add_option("SHELL", shell_, "Shell it is for")->required()->check(CLI::IsMember({"bash"}));
        command->callback([this] {
            command_ = [this] {
                out_.raw(bash_completion(app_));
                return number(ExitCode::ok);
            };
        });
    }

    Format format() const {
        static const std::map<std::string, Format> formats{
            {"table", Format::table}, {"json", Format::json}, {"jsonl", Format::jsonl}, {"csv", Format::csv}};
        return formats.at(format_name_);
    }

    /// Runs `command` with the daemons to try: the one that was named, else those that exist by default.
    int with_servers(const std::function<ExitCode(const std::vector<ServerAddress>&)>& command) const {
        auto text = server_;
        const char* environment = std::getenv("RSTWATCH_SERVER");
        if (text.empty() && environment != nullptr) text = environment;
        if (text.empty()) return number(command(default_server_addresses()));
        if (const auto address = parse_server_address(text)) return number(command({*address}));
        std::cerr << "rstwatch: the server is \"" << printable(text)
                  << "\"; it must be http://HOST:PORT or unix:PATH (option --server, variable RSTWATCH_SERVER)\n";
        return number(ExitCode::usage);
    }

    CLI::App app_{"Which TCP connections fail, where, since when and why", "rstwatch"};
    Output out_ = Output::standard();
    std::string server_;
    std::string format_name_ = "table";
    std::string shell_;
    AnalyzeOptions analyze_;
    TopOptions top_;
    HistoryOptions history_;
    std::function<int()> command_;
};

}  // namespace

int run(int argc, const char* const* argv) {
    return CommandLine().run(argc, argv);
}

}  // namespace rstwatch::cli
