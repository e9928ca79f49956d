// SPDX-License-Identifier: Apache-2.0
#include "config/changes.h"

#include <gtest/gtest.h>

#include <set>

#include "config/consistency.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

void alter(Settings& settings, const Integer& kind) {
    kind.field.edit(settings) = kind.field.read(settings) == kind.max ? kind.min : kind.max;
}
void alter(Settings& settings, const Seconds& kind) {
    kind.field.edit(settings) = kind.field.read(settings) == kind.max ? kind.min : kind.max;
}
void alter(Settings& settings, const Number& kind) {
    kind.field.edit(settings) = kind.field.read(settings) == kind.max ? kind.min : kind.max;
}
void alter(Settings& settings, const Boolean& kind) {
    kind.field.edit(settings) = !kind.field.read(settings);
}
void alter(Settings& settings, const Text& kind) {
    kind.field.edit(settings) += 'x';
}
void alter(Settings& settings, const Choice& kind) {
    kind.field.edit(settings) =
        kind.choices.front() == kind.field.read(settings) ? kind.choices.back() : kind.choices.front();
}

/// Everything differs from the defaults.
Settings altered() {
    Settings settings;
    for (const Setting& setting : all_settings())
        std::visit([&](const auto& kind) { alter(settings, kind); }, setting.kind);
    settings.ports.emplace_back().interface = "eth1";
    settings.sinks.emplace_back().syslog = "local";
    return settings;
}

TEST(Changes, NothingChangesWhereNothingDiffers) {
    EXPECT_TRUE(changes({}, {}).empty());
    EXPECT_TRUE(changes(altered(), altered()).empty());
}

TEST(Changes, NameEverySettingThatDiffers) {
    EXPECT_EQ(changes({}, altered()).size(), all_settings().size() + 2);
    Settings wanted;
    wanted.alerts.warn = 2.5;
    wanted.rx.queues = 4;
    wanted.ports.emplace_back().interface = "eth1";
    wanted.ports.emplace_back().pci = "0000:3b:00.0";
    wanted.sinks.emplace_back().journal = true;
    const std::vector<Change> expected{{"rx.queues", "1", "4", Effect::restart},
                                       {"alerts.warn", "1", "2.5", Effect::reload},
                                       {"port", "none", "eth1, 0000:3b:00.0", Effect::restart},
                                       {"sink", "none", "journal", Effect::reload}};
    EXPECT_EQ(changes({}, wanted), expected);
}

TEST(Changes, AReloadTakesOverWhatItCanAndNothingElse) {
    const Settings wanted = altered();
    const Settings next = reloaded({}, wanted);
    for (const Change& change : changes({}, next)) EXPECT_EQ(change.effect, Effect::reload) << change.setting;
    for (const Change& change : changes(next, wanted)) EXPECT_EQ(change.effect, Effect::restart) << change.setting;
    EXPECT_EQ(changes({}, next).size() + changes(next, wanted).size(), changes({}, wanted).size());
    EXPECT_TRUE(reloaded(next, {}).sinks.empty());
}

// Else a file that is right might be wrong together with what goes on until the restart.
TEST(Changes, SettingsThatHaveToFitTogetherTakeEffectTogether) {
    Settings wrong;
    wrong.alerts.warn = wrong.baseline.error = 1000;
    wrong.deadline.provisional = wrong.deadline.stall = 200;
    wrong.deadline.reset_hold = wrong.deadline.early_answer = 1;
    wrong.tunnel.geneve_ports = wrong.tunnel.vxlan_ports;
    wrong.tracking.gap = 1000;
    const auto found = conflicts(wrong);
    EXPECT_GE(found.size(), 4U);
    for (const Conflict& conflict : found) {
        std::set<Effect> effects;
        for (const auto name : conflict.settings) effects.insert(find_setting(name)->effect);
        EXPECT_LE(effects.size(), 1U) << conflict.message;
    }
}

}  // namespace
}  // namespace rstwatch::config
