// SPDX-License-Identifier: Apache-2.0
// Sends what a busy network shows to a mirror port: connections of every kind, and in between SYNs from ever new
// addresses. Ends when its standard input does, and says then how many frames the kernel has taken.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/replay/lives.h"

namespace {

using rstwatch::test::Bytes;
using Clock = std::chrono::steady_clock;

constexpr std::size_t batch = 64;
constexpr std::size_t hosts_of_each_life = 200;
/// One in so many frames is of a connection, the others are SYNs.
constexpr std::size_t flood_share = 3;
constexpr std::size_t longest_frame = 1514;

int open_port(const char* interface) {
    const int port = socket(AF_PACKET, SOCK_RAW, 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    if (port < 0 || bind(port, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        std::perror(interface);
        std::exit(1);
    }
    // Not kept for the queueing discipline: what the device takes is sent, what it does not is told.
    const int bypass = 1;
    setsockopt(port, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass);
    return port;
}

/// The same frame between other hosts: one byte of both addresses changes, so both directions go on belonging together.
void move_to(Bytes& frame, std::uint8_t hosts) {
    std::size_t type = 12;
    while (frame.size() > type + 6 && (frame[type] == 0x81 || frame[type] == 0x88)) type += 4;
    const bool v6 = frame[type] == 0x86;
    const std::size_t source = type + 2 + (v6 ? 8 + 13 : 12 + 2), destination = source + (v6 ? 16 : 4);
    if (frame.size() <= destination) return;
    frame[source] ^= hosts;
    frame[destination] ^= hosts;
}

std::vector<Bytes> frames_of_all_lives() {
    using rstwatch::test::Wrapping;
    constexpr std::array wrappings{Wrapping::ipv4, Wrapping::ipv6, Wrapping::vlan, Wrapping::qinq};
    std::vector<Bytes> frames;
    const auto& lives = rstwatch::test::all_lives();
    for (std::size_t host = 0; host < hosts_of_each_life; ++host)
        for (std::size_t i = 0; i < lives.size(); ++i)
            for (auto& frame : frames_of(lives[i], i, wrappings[(host + i) % wrappings.size()])) {
                if (frame.bytes.size() < 14 || frame.bytes.size() > longest_frame) continue;
                move_to(frame.bytes, static_cast<std::uint8_t>(host));
                frames.push_back(std::move(frame.bytes));
            }
    return frames;
}

/// A SYN over IPv4 in which only numbers change. Checksums are not right; nobody on a mirror port checks them.
class Flood {
  public:
    Flood() {
        frame_ = {2, 0,    0, 0,  0, 1, 2, 0,  0, 0, 0, 2,   8,   0, 0x45, 0, 0, 40, 0,
                  0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 0, 192, 168, 0, 1,    0, 0, 0,  80};
        frame_.resize(60);
        frame_[46] = 0x50;  // data offset
        frame_[47] = 2;     // SYN
    }
    Bytes next() {
        const std::uint32_t number = number_++ * 2654435761U;  // Knuth's multiplicative hash: each number once
        for (std::size_t i = 0; i < 3; ++i) frame_[27 + i] = static_cast<std::uint8_t>(number >> 8 * i);
        frame_[34] = static_cast<std::uint8_t>(number >> 24 | 4);
        frame_[35] = static_cast<std::uint8_t>(number);
        std::memcpy(&frame_[38], &number, sizeof number);
        return frame_;
    }

  private:
    Bytes frame_;
    std::uint32_t number_ = 0;
};

bool is_told_to_end() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 0) > 0;
}

/// Waits where a rate is asked for (0: as fast as it goes).
void keep_pace(std::uint64_t sent, double rate, Clock::time_point begun) {
    if (rate > 0)
        std::this_thread::sleep_until(begun + std::chrono::duration_cast<Clock::duration>(
                                                  std::chrono::duration<double>(static_cast<double>(sent) / rate)));
}

/// Sends them all; frames that the device has no room for now are tried again.
std::uint64_t send_all(int port, std::array<Bytes, batch>& frames) {
    std::array<iovec, batch> pieces{};
    std::array<mmsghdr, batch> messages{};
    for (std::size_t i = 0; i < batch; ++i) {
        pieces[i] = {frames[i].data(), frames[i].size()};
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    std::size_t done = 0;
    while (done < batch) {
        const int taken = sendmmsg(port, messages.data() + done, static_cast<unsigned>(batch - done), 0);
        if (taken > 0) {
            done += static_cast<std::size_t>(taken);
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            std::perror("sendmmsg");
            std::exit(1);
        }
    }
    return done;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: soak_traffic INTERFACE PACKETS_PER_SECOND (0: as many as go)\n", stderr);
        return 2;
    }
    const int port = open_port(argv[1]);
    const double rate = std::atof(argv[2]);
    const std::vector<Bytes> lives = frames_of_all_lives();
    std::fprintf(stderr, "%zu frames of connections\n", lives.size());
    Flood flood;
    std::uint64_t sent = 0;
    std::size_t next = 0;
    const auto begun = Clock::now();
    while (!is_told_to_end()) {
        std::array<Bytes, batch> frames;
        for (std::size_t i = 0; i < batch; ++i)
            frames[i] = i % flood_share == 0 ? lives[next++ % lives.size()] : flood.next();
        sent += send_all(port, frames);
        keep_pace(sent, rate, begun);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    std::printf("{\"sent\": %llu, \"seconds\": %.1f}\n", static_cast<unsigned long long>(sent), seconds);
    return 0;
}
