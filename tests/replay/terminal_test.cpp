// SPDX-License-Identifier: Apache-2.0
// What strangers put into banners and names must do nothing to the terminal of whoever looks at it.
#include <gtest/gtest.h>

#include "tests/replay/replay.h"
#include "tests/unit/identify_examples.h"

namespace rstwatch::test {
namespace {

/// Sets a title, clears the screen (as ESC [, as C1 in UTF-8 and as a byte), turns the direction of writing.
const std::string evil = "\x1B]0;owned\x07\x1B[2J\xC2\x9B\x32J\x9B\x32J\xE2\x80\xAE\x08";

/// Services that speak such words, then refuse.
std::vector<TimedFrame> evil_services() {
    std::vector<std::vector<TimedFrame>> parts;
    const auto conversation = [](int port) {
        Conversation c("10.0.1.1:40000", Endpoint("10.0.0.1", static_cast<std::uint16_t>(port)));
        c.at(0).connected();
        return c;
    };
    parts.push_back(conversation(50001)
                        .client_data(identify::test::client_hello("a" + evil + ".example", {"h2" + evil}))
                        .server_data(identify::test::server_hello())
                        .closed()
                        .frames());
    parts.push_back(
        conversation(50002).server_data("SSH-2.0-" + evil + "\r\n").client_data("SSH-2.0-x\r\n").closed().frames());
    parts.push_back(conversation(50003)
                        .client_data("GET / HTTP/1.1\r\nHost: " + evil + "\r\n\r\n")
                        .server_data("HTTP/1.1 200 " + evil + "\r\nServer: " + evil + "\r\n\r\n")
                        .closed()
                        .frames());
    for (int port = 50001; port <= 50003; ++port)
        for (int i = 0; i < 8; ++i)
            parts.push_back(Conversation(Endpoint("10.0.2.1", static_cast<std::uint16_t>(50000 + i)),
                                         Endpoint("10.0.0.1", static_cast<std::uint16_t>(port)))
                                .at(5 + i)
                                .refused()
                                .frames());
    return merged(parts);
}

/// The first place of a text that a terminal would obey, or that is not UTF-8; npos: none.
std::size_t obeyed(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
        if ((byte < 0x20 && byte != '\n') || byte == 0x7F || byte == 0x9B) return i;
        if (byte == 0xC2 && next < 0xA0) return i;
        if (text.compare(i, 3, "\xE2\x80\xAE") == 0) return i;
    }
    return std::string::npos;
}

void expect_harmless(const ProcessResult& result, const std::string& what) {
    EXPECT_EQ(result.exit_code, 0) << what << result.err;
    EXPECT_EQ(obeyed(result.out), std::string::npos) << what << "\n" << result.out;
    EXPECT_EQ(obeyed(result.err), std::string::npos) << what << "\n" << result.err;
}

TEST(Terminal, NothingFromTheNetworkIsObeyed) {
    const TempDir directory;
    const std::string capture = directory / "evil.pcap", socket = directory / "rest.sock";
    write_capture(capture, evil_services());
    BackgroundProcess daemon({daemon_path(), "--capture", capture, "--set", "http.listen=", "--socket", socket, "--set",
                              "window.seconds=3600"});
    ASSERT_TRUE(daemon.wait_for_err("replay finished", std::chrono::seconds(30))) << daemon.err();
    const std::vector<std::vector<std::string>> commands{{"top", "--once"},
                                                         {"explain", "10.0.0.1:50001"},
                                                         {"explain", "10.0.0.1:50002"},
                                                         {"explain", "10.0.0.1:50003"},
                                                         {"explain", "10.0.0.1"},
                                                         {"alerts", "--all"},
                                                         {"status"},
                                                         {"history"},
                                                         {"analyze", capture},
                                                         {"analyze", "--connections", capture}};
    for (const auto& command : commands)
        for (const char* format : {"table", "json", "jsonl", "csv"}) {
            std::vector<std::string> arguments{cli_path(), "--server", "unix:" + socket, "-o", format};
            arguments.insert(arguments.end(), command.begin(), command.end());
            expect_harmless(run_process(arguments), command.back() + " " + format);
        }
    const ProcessResult ssh = run_process({cli_path(), "--server", "unix:" + socket, "explain", "10.0.0.1:50002"});
    EXPECT_NE(ssh.out.find("owned"), std::string::npos) << "the words themselves are shown\n" << ssh.out;
}

}  // namespace
}  // namespace rstwatch::test
