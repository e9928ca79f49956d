// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "config/settings.h"
#include "dataplane/identify/signature_set.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/tally/time.h"

namespace rstwatch::bench {

/// How much of an RX core's work is done on each packet; each stage does all that the one before it does.
enum class Stage : std::uint8_t {
    touch,    ///< reads the headers' bytes and counts flags: the floor
    parse,    ///< packet::parse
    hash,     ///< the four-tuple's digest
    table,    ///< finds or makes the entry in the connection table
    machine,  ///< advances the connection by the state machine
    tally     ///< everything that the tracker does: duplicates, deadlines, booking, hand-over of banks
};
inline constexpr std::size_t stages = 6;
std::string_view name(Stage stage);

struct Conditions {
    std::size_t burst = 32;
    config::Settings settings;                           ///< tracking.*, deadline.*, tally.*, tunnel.*, identify.*
    const identify::SignatureSet* signatures = nullptr;  ///< null: nothing is identified
};

/// One stage with tables of its own.
class Runner {
  public:
    virtual ~Runner() = default;
    /// What is timed: judges the frames, burst by burst, at packet time `now`.
    virtual void run(std::span<const packet::Frame> frames, tally::Time now) = 0;
    /// What control would do meanwhile, on another core.
    virtual void relieve() {}
    /// Of all that was seen something that depends on every packet: the same for every build.
    virtual std::uint64_t digest() const = 0;
};

std::unique_ptr<Runner> make_runner(Stage stage, const Conditions& conditions);

}  // namespace rstwatch::bench
