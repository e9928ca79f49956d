// SPDX-License-Identifier: Apache-2.0
#include "config/override.h"
#include "config/schema.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"
#include "tests/unit/config_sections.h"

namespace rstwatch::config {
namespace {

std::string complaint(std::string_view assignment) {
    Settings settings;
    const auto error = apply_override(settings, assignment);
    return error ? to_string(*error) : "";
}

TEST(Override, SetsEveryKindOfSetting) {
    Settings settings;
    for (const auto* assignment : {"rx.queues=2", "rx.burst = 0x07", "tally.records=1_000", "deadline.unanswered=40",
                                   "deadline.early_answer=1e-2", "rx.idle=poll", "log.level=\"debug\"",
                                   "sensor.name=edge 7=b", "http.listen=", "http.socket='/run/x y.sock'"})
        EXPECT_EQ(apply_override(settings, assignment), std::nullopt) << assignment;
    EXPECT_EQ(settings.rx.queues, 2);
    EXPECT_EQ(settings.rx.burst, 7);
    EXPECT_EQ(settings.tally.records, 1000);
    EXPECT_EQ(settings.deadline.unanswered, 40);
    EXPECT_EQ(settings.deadline.early_answer, 0.01);
    EXPECT_EQ(settings.rx.idle, "poll");
    EXPECT_EQ(settings.log.level, "debug");
    EXPECT_EQ(settings.sensor.name, "edge 7=b");
    EXPECT_EQ(settings.http.listen, "");
    EXPECT_EQ(settings.http.socket, "/run/x y.sock");
}

TEST(Override, TakesTextThatLooksLikeAnotherKindAsText) {
    Settings settings;
    for (const auto* text : {"17", "true", "10.1", "[a]", "1979-05-27", "a#b", "\"half"}) {
        EXPECT_EQ(apply_override(settings, std::string("sensor.name=") + text), std::nullopt) << text;
        EXPECT_EQ(settings.sensor.name, text);
    }
}

struct Refused {
    const char* assignment;
    std::string message;
};

class RefusedOverride : public testing::TestWithParam<Refused> {};

TEST_P(RefusedOverride, SaysObjectValueLimitAndRemedy) {
    EXPECT_EQ(complaint(GetParam().assignment), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Override, RefusedOverride,
    testing::Values(Refused{"rx.qeues=2", "--set: rx.qeues: unknown setting; did you mean rx.queues?"},
                    Refused{"queues=2", "--set: queues: unknown setting; did you mean rx.queues?"},
                    Refused{"rx.colour=red",
                            "--set: rx.colour: unknown setting; [rx] has queues, burst, memory_mib, mbufs, "
                            "descriptors, forward_ring, "
                            "datagrams, idle, silence"},
                    Refused{"rx=2", "--set: rx: unknown setting; " + listed_sections},
                    Refused{"=2", "--set: \"\": unknown setting; " + listed_sections},
                    Refused{"a\nb=2", "--set: \"a\\u000ab\": unknown setting; " + listed_sections},
                    Refused{"rx.queues", "--set: \"rx.queues\" has no value; give KEY=VALUE such as rx.queues=2"},
                    Refused{"rx.queues=", "--set: rx.queues: \"\" is a string; give an integer from 1 to 64"},
                    Refused{"rx.queues=two", "--set: rx.queues: \"two\" is a string; give an integer from 1 to 64"},
                    Refused{"rx.queues=2.5", "--set: rx.queues: 2.5 is a float; give an integer from 1 to 64"},
                    Refused{"rx.queues=65", "--set: rx.queues: 65 is out of range; give an integer from 1 to 64"},
                    Refused{"rx.queues=true", "--set: rx.queues: true is a boolean; give an integer from 1 to 64"},
                    Refused{"rx.queues=[1]", "--set: rx.queues: this is an array; give an integer from 1 to 64"},
                    Refused{"rx.queues={a=1}", "--set: rx.queues: this is a table; give an integer from 1 to 64"},
                    Refused{"rx.queues=1979-05-27",
                            "--set: rx.queues: this is a date or time; give an integer from 1 to 64"},
                    Refused{"rx.queues=2\nrx.burst=3",
                            "--set: rx.queues: \"2\\u000arx.burst=3\" is a string; give an integer from 1 to 64"},
                    Refused{"rx.idle=adaptve",
                            "--set: rx.idle: \"adaptve\" is not among the choices; give \"poll\" or \"adaptive\"; did "
                            "you mean \"adaptive\"?"},
                    Refused{"port=eth1",
                            "--set: port: is not a single setting; use --interface, --pci or --capture, or [[port]] "
                            "in a file"},
                    Refused{"port.interface=eth1",
                            "--set: port: is not a single setting; use --interface, --pci or --capture, or "
                            "[[port]] in a file"}));

TEST(Override, LeavesTheSettingsAloneWhereItFails) {
    Settings settings;
    EXPECT_TRUE(apply_override(settings, "rx.queues=65").has_value());
    EXPECT_EQ(settings.rx.queues, Settings{}.rx.queues);
}

TEST(Override, NamesTheOptionThatItCameFrom) {
    Settings settings;
    const auto error = apply_override(settings, Override{"http.listen=8074", "--listen"});
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(to_string(*error).substr(0, 47), "--listen: http.listen: \"8074\" has no port; give");
}

TEST(Override, WinsOverTheFileAndIsReportedBehindIt) {
    const std::vector<Override> overrides{{"rx.queues=4"}, {"rx.burst=65"}, {"rx.queues=3"}};
    const auto result = load_text("[rx]\nqueues = 2\nmbufs = 1\n", "a.toml", overrides);
    EXPECT_EQ(result.settings.rx.queues, 3);
    ASSERT_EQ(result.errors.size(), 2U);
    EXPECT_EQ(to_string(result.errors[0]),
              "a.toml:3:9: rx.mbufs: 1 is out of range; give an integer from 512 to 4194304");
    EXPECT_EQ(to_string(result.errors[1]), "--set: rx.burst: 65 is out of range; give an integer from 1 to 64");
}

TEST(Override, ConflictsAreJudgedOnceAllAreIn) {
    const std::vector<Override> cure{{"deadline.provisional=80"}, {"deadline.unanswered=90"}, {"deadline.syn_ack=80"}};
    EXPECT_TRUE(load_text("[deadline]\nprovisional = 100\n", "a.toml", cure).ok());

    const std::vector<Override> cause{{"deadline.provisional=70"}};
    const auto result = load_text("", "a.toml", cause);
    ASSERT_EQ(result.errors.size(), 1U);
    EXPECT_EQ(
        to_string(result.errors[0]),
        "--set: deadline.provisional: 70 s is more than the 64 s of deadline.syn_ack, but the first verdict comes "
        "before the final one; lower the one or raise the other");
}

}  // namespace
}  // namespace rstwatch::config
