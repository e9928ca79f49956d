// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "config/changes.h"
#include "config/diagnostic.h"
#include "control/daemon/command_line.h"
#include "control/daemon/service_knowledge.h"
#include "control/memory.h"

namespace rstwatch::control {

/// The settings that a serving daemon runs with, and what becomes of them when its files are read anew. The control
/// thread reloads; anybody may ask how it stands.
class LiveSettings {
  public:
    /// Hands over what is to be done with settings and names that have changed.
    using TakeOver = std::function<void(const config::Settings&, const config::ServiceLabels&)>;

    /// As the daemon was started: with `settings`, and with what `services` says.
    LiveSettings(CommandLine line, const config::Settings& settings, const ServiceKnowledge& services);

    /// Before the first reload.
    void on_change(TakeOver take_over) { take_over_ = std::move(take_over); }

    /// Reads all files anew. All of it is right, and what can be is handed over; or something is wrong, and everything
    /// stays as it is. Says which in the log, and tells the service manager when it is done.
    void reload();

    /// The member `settings` of the status.
    Json json() const;
    /// What tables take at most, by the settings of now.
    std::vector<MemoryPart> memory() const;

  private:
    struct Files;

    std::vector<config::Diagnostic> read(Files& files) const;
    void refuse(const std::vector<config::Diagnostic>& errors);
    void accept(Files files);

    CommandLine line_;
    TakeOver take_over_;
    std::vector<config::Signature> signatures_at_start_;
    // Written by the control thread alone, under the mutex; read by others under it.
    mutable std::mutex mutex_;
    config::Settings running_;
    config::ServiceLabels labels_;
    std::vector<config::Signature> signatures_;  // that were checked last
    std::vector<config::Change> awaiting_;
    std::vector<MemoryPart> memory_;
    std::vector<std::string> errors_;  // of the last reload
    tally::Time loaded_;               // wall time
    std::uint64_t reloads_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace rstwatch::control
