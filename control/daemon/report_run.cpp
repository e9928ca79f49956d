// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/report_run.h"

#include <cerrno>
#include <cstdio>

#include "control/daemon/control_run.h"
#include "control/daemon/damage.h"
#include "control/export/destination.h"
#include "control/export/report.h"

namespace rstwatch::control {
namespace {

bool print_report(const Snapshot& snapshot, Controller& controller, const CommandLine& line) {
    if (line.report == CommandLine::Report::lines) {
        controller.connections().write_lines(stdout);
    } else {
        Json services;
        controller.inspect([&](const auto& known) { services = services_json(known, line.rows); });
        std::string text =
            report(snapshot, line.rows, std::move(services)).dump(1, ' ', true, Json::error_handler_t::replace);
        if (!line.connections) {
            std::puts(text.c_str());
        } else {
            text.resize(text.size() - 2);  // the closing "\n}": one more member follows
            std::fputs(text.c_str(), stdout);
            std::fputs(",\n \"connections\": ", stdout);
            controller.connections().write_array(stdout);
            std::puts("\n}");
        }
    }
    if (std::fflush(stdout) == 0) return true;
    // A reader that has seen enough, such as head(1), needs no telling.
    if (errno != EPIPE) std::perror("rstwatchd: standard output");
    return false;
}

}  // namespace

int run_report(Dataplane& dataplane, Controller& controller, SnapshotStore& store, const CommandLine& line,
               const Signals& signals) {
    if (const port::Failure failed = dataplane.start()) {
        std::fprintf(stderr, "rstwatchd: %s\n", failed.message().c_str());
        return exit_failure;
    }
    Vitals vitals;
    const auto failed = run_control(dataplane, controller, vitals);
    dataplane.join();
    if (failed) {
        std::fprintf(stderr, "rstwatchd: %s; this is more than the machine has, or a defect\n", failed->c_str());
        return exit_failure;
    }
    const bool printed = print_report(*store.latest(), controller, line);
    const int damaged = tell_damage(dataplane);
    if (signals.stop_requested()) {
        std::fputs("rstwatchd: interrupted; the report covers what had been read\n", stderr);
        return exit_failure;
    }
    return printed ? damaged : exit_failure;
}

}  // namespace rstwatch::control
