// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/live_settings.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "config/signatures.h"
#include "control/daemon/service_manager.h"
#include "control/wall_time.h"

namespace rstwatch::control {
namespace {

/// Errors that the status lists; the log has all of them.
constexpr std::size_t most_listed = 20;

/// As sd_notify(3) wants it of a reload.
void tell_that_it_begins() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void tell(const std::vector<config::Change>& changed) {
    for (const config::Change& change : changed)
        if (change.effect == config::Effect::reload)
            spdlog::info("settings: {} is {} now, and was {}", change.setting, change.to, change.from);
        else
            spdlog::warn("settings: {} = {} needs a restart; until then {} holds", change.setting, change.to,
                         change.from);
}

}  // namespace

/// What a reload reads.
struct LiveSettings::Files {
    config::Settings settings;
    config::ServiceLabels labels;
    std::vector<config::Signature> signatures;
};

LiveSettings::LiveSettings(CommandLine line, const config::Settings& settings, const ServiceKnowledge& services)
    : line_(std::move(line)),
      signatures_at_start_(services.source),
      running_(settings),
      labels_(services.labels),
      signatures_(services.source),
      memory_(memory_at_most(settings)),
      loaded_(wall_time()) {}

void LiveSettings::reload() {
    tell_that_it_begins();
    Files files;
    const std::vector<config::Diagnostic> errors = read(files);
    if (errors.empty())
        accept(std::move(files));
    else
        refuse(errors);
    notify_service_manager("READY=1");
}

/// Signatures are compiled where they have changed: whether they can be is known by then, and the next start is quick.
std::vector<config::Diagnostic> LiveSettings::read(Files& files) const {
    std::vector<config::Diagnostic> errors = read_settings(line_, files.settings);
    if (!errors.empty()) return errors;
    files.labels = config::load_service_file(files.settings.services.labels);
    errors = files.labels.errors;
    if (!files.settings.identify.enabled) return errors;
    config::Signatures signatures = config::load_signatures(files.settings.identify);
    errors.insert(errors.end(), signatures.errors.begin(), signatures.errors.end());
    if (signatures.errors.empty() && signatures.all != signatures_) {
        const auto compiled = identify::LoadedSignatures::compile(signatures.all, files.settings.identify.cache);
        errors.insert(errors.end(), compiled.errors.begin(), compiled.errors.end());
    }
    files.signatures = std::move(signatures.all);
    return errors;
}

void LiveSettings::refuse(const std::vector<config::Diagnostic>& errors) {
    const std::lock_guard lock(mutex_);
    ++refused_;
    errors_.clear();
    for (const config::Diagnostic& error : errors) {
        spdlog::error("{}", config::to_string(error));
        if (errors_.size() < most_listed) errors_.push_back(config::to_string(error));
    }
    spdlog::error("settings: not reloaded, {} error{}; those of before hold", errors.size(),
                  errors.size() == 1 ? "" : "s");
}

void LiveSettings::accept(Files files) {
    const std::vector<config::Change> changed = config::changes(running_, files.settings);
    config::Settings next = config::reloaded(running_, files.settings);
    const bool other_names = files.labels.all != labels_.all;
    const bool any = other_names || std::ranges::any_of(changed, [](const config::Change& change) {
                         return change.effect == config::Effect::reload;
                     });
    if (any) take_over_(next, files.labels);
    spdlog::info("settings: reloaded{}", any ? "" : ", nothing has changed that a reload takes over");
    tell(changed);
    if (other_names) spdlog::info("settings: {} names of services and hosts are known now", files.labels.all.size());
    const std::lock_guard lock(mutex_);
    running_ = std::move(next);
    labels_ = std::move(files.labels);
    memory_ = memory_at_most(running_);
    awaiting_ = changed;
    std::erase_if(awaiting_, [](const config::Change& change) { return change.effect == config::Effect::reload; });
    if (running_.identify.enabled && files.settings.identify.enabled && files.signatures != signatures_at_start_)
        awaiting_.push_back({"identify", "the signatures of the start", "the signatures on the disk"});
    if (files.settings.identify.enabled) signatures_ = std::move(files.signatures);
    errors_.clear();
    loaded_ = wall_time();
    ++reloads_;
}

Json LiveSettings::json() const {
    const std::lock_guard lock(mutex_);
    Json awaiting = Json::array();
    for (const config::Change& change : awaiting_)
        awaiting.push_back({{"setting", change.setting}, {"running", change.from}, {"wanted", change.to}});
    return {{"file", line_.config_file.empty() ? Json(nullptr) : Json(line_.config_file)},
            {"loaded", seconds(loaded_)},
            {"reloads", reloads_},
            {"refused", refused_},
            {"errors", errors_},
            {"awaiting_restart", std::move(awaiting)}};
}

std::vector<MemoryPart> LiveSettings::memory() const {
    const std::lock_guard lock(mutex_);
    return memory_;
}

}  // namespace rstwatch::control
