// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"
#include "config/schema.h"
#include "config/sink_schema.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

std::string committed(const std::string& path) {
    std::ifstream file(std::string(RSTWATCH_SOURCE_DIR) + '/' + path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr std::string_view first_port = "#[[port]]";

// The sample with the # taken away before every setting; the ports are left out.
std::string uncommented_settings() {
    const std::string sample = sample_toml();
    std::istringstream lines(sample.substr(0, sample.find(first_port)));
    std::string text;
    for (std::string line; std::getline(lines, line);)
        text += (line.starts_with('#') && !line.starts_with("# ") ? line.substr(1) : line) + '\n';
    return text;
}

TEST(Reference, CommittedFilesAreWhatTheSchemaSays) {
    EXPECT_EQ(committed("config/rstwatch.toml"), sample_toml())
        << "run: generate_reference sample >config/rstwatch.toml";
    EXPECT_EQ(committed("deploy/man/rstwatch.toml.5"), man_page())
        << "run: generate_reference man >deploy/man/rstwatch.toml.5";
    EXPECT_EQ(committed("config/rstwatch.schema.json"), json_schema())
        << "run: generate_reference json-schema >config/rstwatch.schema.json";
}

TEST(Reference, SampleAsItIsGivesTheDefaults) {
    const auto result = load_text(sample_toml(), "sample");
    EXPECT_TRUE(result.ok());
    EXPECT_TRUE(result.settings.ports.empty());
}

TEST(Reference, SampleWithAllSettingsUncommentedGivesTheDefaults) {
    const std::string text = uncommented_settings();
    const auto result = load_text(text, "sample");
    for (const auto& error : result.errors) ADD_FAILURE() << to_string(error);
    for (const Setting& setting : all_settings()) {
        EXPECT_EQ(literal(value_of(result.settings, setting)), literal(value_of(Settings{}, setting)));
        const std::string line =
            '\n' + std::string(setting.key()) + " = " + literal(value_of(Settings{}, setting)) + '\n';
        EXPECT_NE(text.find(line), std::string::npos) << setting.name;
    }
}

// That the uncommented lines are read at all, and not passed over, shows when one of them is made wrong.
TEST(Reference, EveryUncommentedSettingIsRead) {
    const std::string text = uncommented_settings();
    std::size_t settings = 0;
    for (std::size_t at = text.find(" = "); at != std::string::npos; at = text.find(" = ", at + 1)) {
        std::string wrong = text;
        wrong.replace(at + 3, text.find('\n', at) - at - 3, "[]");
        EXPECT_EQ(load_text(wrong, "sample").errors.size(), 1U) << wrong.substr(at - 20, 40);
        ++settings;
    }
    EXPECT_EQ(settings, all_settings().size());
}

TEST(Reference, EachExampleOfAPortLoads) {
    const std::string sample = sample_toml();
    std::vector<Port> ports;
    for (std::size_t at = sample.find(first_port); at != std::string::npos; at = sample.find(first_port, at + 1)) {
        std::istringstream lines(sample.substr(at));
        std::string header;
        std::string member;
        std::getline(lines, header);
        std::getline(lines, member);
        const auto result = load_text(header.substr(1) + '\n' + member.substr(1) + '\n', "sample");
        EXPECT_TRUE(result.ok()) << member;
        ASSERT_EQ(result.settings.ports.size(), 1U) << member;
        ports.push_back(result.settings.ports.front());
    }
    ASSERT_EQ(ports.size(), port_members().size());
    for (std::size_t i = 0; i < ports.size(); ++i)
        EXPECT_EQ(ports[i].*port_members()[i].member, port_members()[i].example);
}

TEST(Reference, EachExampleOfASinkLoadsAndTheRestAreDefaults) {
    constexpr std::string_view first_sink = "#[[sink]]";
    const std::string sample = sample_toml();
    std::vector<Sink> sinks;
    for (std::size_t at = sample.find(first_sink); at != std::string::npos;) {
        const std::size_t next = sample.find(first_sink, at + 1);
        std::istringstream lines(sample.substr(at, next - at));
        std::string text;
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with('#') && !line.starts_with("# ")) text += line.substr(1) + '\n';
        const auto result = load_text(text, "sample");
        for (const auto& error : result.errors) ADD_FAILURE() << to_string(error);
        ASSERT_EQ(result.settings.sinks.size(), 1U) << text;
        sinks.push_back(result.settings.sinks.front());
        at = next;
    }
    ASSERT_EQ(sinks.size(), 4U);
    Sink defaults;
    defaults.alertmanager = "http://127.0.0.1:9093";
    EXPECT_EQ(sinks[0], defaults);
    EXPECT_EQ(name_of(sinks[1]), "webhook http://127.0.0.1:8080/alerts");
    EXPECT_EQ(name_of(sinks[2]), "syslog local");
    EXPECT_EQ(name_of(sinks[3]), "journal");
}

TEST(Reference, SampleLinesFitATerminal) {
    std::istringstream lines(sample_toml());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Reference, ManPageListsEverySettingWithDefaultAndLimits) {
    const std::string page = man_page();
    EXPECT_NE(page.find(man_settings()), std::string::npos);
    for (const Setting& setting : all_settings())
        EXPECT_NE(page.find("\n.B " + std::string(setting.name) + '\n'), std::string::npos) << setting.name;
    EXPECT_NE(page.find("\nValue: an integer from 1 to 64 (packets). Default: 32. Needs a restart.\n"),
              std::string::npos);
    for (const std::string heading :
         {"NAME", "DESCRIPTION", "SETTINGS", "PORTS", "SINKS", "EXAMPLES", "FILES", "SEE ALSO"})
        EXPECT_NE(page.find("\n.SH " + heading + '\n'), std::string::npos) << heading;
}

TEST(Reference, EverySettingSaysWhenAChangeTakesEffect) {
    const auto count = [](const std::string& text, std::string_view words) {
        std::size_t found = 0;
        for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
        return found;
    };
    const auto all = all_settings();
    const auto reloads = static_cast<std::size_t>(std::ranges::count(all, Effect::reload, &Setting::effect));
    std::string sample = sample_toml();  // as it reads without its line breaks
    for (std::size_t at = 0; (at = sample.find("\n# ", at)) != std::string::npos;) sample.replace(at, 3, " ");
    for (const std::string& text : {sample, man_page(), json_schema()}) {
        EXPECT_EQ(count(text, "Taken over by a reload."), reloads);
        EXPECT_EQ(count(text, "Needs a restart."), all.size() - reloads);
    }
}

// A line that begins with a dot or an apostrophe is a request to roff and would vanish from the page.
TEST(Reference, ManPageHasOnlyKnownRequests) {
    std::istringstream lines(man_page());
    for (std::string line; std::getline(lines, line);) {
        EXPECT_FALSE(line.starts_with('\'')) << line;
        if (!line.starts_with('.')) continue;
        const std::string request = line.substr(1, line.find(' ') - 1);
        const std::vector<std::string> known{"\\\"", "TH", "SH", "SS", "TP", "B",  "BR",
                                             "I",    "PP", "nf", "fi", "RS", "RE", "br"};
        EXPECT_NE(std::find(known.begin(), known.end(), request), known.end()) << line;
    }
}

TEST(Reference, JsonSchemaHasEverySettingOnce) {
    const std::string schema = json_schema();
    std::size_t defaults = 0;
    for (std::size_t at = schema.find("\"default\": "); at != std::string::npos;
         at = schema.find("\"default\": ", at + 1))
        ++defaults;
    EXPECT_EQ(defaults, all_settings().size());
    EXPECT_NE(schema.find("\"queues\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 64, \"default\": 1,"),
              std::string::npos);
}

}  // namespace
}  // namespace rstwatch::config
