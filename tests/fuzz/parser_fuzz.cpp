// SPDX-License-Identifier: Apache-2.0
// Bytes as one frame: the first of them picks the link layer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "dataplane/packet/packet_view.h"

using rstwatch::packet::LinkType;
using rstwatch::packet::PacketView;
using rstwatch::tally::PacketClass;

namespace {

void require(bool truth) {
    if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr unsigned link_types = static_cast<unsigned>(LinkType::loop) + 1;
    const auto link = static_cast<LinkType>(data[0] % link_types);
    // A copy of exactly this size, so that the sanitizer sees a read behind its end.
    const std::size_t length = size - 1;
    const std::unique_ptr<std::uint8_t[]> frame(new std::uint8_t[length]);
    if (length != 0) std::memcpy(frame.get(), data + 1, length);

    PacketView view;
    rstwatch::packet::parse(link, frame.get(), length, length, view);
    require(static_cast<std::size_t>(view.packet_class) < rstwatch::tally::packet_class_count);
    const bool may_be_tracked = view.packet_class == PacketClass::tcp || view.packet_class == PacketClass::icmp_error;
    require(!view.trackable || may_be_tracked);

    // What was in the view before has no influence.
    PacketView again;
    std::memset(static_cast<void*>(&again), 0xa5, sizeof again);
    rstwatch::packet::parse(link, frame.get(), length, length, again);
    require(again.packet_class == view.packet_class && again.trackable == view.trackable);
    require(!view.trackable || (again.source == view.source && again.destination == view.destination &&
                                again.source_port == view.source_port && again.sequence == view.sequence &&
                                again.payload_length == view.payload_length && again.tcp_flags == view.tcp_flags));
    return 0;
}
