// SPDX-License-Identifier: Apache-2.0
#include "control/http/listener.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/http/listen_address.h"
#include "control/http/socket_holder.h"
#include "control/http/socket_path.h"

namespace rstwatch::control::http {
namespace {

template <typename Value>
std::string error_of(const std::variant<Value, Error>& result) {
    const auto* error = std::get_if<Error>(&result);
    return error == nullptr ? "" : error->message;
}

class HttpListener : public testing::Test {
  protected:
    HttpListener() {
        std::string name = std::filesystem::temp_directory_path() / "rstwatch-listener-XXXXXX";
        directory_ = mkdtemp(name.data());
    }
    ~HttpListener() override { std::filesystem::remove_all(directory_); }

    std::string path(const char* name) const { return directory_ / name; }

    std::filesystem::path directory_;
};

TEST(HttpListenAddress, TakesLoopbackAddressesOnly) {
    EXPECT_EQ(error_of(parse_listen_address("127.0.0.1:8074")), "");
    EXPECT_EQ(error_of(parse_listen_address("127.3.2.1:0")), "");
    EXPECT_EQ(error_of(parse_listen_address("[::1]:65535")), "");
    EXPECT_EQ(std::get<ListenAddress>(parse_listen_address("[::1]:65535")).port, 65535);
    EXPECT_NE(error_of(parse_listen_address("0.0.0.0:8074")).find("only loopback addresses"), std::string::npos);
    EXPECT_NE(error_of(parse_listen_address("[::]:8074")).find("only loopback addresses"), std::string::npos);
    for (const auto* bad : {"", "8074", ":8074", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                            "::1:8074", "[::1]", "[]:1", "localhost:8074", "127.0.0.1:80 "})
        EXPECT_NE(error_of(parse_listen_address(bad)).find("must be ADDRESS:PORT"), std::string::npos) << bad;
}

TEST(HttpSocketHolder, ReadsTheKernelsTable) {
    std::istringstream table(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F8A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 x\n"
        "   1: 0100007F:1F8A 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 x\n"
        "   2: 0200007F:1F8A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 x\n"
        "   3: 00000000:1F8A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 x\n"
        "   4: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4715 1 x\n"
        "garbage\n");
    EXPECT_EQ(listening_inodes(table, {"0100007F", "00000000"}, 8074), (std::vector<std::uint64_t>{4711, 4714}));
}

TEST(HttpListenerTcp, AnAddressInUseNamesItsHolder) {
    auto first = listen_tcp("127.0.0.1:0");
    ASSERT_EQ(error_of(first), "");
    const auto port = std::get<TcpListener>(first).port;
    EXPECT_NE(port, 0);
    const auto address = "127.0.0.1:" + std::to_string(port);
    const auto message = error_of(listen_tcp(address));
    EXPECT_NE(message.find("cannot listen on " + address + ": in use by "), std::string::npos) << message;
    EXPECT_NE(message.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos) << message;
    EXPECT_NE(message.find("--listen"), std::string::npos) << message;
}

TEST(HttpListenerTcp, NamesTheHolderOfAnIpv6Address) {
    auto first = listen_tcp("[::1]:0");
    if (!error_of(first).empty()) GTEST_SKIP() << "no IPv6 here: " << error_of(first);
    const auto message = error_of(listen_tcp("[::1]:" + std::to_string(std::get<TcpListener>(first).port)));
    EXPECT_NE(message.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos) << message;
}

TEST_F(HttpListener, TheSocketIsForUserAndGroupAndLeavesWithItsOwner) {
    {
        const auto listener = listen_unix(path("sub/rstwatch.sock"));
        ASSERT_EQ(error_of(listener), "");
        struct stat status {};
        ASSERT_EQ(stat(path("sub/rstwatch.sock").c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0660U);
    }
    EXPECT_FALSE(std::filesystem::exists(path("sub/rstwatch.sock")));
    EXPECT_TRUE(std::filesystem::exists(path("sub")));
}

TEST_F(HttpListener, AStaleSocketIsReplaced) {
    const FileDescriptor dead(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path("s").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(error_of(listen_unix(path("s"))), "");
}

TEST_F(HttpListener, ALiveSocketIsAnErrorThatNamesItsHolder) {
    const auto first = listen_unix(path("s"));
    ASSERT_EQ(error_of(first), "");
    const auto message = error_of(listen_unix(path("s")));
    EXPECT_NE(message.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos) << message;
    EXPECT_TRUE(std::filesystem::exists(path("s")));
}

TEST_F(HttpListener, AnotherKindOfFileIsNeverRemoved) {
    std::ofstream(path("s")) << "precious";
    EXPECT_NE(error_of(listen_unix(path("s"))).find("no socket"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_regular_file(path("s")));
}

TEST_F(HttpListener, ASocketThatSomebodyElsePutThereStays) {
    {
        const auto listener = listen_unix(path("s"));
        ASSERT_EQ(error_of(listener), "");
        std::filesystem::remove(path("s"));
        std::ofstream(path("s")) << "another's";
    }
    EXPECT_TRUE(std::filesystem::exists(path("s")));
}

TEST_F(HttpListener, PathsThatCannotBeAreExplained) {
    EXPECT_NE(error_of(listen_unix("")).find("1 to 107 bytes"), std::string::npos);
    EXPECT_NE(error_of(listen_unix(path(std::string(200, 'x').c_str()))).find("1 to 107 bytes"), std::string::npos);
    EXPECT_NE(error_of(listen_unix(path("a/b/c"))).find("cannot create"), std::string::npos);
}

TEST_F(HttpListener, ADirectoryOfAnotherUserIsRefused) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to make such a directory";
    std::filesystem::create_directory(path("theirs"));
    ASSERT_EQ(chown(path("theirs").c_str(), 65534, 65534), 0);
    EXPECT_NE(error_of(listen_unix(path("theirs/s"))).find("belongs to user 65534"), std::string::npos);
}

TEST(HttpSocketPath, DependsOnWhoRunsTheDaemon) {
    const auto path = default_socket_path();
    EXPECT_TRUE(path.starts_with('/'));
    EXPECT_TRUE(path.ends_with("/rstwatch.sock"));
    EXPECT_EQ(path == "/run/rstwatch/rstwatch.sock", geteuid() == 0);
}

}  // namespace
}  // namespace rstwatch::control::http
