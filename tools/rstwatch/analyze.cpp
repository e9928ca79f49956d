// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/analyze.h"

#include <csignal>

#include <utility>
#include <variant>

#include "tools/rstwatch/daemon_process.h"
#include "tools/rstwatch/document.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/report.h"

namespace rstwatch::cli {
namespace {

/// True where rstwatchd itself writes what the operator wants to see.
bool is_passed_through(const AnalyzeOptions& options, Format format) {
    return format == Format::json || (format == Format::jsonl && options.connections);
}

/// A name that looks like an option would be taken for one.
std::string as_argument(const std::string& file) {
    return file.size() > 1 && file[0] == '-' ? "./" + file : file;
}

void write(const Document& report, Format format, Output& out, std::ostream& diagnostics) {
    if (format == Format::csv)
        write_report_csv(report, out, diagnostics);
    else if (format == Format::jsonl)
        write_report_lines(report, out, diagnostics);
    else
        write_report(report, out, diagnostics);
}

}  // namespace

std::vector<std::string> daemon_arguments(const AnalyzeOptions& options, Format format) {
    const bool lines = options.connections && format == Format::jsonl;
    std::vector<std::string> arguments{lines ? "--report-lines" : "--report"};
    if (options.connections && !lines) arguments.emplace_back("--connections");
    if (options.rows) {
        arguments.emplace_back("--rows");
        arguments.push_back(std::to_string(*options.rows));
    }
    for (const auto& setting : options.settings) {
        arguments.emplace_back("--set");
        arguments.push_back(setting);
    }
    for (const auto& file : options.files) {
        arguments.emplace_back("--capture");
        arguments.push_back(as_argument(file));
    }
    return arguments;
}

int analyze(const AnalyzeOptions& options, Format format, Output& out, std::ostream& diagnostics) {
    const auto fail = [&](const std::string& message) {
        diagnostics << "rstwatch: " << printable(message) << '\n';
        return number(ExitCode::failure);
    };
    const auto arguments = daemon_arguments(options, format);
    if (is_passed_through(options, format)) return fail(exec_daemon(arguments));

    // An interrupt reaches the daemon, too, which then reports on what it has read: that is to be shown, not lost.
    std::signal(SIGINT, SIG_IGN);
    auto outcome = run_daemon(arguments);
    if (const auto* error = std::get_if<std::string>(&outcome)) return fail(*error);
    const auto& [output, exit_code, ended_by] = std::get<DaemonResult>(outcome);
    if (!ended_by.empty()) return fail("rstwatchd was ended by a signal: " + ended_by);
    if (output.empty() && exit_code != 0) return exit_code;  // it has said why

    const auto report = parse_document(output);
    if (!report || !report->is_object()) return fail("rstwatchd wrote no report; see what it says above");
    const auto schema = text_at(*report, "schema");
    if (schema != report_schema)
        return fail("rstwatchd writes reports of schema \"" + schema + "\", this rstwatch reads " +
                    std::string(report_schema) + "; install both in the same version");
    write(*report, format, out, diagnostics);
    return exit_code;
}

}  // namespace rstwatch::cli
