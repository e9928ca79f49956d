// SPDX-License-Identifier: Apache-2.0
// Spoilt capture files through the whole program: it never crashes, ends with 0 or 1, and what it prints is a document
// that adds up.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "dataplane/port/capture_file.h"
#include "tests/replay/lives.h"
#include "tests/replay/replay.h"
#include "tests/support/mutator.h"

namespace rstwatch::test {
namespace {

constexpr std::size_t files_at_once = 30;  // each is a device of its own, of which DPDK has 32

std::vector<Bytes> seeds() {
    const std::vector<TimedFrame> frames = mixed_frames(40);
    std::vector<Bytes> seeds;
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
        seeds.push_back(encode_capture(frames, {.format = format}));
        seeds.push_back(encode_capture(
            frames, {.format = format, .resolution = TimeResolution::nanoseconds, .order = ByteOrder::big}));
    }
    seeds.push_back(encode_capture(frames, {.gzip = true}));
    for (const LinkType link : {LinkType::linux_sll, LinkType::linux_sll2, LinkType::raw_ip, LinkType::null})
        seeds.push_back(encode_capture(frames_of(all_lives()[30], 1, Wrapping::ipv4, link), {.link = link}));
    std::vector<CaptureInterface> interfaces(2);
    interfaces[0].frames = frames;
    interfaces[1].frames = mixed_frames(20);
    seeds.push_back(encode_capture(interfaces));
    return seeds;
}

Bytes spoilt(const std::vector<Bytes>& seeds, std::uint64_t number) {
    Mutator mutator(number);
    // Half of them keep the file's header, so that more than its checking is tried.
    if (number % 2 == 0) mutator.keep_prefix(24);
    return mutator.mutate(seeds[number % seeds.size()], seeds[(number / 7) % seeds.size()]);
}

bool opens(const std::string& path) {
    port::CaptureFile file;
    if (port::open_capture(path, file)) return false;
    if (file.decompressor != nullptr) gzclose_r(static_cast<gzFile>(file.decompressor));
    if (file.descriptor >= 0) close(file.descriptor);
    return true;
}

void expect_survived(const Replay& result, const std::string& what) {
    EXPECT_EQ(result.signal, 0) << what << "\n" << result.err;
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << what << ": " << result.exit_code << result.err;
    EXPECT_LT(result.cpu_seconds, 20.0) << what;
    EXPECT_EQ(result.exit_code == 0, result.err.empty()) << what << ": a failure has a reason, and nothing else has";
    if (result.text.empty()) {
        EXPECT_EQ(result.exit_code, 1) << what;
        return;
    }
    ASSERT_TRUE(result.report.is_object()) << what;
    expect_conserved(result.report);
}

/// Keeps what failed where the next run does not remove it.
void keep(const TempDir& directory, const std::string& name) {
    const std::filesystem::path kept = std::filesystem::temp_directory_path() / "rstwatch-spoilt";
    std::filesystem::create_directories(kept);
    std::filesystem::copy_file(directory / name, kept / name, std::filesystem::copy_options::overwrite_existing);
    ADD_FAILURE() << "kept as " << (kept / name).string();
}

TEST(MutatedCaptures, OneByOne) {
    const std::vector<Bytes> originals = seeds();
    for (std::uint64_t number = 0; number < 60; ++number) {
        const TempDir directory;
        const std::string name = "spoilt" + std::to_string(number);
        write_file(directory / name, spoilt(originals, number));
        expect_survived(replay({directory / name}), name);
        if (HasFailure()) return keep(directory, name);
    }
}

TEST(MutatedCaptures, TwoThousandInBatches) {
    const std::vector<Bytes> originals = seeds();
    const TempDir directory;
    std::vector<std::string> batch;
    std::size_t opened = 0;
    const auto run_batch = [&] {
        if (batch.empty()) return;
        opened += batch.size();
        expect_survived(replay(batch), "files " + batch.front() + " to " + batch.back());
        if (HasFailure())
            for (const std::string& file : batch) keep(directory, std::filesystem::path(file).filename());
        batch.clear();
    };
    for (std::uint64_t number = 1000; number < 3000 && !HasFailure(); ++number) {
        const std::string file = directory / ("spoilt" + std::to_string(number));
        write_file(file, spoilt(originals, number));
        if (!opens(file)) continue;
        batch.push_back(file);
        if (batch.size() == files_at_once) run_batch();
    }
    run_batch();
    EXPECT_GT(opened, 1000u) << "most are still captures, or nothing was tried";
}

TEST(MutatedCaptures, SpoiltPacketsInASoundFile) {
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
        const auto frames = Mutator(seed).mutate(mixed_frames(10'000), 0.3);
        for (const char* queues : {"rx.queues=1", "rx.queues=2"}) {
            const Replay result = replay_frames(frames, {}, {.more = {"--set", queues}});
            expect_sound(result);
            EXPECT_EQ(result.report.at("packets").at("received"), frames.size());
        }
    }
}

}  // namespace
}  // namespace rstwatch::test
