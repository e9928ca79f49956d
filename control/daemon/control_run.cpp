// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/control_run.h"

#include <exception>

namespace rstwatch::control {
namespace {

/// What was counted and is in no document: nothing that the cores counted is lost without being told.
std::string unmerged_text(const Dataplane& dataplane, const Controller& controller) {
    std::uint64_t received = 0;
    for (const auto& status : dataplane.core_status()) received += status->received.load(std::memory_order_relaxed);
    const std::uint64_t merged = controller.merged_packets();
    return std::to_string(merged) + " packets had been merged, " + std::to_string(received - merged) +
           " more were counted and are lost";
}

}  // namespace

std::optional<std::string> run_control(Dataplane& dataplane, Controller& controller, Vitals& vitals) {
    std::string reason;
    try {
        controller.run();
        vitals.rest();
        return std::nullopt;
    } catch (const std::exception& error) {
        reason = std::string("the control thread has failed: ") + error.what();
    }
    vitals.fail(reason + "; the daemon ends");
    // What the controller knows may be half of something: it is not saved in place of what was saved before.
    dataplane.request_stop();
    controller.abandon();
    return reason + "; " + unmerged_text(dataplane, controller);
}

}  // namespace rstwatch::control
