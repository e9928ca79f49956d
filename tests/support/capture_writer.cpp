// SPDX-License-Identifier: Apache-2.0
#include "tests/support/capture_writer.h"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace rstwatch::test {
namespace {

constexpr std::uint32_t section_header_block = 0x0A0D0D0A, interface_block = 1, name_resolution_block = 4,
                        enhanced_packet_block = 6;

/// Numbers in the byte order of the file.
class Writer {
  public:
    explicit Writer(ByteOrder order) : order_(order) {}

    void put16(std::uint16_t value) { put(value, 2); }
    void put32(std::uint32_t value) { put(value, 4); }
    void put64(std::uint64_t value) { put(value, 8); }
    void put_bytes(std::span<const std::uint8_t> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void pad_to_4() { out_.resize((out_.size() + 3) / 4 * 4); }
    Bytes& bytes() { return out_; }

    /// A pcapng block: type, length, body, length again.
    void put_block(std::uint32_t type, Writer body) {
        body.pad_to_4();
        const auto length = static_cast<std::uint32_t>(body.out_.size() + 12);
        put32(type);
        put32(length);
        put_bytes(body.out_);
        put32(length);
    }

  private:
    void put(std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i) {
            const int shift = 8 * (order_ == ByteOrder::little ? i : size - 1 - i);
            out_.push_back(static_cast<std::uint8_t>(value >> shift));
        }
    }

    ByteOrder order_;
    Bytes out_;
};

std::uint32_t wire_length(const TimedFrame& frame) {
    return frame.original_length != 0 ? frame.original_length : static_cast<std::uint32_t>(frame.bytes.size());
}

std::span<const std::uint8_t> captured(const TimedFrame& frame, std::uint32_t snap_length) {
    return std::span(frame.bytes).first(std::min<std::size_t>(frame.bytes.size(), snap_length));
}

Bytes finished(Bytes file, const CaptureOptions& options) {
    if (options.gzip) file = gzip(file);
    if (options.cut_at && *options.cut_at < file.size()) file.resize(*options.cut_at);
    return file;
}

void put_pcap_header(Writer& file, const CaptureOptions& options) {
    file.put32(options.resolution == TimeResolution::nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4);
    file.put16(2);
    file.put16(4);
    file.put32(0);
    file.put32(0);
    file.put32(options.snap_length);
    file.put32(static_cast<std::uint32_t>(options.link));
}

void put_pcap_record(Writer& file, const TimedFrame& frame, const CaptureOptions& options) {
    const bool nanoseconds = options.resolution == TimeResolution::nanoseconds;
    const auto bytes = captured(frame, options.snap_length);
    file.put32(static_cast<std::uint32_t>(frame.time_us / 1'000'000));
    file.put32(static_cast<std::uint32_t>(frame.time_us % 1'000'000) * (nanoseconds ? 1000 : 1));
    file.put32(static_cast<std::uint32_t>(bytes.size()));
    file.put32(wire_length(frame));
    file.put_bytes(bytes);
}

Bytes encode_pcap(const std::vector<TimedFrame>& frames, const CaptureOptions& options) {
    Writer file(options.order);
    put_pcap_header(file, options);
    for (const TimedFrame& frame : frames) put_pcap_record(file, frame, options);
    return std::move(file.bytes());
}

void append(std::ofstream& file, std::span<const std::uint8_t> bytes) {
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Writer interface_body(const CaptureInterface& interface, ByteOrder order) {
    Writer body(order);
    body.put16(static_cast<std::uint16_t>(interface.link));
    body.put16(0);
    body.put32(interface.snap_length);
    if (interface.resolution == TimeResolution::nanoseconds) {
        body.put16(9);  // if_tsresol: ten to the minus ninth
        body.put16(1);
        body.put_bytes(std::to_array<std::uint8_t>({9, 0, 0, 0}));
        body.put32(0);  // end of options
    }
    return body;
}

}  // namespace

Bytes encode_capture(const std::vector<TimedFrame>& frames, const CaptureOptions& options) {
    if (options.format == CaptureFormat::pcap) return finished(encode_pcap(frames, options), options);
    return encode_capture({CaptureInterface{frames, options.link, options.resolution, options.snap_length}}, options);
}

Bytes encode_capture(const std::vector<CaptureInterface>& interfaces, const CaptureOptions& options) {
    Writer file(options.order);
    Writer section(options.order);
    section.put32(0x1A2B3C4D);
    section.put16(1);
    section.put16(0);
    section.put64(~std::uint64_t{0});  // length of the section: not told
    file.put_block(section_header_block, section);

    struct Captured {
        const TimedFrame* frame;
        std::uint32_t interface;
    };
    std::vector<Captured> all;
    for (std::uint32_t i = 0; i < interfaces.size(); ++i) {
        file.put_block(interface_block, interface_body(interfaces[i], options.order));
        for (const TimedFrame& frame : interfaces[i].frames) all.push_back({&frame, i});
    }
    if (interfaces.size() > 1) {
        Writer no_names(options.order);
        no_names.put32(0);
        file.put_block(name_resolution_block, no_names);
        std::stable_sort(all.begin(), all.end(),
                         [](const Captured& a, const Captured& b) { return a.frame->time_us < b.frame->time_us; });
    }
    for (const auto& [frame, number] : all) {
        const CaptureInterface& interface = interfaces[number];
        const bool nanoseconds = interface.resolution == TimeResolution::nanoseconds;
        const auto bytes = captured(*frame, interface.snap_length);
        const std::uint64_t time = static_cast<std::uint64_t>(frame->time_us) * (nanoseconds ? 1000 : 1);
        Writer packet(options.order);
        packet.put32(number);
        packet.put32(static_cast<std::uint32_t>(time >> 32));
        packet.put32(static_cast<std::uint32_t>(time));
        packet.put32(static_cast<std::uint32_t>(bytes.size()));
        packet.put32(wire_length(*frame));
        packet.put_bytes(bytes);
        file.put_block(enhanced_packet_block, packet);
    }
    return finished(std::move(file.bytes()), options);
}

Bytes gzip(std::span<const std::uint8_t> data) {
    z_stream stream{};
    constexpr int window_bits_with_gzip_header = 15 + 16;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits_with_gzip_header, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        throw std::runtime_error("deflateInit2 failed");
    Bytes out(deflateBound(&stream, data.size()));
    stream.next_in = const_cast<Bytef*>(data.data());
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) throw std::runtime_error("deflate failed");
    return out;
}

void write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    append(file, bytes);
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path);
}

PcapFile::PcapFile(std::string path) : path_(std::move(path)), file_(path_, std::ios::binary | std::ios::trunc) {
    Writer header(options_.order);
    put_pcap_header(header, options_);
    append(file_, header.bytes());
}

void PcapFile::add(const TimedFrame& frame) {
    Writer record(options_.order);
    put_pcap_record(record, frame, options_);
    append(file_, record.bytes());
}

void PcapFile::close() {
    file_.close();
    if (!file_) throw std::runtime_error("cannot write " + path_);
}

Bytes read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) throw std::runtime_error("cannot read " + path);
    return bytes;
}

void write_capture(const std::string& path, const std::vector<TimedFrame>& frames, const CaptureOptions& options) {
    write_file(path, encode_capture(frames, options));
}

void write_capture(const std::string& path, const std::vector<CaptureInterface>& interfaces,
                   const CaptureOptions& options) {
    write_file(path, encode_capture(interfaces, options));
}

}  // namespace rstwatch::test
